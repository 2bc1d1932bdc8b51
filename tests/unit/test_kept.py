"""What is kept of files is the truth: read once while they stay, anew as soon as they change, however quickly."""

import os
import time

import pytest

from ocrgen.runs.run import RunError
from ocrgen.utils import kept
from ocrgen.utils.kept import while_unchanged


@pytest.fixture
def reads():
    """A function that reads a file's text, and counts how often it was called."""
    calls = []

    def read(path):
        calls.append(path)
        return path.read_text()

    read.calls = calls
    return read


def age(path, seconds: float = 10.0) -> None:
    """Let a file look as if it had been written a while ago."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_settled_file_is_read_once(tmp_path, reads):
    file = tmp_path / "status.json"
    file.write_text("one")
    age(file)
    assert [while_unchanged(file, reads) for _ in range(3)] == ["one"] * 3
    assert len(reads.calls) == 1


def test_a_file_just_written_is_read_each_time(tmp_path, reads):
    """Two writes within one tick of the file system's clock leave the same time, and may leave the same size."""
    file = tmp_path / "status.json"
    file.write_text("one")
    stamp = file.stat()
    assert while_unchanged(file, reads) == "one"
    file.write_text("two")
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert while_unchanged(file, reads) == "two"


@pytest.mark.parametrize("way", ["in place", "replaced"])
def test_a_change_is_seen_at_once(tmp_path, reads, way):
    file, other = tmp_path / "status.json", tmp_path / "part"
    file.write_text("one")
    age(file)
    assert while_unchanged(file, reads) == "one"
    if way == "in place":
        file.write_text("two")
    else:
        other.write_text("two")
        age(other)  # as old as the other: a file that was copied with its times
        other.replace(file)
    assert while_unchanged(file, reads) == "two"


def test_what_is_gone_or_damaged_is_told_each_time(tmp_path, reads):
    file = tmp_path / "status.json"
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            while_unchanged(file, reads)
    file.write_text("back")
    age(file)
    assert while_unchanged(file, reads) == "back"
    file.unlink()
    with pytest.raises(FileNotFoundError):
        while_unchanged(file, reads)


def test_it_stays_within_bounds(tmp_path, reads, monkeypatch):
    monkeypatch.setattr(kept, "MOST", 5)
    for i in range(20):
        file = tmp_path / str(i)
        file.write_text(str(i))
        age(file)
        assert while_unchanged(file, reads) == str(i)
        assert len(kept._read) <= 5


def test_a_run_is_damaged_and_mended_before_the_eyes_of_a_viewer(store):
    run = store.create("train", {"dataset": "digits", "model": "cvae"}, "cvae-digits")
    for file in ("run.json", "status.json"):
        age(run.path / file)
    assert store.get(run.name).state == "cancelled"
    whole = (run.path / "run.json").read_text()
    (run.path / "run.json").write_text(whole[:40])
    age(run.path / "run.json", 5.0)
    found = next(r for r in store.list() if r.name == run.name)
    assert found.state == "damaged"
    with pytest.raises(RunError, match=r"run\.json cannot be read"):
        _ = found.request
    (run.path / "run.json").write_text(whole)
    assert next(r for r in store.list() if r.name == run.name).state == "cancelled"


def test_new_weights_are_seen_at_once(store):
    run = store.create("train", {"dataset": "digits", "model": "cvae"}, "cvae-digits")
    folder = run.folder("weights")
    for epoch in (1, 2, 3):
        (folder / f"epoch-{epoch:03d}.safetensors").touch()
        assert run.epochs() == [*range(1, epoch + 1)]
    age(folder)
    assert run.epochs() == run.epochs() == [1, 2, 3]
    (folder / "epoch-001.safetensors").unlink()
    assert run.epochs() == [2, 3]
