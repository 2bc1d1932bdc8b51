"""A training killed at any moment shows as died at once, and resumes to the weights of one that was never stopped."""

import multiprocessing
import os
import random
import signal
import sys
import time
import types

import pytest
import torch

from ocrgen.generators.training import run_training
from ocrgen.runs import jobs
from ocrgen.runs.store import RunStore
from tests.helpers.runs import request, same_weights, train_here, until

KILLS = 6
SETTINGS = {"train": {"epochs": 18, "log_every": 3}, "config": {"batch": 64}}


def train(root, name):
    torch.set_num_threads(1)
    store = RunStore(root, shipped=None)
    jobs.execute(store.get(name), store, run_training)


@pytest.fixture(scope="module")
def processes():
    """Children of a server that has imported torch already: each is a process of its own, and starts at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.helpers.warm", "tests.helpers.runs"])
    with pytest.MonkeyPatch.context() as patch:
        # Where a page was tested before, Streamlit has left the app as the main module: each child would run it first.
        patch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
        context.Process(target=int).start()
        yield context


@pytest.mark.parametrize("model", ["cvae", "cgan"])
def test_kills_at_random_moments_change_nothing(store, processes, model):
    settings = {"cvae": SETTINGS, "cgan": {**SETTINGS, "train": {"epochs": 8, "log_every": 3}}}[model]
    whole = train_here(store, model, **settings)
    run = store.create("train", request(model, **settings), "killed")
    rng = random.Random(model)
    # From the first instant, before there is anything to resume, to the last steps: counted in steps, not in seconds,
    # so that on any machine most kills hit a training at work.
    total = whole.read_status().total
    moments = [0, 0, *sorted(rng.sample(range(1, total - 10), KILLS - 2))]
    hit = 0
    for moment in moments:
        child = processes.Process(target=train, args=(store.root, run.name))
        child.start()
        while child.is_alive() and run.read_status().step < moment:
            time.sleep(0.005)
        child.join(rng.uniform(0.0, 0.1))
        if not child.is_alive():
            break
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        assert run.state in ("died", "cancelled")  # cancelled: killed before it had taken the run up
        hit += run.read_status().step > 0
    child = processes.Process(target=train, args=(store.root, run.name))
    if run.state != "done":
        child.start()
        child.join(120)
    assert run.read_status().state == "done", run.read_status()
    assert hit >= KILLS / 2, "most kills must hit a training at work"
    assert same_weights(whole, run)
    assert run.epochs() == whole.epochs()
    assert not list(run.path.rglob("*.part"))


def test_a_killed_job_shows_as_died_and_resumes(store):
    """The real thing, as the dashboard starts it: a submitted process, killed by its number."""
    run = jobs.start(store, "train", request(train={"epochs": 200}), "cvae-digits")
    assert run.state in ("queued", "running")
    until(lambda: run.read_status().epoch, run)
    pid = run.read_status().pid
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ProcessLookupError):  # reaped: not even a zombie is left
        until(lambda: os.kill(pid, 0), run)  # how long the system takes to take a process apart is its own affair
    assert run.state == "died"
    jobs.submit(run, store)
    assert run.alive
    step = run.read_status().step
    until(lambda: run.read_status().step > step, run)
    run.cancel()
    until(lambda: not run.alive, run)
    assert run.state == "cancelled"
    assert run.read_status().step < run.read_status().total


@pytest.mark.parametrize("delay", [0.0, 0.3, 1.5])
def test_a_job_that_is_still_starting_can_be_cancelled(store, delay):
    run = jobs.start(store, "train", request(train={"epochs": 200}), "cvae-digits")
    time.sleep(delay)
    run.cancel()
    until(lambda: not run.alive, run)
    assert run.state == "cancelled", (run.read_status(), (run.path / "log.txt").read_text())


def test_an_error_that_a_cancellation_causes_is_no_failure(store):
    """An import that is interrupted may raise an ImportError of its own in the place of what interrupted it."""

    def work(run, stop):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
        except BaseException:
            raise ImportError("half imported") from None

    run = store.create("train", request(), "cvae-digits")
    assert jobs.execute(run, store, work) == run.state == "cancelled"
    failing = store.create("train", request(), "cvae-digits")
    with pytest.raises(ImportError):
        jobs.execute(failing, store, lambda run, stop: __import__("no_such_module"))
    assert failing.state == "failed"
