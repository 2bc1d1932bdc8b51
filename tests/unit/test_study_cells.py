"""Choices inside a study: by validation data alone, and by what the filter is asked for."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ocrgen.datasets import Characters
from ocrgen.readers.checkpoint import load_reader
from ocrgen.readers.evaluation import probabilities
from ocrgen.runs.store import SHIPPED
from ocrgen.study.arms import Arm
from ocrgen.study.cells import TaskRunner
from ocrgen.study.config import StudyConfig
from ocrgen.study.headline import banner
from ocrgen.study.plan import Cell, plan
from ocrgen.study.results import COLUMNS, Results
from ocrgen.study.statistics import paired, summarise

CONFIG = {
    "dataset": "digits",
    "seeds": 1,
    "n": [200],
    "generators": ["cvae"],
    "samples": 200,
    "steps": 30,
    "shares": [0.05, 0.98],
    "confidence": 0.99,
    "n_robustness": 0,
}


@pytest.fixture
def cells(store) -> TaskRunner:
    """A study whose generator and readers have been trained: the CVAE and the reader that are shipped."""
    config = StudyConfig(**CONFIG)
    cells = TaskRunner(store.create("study", config.model_dump(), "study"))
    for folder in ("cells", "readers"):
        cells.run.folder(folder)
    for cell in plan(config):
        if cell.kind == "generator":
            shutil.copytree(SHIPPED / "cvae-mnist" / "weights", cells.generator_run(cell).path / "weights")
        elif cell.kind == "reader" and not cell.arm.generator:
            shutil.copy(SHIPPED / "reader-real-mnist" / "weights" / "reader.safetensors", cells.reader_file(cell.key))
    return cells


def cell_of(cells: TaskRunner, arm: str) -> Cell:
    return next(c for c in plan(cells.config) if c.kind == "reader" and c.arm.name == arm)


def test_the_filter_keeps_images_whose_label_is_sure_enough_and_no_others(cells):
    cell = cell_of(cells, "real+cvae-filtered")
    drawn = cells.sample(cell, None, factor=2)
    reader, _ = load_reader(cells.reader_file("reader-real-n200-s0"))
    sure = probabilities(reader, drawn.images)[np.arange(len(drawn)), drawn.labels] >= CONFIG["confidence"]
    assert 10 < (~sure).sum() < 200, "the filter has something to refuse, and something to keep"
    first = [np.flatnonzero(sure & (drawn.labels == digit))[:20] for digit in range(10)]

    _, kept, row = cells.material(cell)
    assert row["kept"] == pytest.approx(sure.mean()) and row["n_synthetic"] == len(kept)
    assert np.array_equal(kept.images, drawn[np.sort(np.concatenate(first))].images)


def relabelled(digits: Characters) -> Characters:
    """The same images, each called by the next digit."""
    return replace(digits, labels=(digits.labels + 1) % digits.n_classes)


@pytest.mark.parametrize("share", [0.05, 0.98])
def test_the_synthetic_share_is_validations_whatever_the_test_set_would_prefer(cells, share):
    """Real images bear wrong labels, generated ones right ones; validation agrees with one, the test set with another.

    Labels as the real images have them want the smaller share of generated ones, right labels the larger.
    """
    train, validation, test = cells.data
    if share == 0.05:
        validation = relabelled(validation)
    else:
        test = relabelled(test)
    cells.data = cells.data._replace(train=relabelled(train), validation=validation, test=test)

    row = cells.reader(cell_of(cells, "real+cvae"), lambda: False)
    other = next(s for s in CONFIG["shares"] if s != share)
    assert row["shares"][share] > row["shares"][other] + 0.2
    assert row["share"] == share and row["validation"] == row["shares"][share]
    assert row["accuracy"] < 0.3, "the test set would rather have had the other"


@pytest.mark.parametrize("best", [1, 2])
def test_the_papers_epoch_is_validations_whatever_the_test_set_would_prefer(cells, best):
    cells.config = StudyConfig(**CONFIG, protocol="paper", epochs=3)
    cell = cell_of(cells, "cvae")
    for epoch in (1, 2, 3):
        good, bad = {"validation": 0.9, "accuracy": 0.7}, {"validation": 0.8, "accuracy": 0.95 + epoch / 100}
        key = Cell("epoch", cell.seed, 0, Arm(generator="cvae"), epoch).key
        cells.result_file(key).write_text(json.dumps(good if epoch == best else bad))
    assert cells.best_epoch(cell) == best


def test_a_generator_that_redraws_its_training_images_is_found_out(cells, monkeypatch):
    """Copies count where they were moved, too; an honest generator has about as many as new handwriting."""
    training = next(c for c in plan(cells.config) if c.kind == "generator")
    train = cells.labelled(training)
    assert cells.memorised(training, train) < 0.05
    moved = replace(train, images=np.roll(train.images, 1, 2))
    monkeypatch.setattr(cells, "sample", lambda cell, epoch: moved)
    assert cells.memorised(training, train) > 0.95


def test_a_study_says_which_generator_redraws_its_training_images():
    honest, copies = (["generator", arm, 100, s, 0, 100, 0, "memorised"] for arm in ("cgan", "cvae") for s in (0,))
    facts = pd.DataFrame([[*honest, 0.012], [*copies, 0.79]], columns=COLUMNS)
    config = StudyConfig(n=[100], generators=["cvae", "cgan"], seeds=1)
    found = Results(config, facts, summarise(facts), paired(facts), [], {}, [], 0, 0)
    assert "The CVAE redraws its training images" in banner(found).text and "79% at n = 100" in banner(found).text
    assert "CGAN" not in banner(found).text
