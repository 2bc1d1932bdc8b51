"""Runs made for tests: requests, trainings in this process, waiting, stops, and stores that tests share."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file

from ocrgen.generators.config import TrainRequest
from ocrgen.generators.training import run_training
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.utils.files import lock

SMALL = {"flow": {"width": 16, "depth": 2, "steps": 3}}  # settings of generators that would take long at full size


def until(true: Callable[[], bool], run=None, seconds: float = 120) -> None:
    """Wait until something is so; what is wrong otherwise is told by how a run stands."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, run.read_status() if run else "it never came to be"
        time.sleep(0.05)


def ended(run) -> str:
    """The state in which a run ends."""
    until(lambda: not run.alive, run)
    return run.state


def request(model: str = "cvae", **changes) -> dict:
    """The settings of a short training on the bundled digits; `train` and `config` are merged into the defaults."""
    from ocrgen.generators import generators

    train = {"epochs": 2, "log_every": 5} | changes.pop("train", {})
    config = generators()[model].presets["fast"].model_dump() | SMALL.get(model, {}) | changes.pop("config", {})
    values = {"dataset": "digits", "model": model, "preset": "fast", "train": train, "config": config} | changes
    return TrainRequest.model_validate(values).model_dump(mode="json")


def train_here(store: RunStore, model: str = "cvae", **changes):
    """A finished run, trained in this process."""
    run = store.create("train", request(model, **changes), f"{model}-digits")
    assert jobs.execute(run, store, run_training) == "done"
    return run


def trained_once(folder: Path) -> Callable[..., Run]:
    """A function like `train_here`, in a store in `folder`, that trains only once with the same settings."""
    store, runs = RunStore(folder, shipped=None), {}

    def train(model: str, **changes) -> Run:
        key = json.dumps([model, changes], sort_keys=True)
        if key not in runs:
            runs[key] = train_here(store, model, **changes)
        return runs[key]

    return train


def shared(tmp_path_factory, name: str, make: Callable[[RunStore], None]) -> RunStore:
    """A store that the first process to ask for it fills, for all processes of this test session."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    store = RunStore(base / name, shipped=None)
    descriptor = lock(base / f"{name}.lock", wait=200)
    try:
        if not store.root.exists():
            half = RunStore(base / f"{name}.half", shipped=None)
            make(half)
            half.root.rename(store.root)
    finally:
        os.close(descriptor)
    return store


def same_weights(one, other) -> bool:
    a, b = load_file(one.weights()), load_file(other.weights())
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


class StopAt:
    """Stops the training after a number of steps."""

    def __init__(self, step):
        self.left = step
        self.graceful = True

    def __call__(self) -> bool:
        self.left -= 1
        return self.left == 0


class NoStop:
    """A stop that nobody asks for, or that comes when asked for the nth time."""

    def __init__(self, after: int | None = None):
        self.after, self.graceful = after, False

    def __call__(self) -> bool:
        if self.after is not None:
            self.after -= 1
        return self.after is not None and self.after < 0
