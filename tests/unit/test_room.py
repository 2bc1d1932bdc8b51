"""When room runs out, or a folder is taken away: what stood stands, nothing is left over, and the state says why."""

import contextlib
import errno
import os
import resource
import shutil
import time

import pytest

from ocrgen.cli.soak import soak
from ocrgen.generators import generators
from ocrgen.generators.config import TrainConfig
from ocrgen.generators.training import Trainer
from ocrgen.runs import jobs
from ocrgen.runs.events import CurveWriter
from ocrgen.utils import files
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import explain, overwrite, write_atomically
from tests.helpers.runs import request, train_here


@contextlib.contextmanager
def no_file_above(size: int):
    """As a quota, or a full disk: the system refuses to let files grow."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_stood_stands_where_the_new_does_not_fit(tmp_path):
    file = tmp_path / "a.json"
    write_atomically(file, "old")
    with no_file_above(50_000), pytest.raises(OSError) as fault:
        write_atomically(file, bytes(100_000))
    assert file.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["a.json"]
    assert "raise the limit" in explain(fault.value, tmp_path)


def test_a_path_in_bytes_is_told_as_any_other(tmp_path):
    fault = PermissionError(errno.EACCES, "no", b"/a/events.out")
    assert explain(fault, tmp_path).startswith("/a/events.out: permission is denied")


def test_a_small_file_is_overwritten_in_place(tmp_path):
    file = tmp_path / "status.json"
    file.write_text('{"state": "running", "seconds": 1234567}')
    number = file.stat().st_ino
    overwrite(file, b'{"state": "failed"}')
    assert file.read_text().rstrip() == '{"state": "failed"}' and file.stat().st_ino == number
    with pytest.raises(OSError):
        overwrite(file, b"x" * 100)
    assert file.read_text().rstrip() == '{"state": "failed"}'


def test_a_job_without_room_has_failed_and_says_so(store):
    run = store.create("nothing", {}, "x")

    def work(run, stop):
        write_atomically(run.path / "weights", bytes(100_000))

    with no_file_above(50_000), pytest.raises(UserError, match="raise the limit"):
        jobs.execute(run, store, work)
    assert run.state == "failed" and "raise the limit" in run.read_status().error
    assert not list(run.path.rglob(".*.part"))


def test_where_not_even_the_status_fits_it_is_written_over(store):
    run = store.create("nothing", {}, "x")
    run.update(state="running", step=7, total=9, about="y" * 200)
    size = (run.path / "status.json").stat().st_size
    with no_file_above(0):
        run.end("failed", "no room")
    assert run.status.state == "running"  # nothing may be written at all: what stood stands
    for error, told in (("no room", "no room"), ("no room " * 100, None)):
        with no_file_above(size):
            run.end("failed", error)
        assert (run.status.state, run.status.step, run.status.error) == ("failed", 7, told)


def test_a_folder_that_is_deleted_under_its_job_does_not_come_back(store):
    run, other = store.create("nothing", {}, "x"), store.create("nothing", {}, "y")

    def work(run, stop):
        shutil.rmtree(run.path)
        run.update(step=1)

    with pytest.raises(UserError, match="deleted while it was at work"):
        jobs.execute(run, store, work)
    assert [r.name for r in store.list()] == [other.name]


def test_what_a_killed_process_left_is_swept_away(store):
    run = store.create("nothing", {}, "x")
    (run.path / "weights").mkdir()
    left = [run.path / ".status.json.part", run.path / "weights" / ".epoch-001.safetensors.part"]
    for file in left:
        file.write_bytes(b"half")
    jobs.execute(run, store, lambda run, stop: None)
    assert run.state == "done" and not any(file.exists() for file in left)

    old, young = store.root / ".new-old", store.root / ".deleted-young"
    for folder in (old, young):
        folder.mkdir()
    os.utime(old, (time.time() - 7200,) * 2)
    store.create("nothing", {}, "z")
    assert not old.exists() and young.exists()  # the young one may be somebody's work


def test_no_job_begins_on_a_disk_that_is_almost_full(store, monkeypatch):
    run = store.create("nothing", {}, "x")
    monkeypatch.setattr(files, "MIN_FREE", shutil.disk_usage(store.root).total)
    with pytest.raises(UserError, match="make room"):
        jobs.submit(run, store)
    assert run.state == "cancelled"


@pytest.mark.slow
@pytest.mark.parametrize("keep", [0, 3])
def test_the_oldest_epochs_make_room_but_never_the_best_or_the_last(store, keep):
    run = train_here(store, "cvae", train={"epochs": 6, "keep": keep, "monitor": 1})
    kept = run.epochs()
    if not keep:
        assert kept == [1, 2, 3, 4, 5, 6]
        return
    best = run.read_status().best_epoch
    others = [e for e in kept if e != best]
    newest = [e for e in range(1, 7) if e != best][-len(others) :]
    assert len(kept) == 3 and best in kept and 6 in kept and others == newest
    assert len(run.grids()) == 6  # pictures are small, and stay


@pytest.mark.slow
@pytest.mark.parametrize("best", [1, 3])
def test_the_best_epoch_stays_where_it_is_not_the_last(store, small, best):
    run = store.create("train", request(), "pruned")
    kind = generators()["cvae"]
    trainer = Trainer(kind(kind.presets["fast"]), small, TrainConfig(keep=2, monitor=0), run)
    with contextlib.closing(CurveWriter(run.path, 0)) as curves:
        for epoch in range(1, 6):
            trainer.end_epoch(epoch, curves)
            if epoch == best:
                run.update(best_epoch=best)  # as the monitor would note it
            trainer.prune()
    assert run.epochs() == [best, 5] and run.best_epoch() == best


@pytest.mark.parametrize("flags", [["--times", "0"], ["--minutes", "-1"], ["--viewers", "9999"]])
def test_a_soak_has_bounds(flags):
    with pytest.raises(UserError, match=flags[0]):
        soak(flags)
