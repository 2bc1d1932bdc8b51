"""What all tests share: a store of runs of their own, small real digits, and two runs trained on them."""

import os
import time
from collections.abc import Callable

import pytest
import torch

from ocrgen.datasets import Splits, load_digits
from ocrgen.generators.config import TrainRequest
from ocrgen.generators.training import run_training
from ocrgen.runs import jobs
from ocrgen.runs.store import RunStore
from ocrgen.utils.files import lock

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _own_runs(tmp_path, monkeypatch):
    """No test sees another's runs, or the developer's, or, unless it asks for them, those that are shipped."""
    monkeypatch.setenv("OCRGEN_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(tmp_path / "nothing"))


@pytest.fixture
def store(tmp_path) -> RunStore:
    """An empty store."""
    return RunStore(tmp_path / "runs", shipped=None)


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


@pytest.fixture(scope="session")
def small() -> Splits:
    """The bundled handwriting, cut to a few batches."""
    splits = load_digits("digits")
    return Splits(splits.train.subset(320, 0), splits.validation, splits.test)


def request(model: str = "cvae", **changes) -> dict:
    """The settings of a short training on the bundled digits; `train` and `config` are merged into the defaults."""
    from ocrgen.generators import generators

    train = {"epochs": 2, "log_every": 5} | changes.pop("train", {})
    config = generators()[model].presets["fast"].model_dump() | changes.pop("config", {})
    values = {"dataset": "digits", "model": model, "preset": "fast", "train": train, "config": config} | changes
    return TrainRequest.model_validate(values).model_dump(mode="json")


def train_here(store: RunStore, model: str = "cvae", **changes):
    """A finished run, trained in this process."""
    run = store.create("train", request(model, **changes), f"{model}-digits")
    assert jobs.execute(run, store, run_training) == "done"
    return run


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


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> RunStore:
    """A store with a finished CVAE and a finished CGAN; tests only read it."""

    def make(store: RunStore) -> None:
        for model in ("cvae", "cgan"):
            train_here(store, model, train={"epochs": 3})

    return shared(tmp_path_factory, "trained", make)


@pytest.fixture
def use_trained(trained, monkeypatch) -> RunStore:
    """The dashboard and the command line see the trained runs."""
    monkeypatch.setenv("OCRGEN_RUNS", str(trained.root))
    return trained


@pytest.fixture(scope="session")
def environment() -> dict:
    """Variables for processes that tests start."""
    return {**os.environ, "PYTHONUNBUFFERED": "1"}


SMALL_STUDY = {
    "dataset": "digits",
    "seeds": 2,
    "n": [60],
    "generators": ["cvae"],
    "epochs": 2,
    "min_epoch_images": 1280,
    "samples": 200,
    "steps": 10,
    "full_steps": 12,
    "shares": [0.2, 0.5],
    "confidence": 0.0,
    "n_saliency": 4,
    "n_robustness": 10,
}


@pytest.fixture(scope="session")
def studied(tmp_path_factory) -> RunStore:
    """A store with two finished studies, one of each protocol; tests only read it."""
    from ocrgen.study.plan import StudyConfig
    from ocrgen.study.runner import run_study

    def make(store: RunStore) -> None:
        for protocol in ("fair", "paper"):
            config = StudyConfig(**SMALL_STUDY, protocol=protocol)
            run = store.create("study", config.model_dump(), f"study-{protocol}-digits")
            assert jobs.execute(run, store, lambda run, stop: run_study(run, stop, lambda step, total: None)) == "done"

    return shared(tmp_path_factory, "studied", make)
