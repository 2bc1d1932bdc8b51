"""Jobs: one at a time, in turn, stopped when asked, and never left without a word."""

import contextlib
import os
import signal
import threading
import time

import pytest

from ocrgen.runs import jobs
from ocrgen.runs.run import RunError, now
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import lock
from tests.helpers.runs import until


def make(store, words="job"):
    return store.create("nothing", {}, words)


def test_work_that_ends_well_is_done(store):
    run = make(store)
    seen = []
    assert jobs.execute(run, store, lambda run, stop: seen.append(run.state)) == "done"
    assert seen == ["running"]
    status = run.read_status()
    assert status.state == "done" and status.pid == os.getpid() and status.finished
    with pytest.raises(RunError, match="nothing to resume"):
        jobs.execute(run, store, lambda run, stop: None)


def test_a_fault_is_kept_with_the_run(store):
    run = make(store)

    def work(run, stop):
        raise UserError("The data are gone: fetch them.")

    with pytest.raises(UserError):
        jobs.execute(run, store, work)
    assert run.read_status().state == "failed"
    assert run.read_status().error == "The data are gone: fetch them."

    with pytest.raises(ZeroDivisionError):
        jobs.execute(run, store, lambda run, stop: 1 / 0)
    assert "ZeroDivisionError" in run.read_status().error


@pytest.mark.parametrize("how", ["signal", "file"])
def test_cancel_by_signal_or_by_file_stops_gentle_work(store, how):
    run = make(store)

    def work(run, stop):
        stop.graceful = True
        begun = time.monotonic()
        if how == "signal":
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            run.stop_file.touch()
        while not stop():
            assert time.monotonic() - begun < 2
        raise jobs.Cancelled

    before = signal.getsignal(signal.SIGTERM)
    assert jobs.execute(run, store, work) == "cancelled"
    assert signal.getsignal(signal.SIGTERM) == before
    assert not run.stop_file.exists()


def test_a_signal_ends_work_at_once_where_there_is_nothing_to_save(store):
    run = make(store)

    def work(run, stop):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)

    begun = time.monotonic()
    assert jobs.execute(run, store, work) == "cancelled"
    assert time.monotonic() - begun < 2


def test_patience_ends_with_a_step_that_is_too_long(store, monkeypatch):
    monkeypatch.setattr(jobs, "PATIENCE", 0.2)

    def work(run, stop):
        stop.graceful = True
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)

    begun = time.monotonic()
    assert jobs.execute(make(store), store, work) == "cancelled"
    assert 0.2 <= time.monotonic() - begun < 2


class CountedStop(jobs.Stop):
    """Counts how often a job that waits has looked at the queue in vain."""

    rounds = 0

    def __call__(self) -> bool:
        self.rounds += 1
        return super().__call__()


@pytest.mark.slow
def test_the_queue_is_first_come_first_served_and_waits_for_a_slot(store):
    first, second = make(store, "first"), make(store, "second")
    locks = {first: jobs._enqueue(first, store)}
    until(lambda: now() > first.status.queued)
    locks[second] = jobs._enqueue(second, store)
    assert [r.name for r in jobs.queue(store)] == [first.name, second.name]
    stops = {run: CountedStop(run) for run in (first, second)}
    order = []

    def wait(run):
        with contextlib.suppress(jobs.Cancelled), jobs._slot(run, store, stops[run]):
            order.append(run)
            run.update(state="done")
        os.close(locks[run])

    threads = {run: threading.Thread(target=wait, args=[run]) for run in (second, first)}
    try:
        threads[second].start()
        until(lambda: stops[second].rounds > 2 or bool(order))
        assert not order, "the slot is free, but it is not the second one's turn"

        held = lock(store.root / ".slots" / "0")
        threads[first].start()
        until(lambda: stops[first].rounds > 2 or bool(order))
        assert not order, "it is the first one's turn, but the slot is held"

        os.close(held)
        until(lambda: len(order) == 2)
        assert order == [first, second]
    finally:
        for run, thread in threads.items():
            stops[run].signalled = True
            if thread.ident:
                thread.join()


@pytest.mark.slow
def test_a_waiting_job_can_be_cancelled(store):
    (store.root / ".slots").mkdir(parents=True)
    held = lock(store.root / ".slots" / "0")
    run = make(store)
    threading.Timer(0.4, run.stop_file.touch).start()
    assert jobs.execute(run, store, lambda run, stop: pytest.fail("must not start")) == "cancelled"
    os.close(held)


def test_the_queue_is_bounded(store, monkeypatch):
    monkeypatch.setattr(jobs, "QUEUE_LIMIT", 1)
    waiting = jobs._enqueue(make(store), store)
    with pytest.raises(RunError, match="queue is full"):
        jobs.start(store, "nothing", {}, "one too many")
    assert len(store.list()) == 1  # nothing is left of what could not be queued
    os.close(waiting)


def test_slots_must_be_a_number(monkeypatch):
    monkeypatch.setenv("OCRGEN_SLOTS", "many")
    with pytest.raises(UserError, match="OCRGEN_SLOTS"):
        jobs.slots()
