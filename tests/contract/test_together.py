"""Several processes on one folder at once, as two dashboards and a shell are: every run once, nothing in two hands."""

import json
import multiprocessing
import subprocess
import sys
import time

import numpy as np
import pytest

from ocrgen.datasets import kept
from ocrgen.runs import jobs
from ocrgen.runs.run import RunError
from ocrgen.runs.store import RunStore
from ocrgen.ui.shared import uploads
from ocrgen.utils import files
from ocrgen.utils.errors import UserError
from tests.helpers.runs import ended, request

HANDS = 4
EACH = 5


def _create(root, gate, answers):
    store = RunStore(root, shipped=None)
    gate.wait()
    answers.put([store.create("nothing", {}, "x").name for _ in range(EACH)])


def _start(root, name, gate, answers):
    store = RunStore(root, shipped=None)
    gate.wait()
    try:
        jobs.submit(store.get(name), store)
        answers.put("started")
    except RunError as fault:
        answers.put(str(fault))
    time.sleep(1)  # the thread that waits for the job must not be its only witness


def _delete(root, name, gate, answers):
    store = RunStore(root, shipped=None)
    gate.wait()
    try:
        store.delete(store.get(name))
        answers.put("deleted")
    except RunError as fault:
        answers.put(str(fault))


def _at_once(*calls):
    """Every call in a process of its own, all let go at the same moment; what they answered."""
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(len(calls)), context.Queue()
    hands = [context.Process(target=f, args=(*args, gate, answers)) for f, *args in calls]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(60)
    assert [hand.exitcode for hand in hands] == [0] * len(hands)
    return [answers.get(timeout=5) for _ in calls]


def test_runs_made_at_once_have_numbers_of_their_own(store):
    names = _at_once(*[(_create, store.root)] * HANDS)
    runs = store.list()
    assert {r.name for r in runs} == set(sum(names, []))
    assert sorted(r.number for r in runs) == list(range(1, HANDS * EACH + 1))
    assert {r.state for r in runs} == {"cancelled"} and not list(store.root.glob(".new-*"))


def test_of_many_who_resume_a_run_one_gets_it(store):
    run = store.create("train", request(), "cvae-digits")
    answers = _at_once(*[(_start, store.root, run.name)] * HANDS)
    assert answers.count("started") == 1
    assert all("already at work" in a for a in answers if a != "started")
    assert ended(run) == "done"
    assert run.epochs() == [1, 2]


def test_who_deletes_and_who_resumes_do_not_meet(store):
    for _ in range(3):
        run = store.create("train", request(), "cvae-digits")
        calls = [(_start, store.root, run.name), (_delete, store.root, run.name)]
        answers = _at_once(*calls)
        if "deleted" in answers:
            assert "started" not in answers and not run.path.exists()
        else:
            assert "started" in answers and "at work" in "".join(answers)
            run.cancel()
            assert ended(run) in ("cancelled", "done")
    assert not list(store.root.glob(".deleted-*"))


def test_two_dashboards_and_a_shell_share_the_queue(store, environment):
    environment = environment | {"OCRGEN_RUNS": str(store.root)}
    runs = [jobs.start(store, "train", request(m), "from a page") for m in ("cvae", "cgan")]
    shell = [sys.executable, "-m", "ocrgen", "train", "cvae", "--dataset", "digits", "--epochs", "2"]
    done = subprocess.run(shell, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    for run in runs:
        assert ended(run) == "done"
    spans = sorted((r.read_status().started, r.read_status().finished) for r in store.list())
    assert len(spans) == 3 and all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False)), "one slot, in turn"
    listed = subprocess.run(
        [sys.executable, "-m", "ocrgen", "runs", "--json"], env=environment, capture_output=True, text=True
    )
    states = {r["run"]: r["state"] for r in json.loads(listed.stdout)}  # shipped ones among them
    assert [states[r.name] for r in store.list()] == ["done"] * 3


def _bring(content, gate, answers):
    gate.wait()
    try:
        answers.put(uploads.keep("digits.npz", content).name)
    except UserError as fault:
        answers.put(str(fault))


def test_the_same_upload_from_many_hands_is_kept_once(store, small, tmp_path):
    file = tmp_path / "a.npz"
    np.savez(file, images=small.train.images, labels=small.train.labels)
    names = _at_once(*[(_bring, file.read_bytes())] * HANDS)
    assert len(set(names)) == 1 and names[0].endswith(".npz")
    assert [p.name for p in uploads.found().values()] == names[:1]
    assert not list((uploads.folder() / ".incoming").iterdir())


@pytest.mark.parametrize(("what", "told"), [("MOST", "may take 0 MB in all"), ("MIN_FREE", "make room")])
def test_uploads_are_bounded(store, small, tmp_path, monkeypatch, what, told):
    file = tmp_path / "a.npz"
    np.savez(file, images=small.train.images, labels=small.train.labels)
    where, value = {"MOST": (kept, 1000), "MIN_FREE": (files, 2**60)}[what]
    monkeypatch.setattr(where, what, value)
    with pytest.raises(UserError, match=told):
        uploads.keep("digits.npz", file.read_bytes())
    assert not uploads.found() and not list((uploads.folder() / ".incoming").iterdir())
