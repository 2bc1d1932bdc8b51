"""Fixtures of all tests: a store of runs of their own, small real digits, and runs trained on them once."""

import os

import pytest
import torch

from ocrgen.datasets import Splits, load_data
from ocrgen.runs import jobs
from ocrgen.runs.store import RunStore
from tests.helpers.letters import write_letters
from tests.helpers.runs import shared, train_here, trained_once
from tests.helpers.studies import SMALL_STUDY

torch.set_num_threads(1)


SLOW_FOLDERS = {"browser", "contract", "pages"}  # start browsers, processes, studies, pages
SLOW_FIXTURES = {"trained", "lettered", "studied", "arabic_store"}  # train, or do a study


def pytest_collection_modifyitems(items):
    """Mark as slow what is so for its folder or its fixtures; other tests say so themselves."""
    for item in items:
        if item.path.parent.name in SLOW_FOLDERS or SLOW_FIXTURES & {*item.fixturenames}:
            item.add_marker("slow")


@pytest.fixture(autouse=True)
def _own_runs(tmp_path, monkeypatch):
    """No test sees another's runs, or the developer's, or, unless it asks for them, those that are shipped."""
    monkeypatch.setenv("OCRGEN_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(tmp_path / "nothing"))


@pytest.fixture
def store(tmp_path) -> RunStore:
    """An empty store."""
    return RunStore(tmp_path / "runs", shipped=None)


@pytest.fixture(scope="session")
def small() -> Splits:
    """The bundled handwriting, cut to a few batches."""
    splits = load_data("digits")
    return Splits(splits.train.subset(320, 0), splits.validation, splits.test)


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> RunStore:
    """A store with a finished CVAE and a finished CGAN; tests only read it."""

    def make(store: RunStore) -> None:
        for model in ("cvae", "cgan"):
            train_here(store, model, train={"epochs": 3})

    return shared(tmp_path_factory, "trained", make)


@pytest.fixture(scope="session")
def lettered(tmp_path_factory) -> RunStore:
    """A store with a CVAE and a CGAN of 5 letters, and a CVAE of 15, trained on own data; tests only read it."""

    def make(store: RunStore) -> None:
        few, many = (write_letters(store.root.with_name(s), s) for s in ("ABCDE", "ABCDEFGHIJKLMNO"))
        for model, data in (("cvae", many), ("cvae", few), ("cgan", few)):
            train_here(store, model, dataset=str(data))

    return shared(tmp_path_factory, "lettered", make)


@pytest.fixture
def use_lettered(lettered, monkeypatch) -> RunStore:
    """The dashboard sees the runs of letters."""
    monkeypatch.setenv("OCRGEN_RUNS", str(lettered.root))
    return lettered


@pytest.fixture(scope="module")
def never_stopped(tmp_path_factory):
    """Train a run that is never stopped, to compare others with; once for each model and settings of a test file."""
    return trained_once(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def use_trained(trained, monkeypatch) -> RunStore:
    """The dashboard and the command line see the trained runs."""
    monkeypatch.setenv("OCRGEN_RUNS", str(trained.root))
    return trained


@pytest.fixture(scope="session")
def environment() -> dict:
    """Variables for processes that tests start."""
    return {**os.environ, "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="session")
def studied(tmp_path_factory) -> RunStore:
    """A store with two finished studies, one of each protocol; tests only read it."""
    from ocrgen.study.config import StudyConfig
    from ocrgen.study.runner import run_study

    def make(store: RunStore) -> None:
        for protocol in ("fair", "paper"):
            config = StudyConfig(**SMALL_STUDY, protocol=protocol)
            run = store.create("study", config.model_dump(), f"study-{protocol}-digits")
            assert jobs.execute(run, store, lambda run, stop: run_study(run, stop, lambda step, total: None)) == "done"

    return shared(tmp_path_factory, "studied", make)


@pytest.fixture(scope="session")
def arabic_store(tmp_path_factory) -> RunStore:
    """A store with 14 Arabic letters: a reader, a finished study and a scored generator; tests only read it."""
    from tests.helpers.arabic import fill

    return shared(tmp_path_factory, "arabic_store", fill)
