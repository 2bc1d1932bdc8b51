"""What happens inside a study's tasks: nothing is chosen, the filter keeps what it should, labels stay counted."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from ocrgen.datasets import load_data
from ocrgen.imaging.augmentation import augment
from ocrgen.imaging.corruptions import with_noise
from ocrgen.readers.checkpoint import load_reader, save_reader
from ocrgen.readers.evaluation import grade, probabilities
from ocrgen.readers.network import Reader
from ocrgen.readers.training import train_reader
from ocrgen.runs.store import SHIPPED
from ocrgen.study.arms import Arm
from ocrgen.study.cells import TaskRunner
from ocrgen.study.config import StudyConfig
from ocrgen.study.correctness import unpacked
from ocrgen.study.headline import banner
from ocrgen.study.plan import Cell, plan
from ocrgen.study.results import COLUMNS
from ocrgen.utils.device import computing_in, pick_dtype
from ocrgen.utils.errors import UserError
from tests.helpers.tables import made

pytestmark = pytest.mark.slow

CONFIG = {
    "dataset": "digits",
    "seeds": 1,
    "n": [200],
    "generators": ["cvae"],
    "samples": 200,
    "steps": 30,
    "confidence": 0.99,
    "readers_per_task": 2,
    "n_robustness": 0,
}


def runner(store, **changes) -> TaskRunner:
    """A study whose generator and readers have been trained: the CVAE and the reader that are shipped."""
    config = StudyConfig(**CONFIG | changes)
    cells = TaskRunner(store.create("study", config.model_dump(), "study"))
    for folder in ("cells", "readers"):
        cells.run.folder(folder)
    for cell in plan(config):
        if cell.kind == "generator":
            shutil.copytree(SHIPPED / "cvae-mnist" / "weights", cells.generator_run(cell).path / "weights")
        elif cell.kind == "pseudo" or (cell.kind == "reader" and not cell.arm.generator):
            shutil.copy(SHIPPED / "reader-real-mnist" / "weights" / "reader.safetensors", cells.reader_file(cell.key))
    return cells


@pytest.fixture
def cells(store) -> TaskRunner:
    return runner(store)


def cell_of(cells: TaskRunner, arm: str, kind: str = "reader") -> Cell:
    return next(c for c in plan(cells.config) if c.kind == kind and c.arm.name == arm)


def never() -> bool:
    return False


def test_the_filter_keeps_images_whose_label_is_sure_enough_and_no_others(cells):
    cell = cell_of(cells, "real+aug+cvae-filtered")
    drawn = cells.sample(cell, None, factor=2)
    reader, _ = load_reader(cells.reader_file("reader-real+aug-n200-s0"))
    sure = probabilities(reader, drawn.images)[np.arange(len(drawn)), drawn.labels] >= CONFIG["confidence"]
    assert 10 < (~sure).sum() < 200, "the filter has something to refuse, and something to keep"
    first = [np.flatnonzero(sure & (drawn.labels == digit))[:20] for digit in range(10)]

    _, kept, row = cells.material(cell)
    assert row["kept"] == pytest.approx(sure.mean()) and row["n_synthetic"] == len(kept)
    assert np.array_equal(kept.images, drawn[np.sort(np.concatenate(first))].images)


def test_the_filter_is_a_reader_of_the_n_labelled_images_only(cells):
    """A reader of all training images would filter better, and bring in labels that n does not count."""
    blind = Reader(Reader.presets["fast"])
    save_reader(blind, {"dataset": "digits"}, cells.reader_file("reader-real+aug-n200-s0"))
    with pytest.raises(UserError, match="confirms no generated image"):
        cells.material(cell_of(cells, "real+aug+cvae-filtered"))


@pytest.mark.parametrize("arm", ["real+aug", "real+aug+cvae-filtered"])
def test_readers_take_their_last_step_whatever_further_images_would_choose(cells, arm):
    """Validation images whose labels are wrong would choose the first step of a reader that learns."""
    train, validation, test = cells.data
    cells.data = cells.data._replace(validation=replace(validation, labels=(validation.labels + 1) % 10))
    row = cells.reader(cell_of(cells, arm), never)
    assert row["steps"] == 30 and "validation" not in row and "share" not in row
    real, generated, _ = cells.material(cell_of(cells, arm))
    share = cells.config.share if generated else 0
    last = train_reader(real, None, Reader.presets["fast"], 30, 0, augment, generated, share).reader
    saved, _ = load_reader(cells.reader_file(cell_of(cells, arm).key))
    assert grade(saved, test).accuracy == pytest.approx(grade(last, test).accuracy, abs=0.01)
    assert row["accuracy"] > 0.5 and "n_validation" not in row
    assert len(train) > 200


def test_several_readers_are_averaged_and_each_test_image_counted(cells):
    cell = cell_of(cells, "real+aug")
    row = cells.reader(cell, never)
    test = cells.data.test
    real, _, _ = cells.material(cell)
    each = [grade(cells.train(cell, never, real, None, seed), test) for seed in (0, 1000)]
    assert each[0].misread != each[1].misread
    assert row["accuracy"] == pytest.approx(np.mean([r.accuracy for r in each]))
    assert np.array_equal(row["confusion"], np.sum([r.confusion for r in each], 0))
    counts, of = unpacked(row["per_image"]["accuracy"], len(test))
    wrong = sum(np.isin(np.arange(len(test)), r.misread).astype(int) for r in each)
    assert of == 2 and np.array_equal(counts, 2 - wrong)
    assert counts.mean() / of == pytest.approx(row["accuracy"])


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_the_share_of_synthetic_images_is_the_settings(store, share):
    """Of a batch of 128 so many, whatever validation images would prefer."""
    cells = runner(store, share=share)
    cell = cell_of(cells, "real+aug+cvae-filtered")
    real, generated, _ = cells.material(cell)
    reader = cells.train(cell, never, real, generated, 0)
    same = train_reader(real, None, Reader.presets["fast"], 30, 0, augment, generated, share).reader
    for a, b in zip(reader.state_dict().values(), same.state_dict().values(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("best", [1, 2])
def test_the_papers_epoch_is_validations_whatever_the_test_set_would_prefer(cells, best):
    cells.config = StudyConfig(**CONFIG, protocol="paper", epochs=3)
    cell = cell_of(cells, "cvae")
    for epoch in (1, 2, 3):
        good, bad = {"validation": 0.9, "accuracy": 0.7}, {"validation": 0.8, "accuracy": 0.95 + epoch / 100}
        key = Cell("epoch", cell.seed, 0, Arm(generator="cvae"), epoch).key
        cells.result_file(key).write_text(json.dumps(good if epoch == best else bad))
    assert cells.best_epoch(cell) == best


def test_a_pool_is_learned_from_without_its_labels(store):
    """With the pool's labels all wrong, only the ceiling learns anything else."""
    cells = runner(store, protocol="pool", unlabelled=300, steps=60)
    cell = cell_of(cells, "real+aug+pseudo")
    row = cells.pseudo(cell_of(cells, "pseudo", "pseudo"), never)
    assert row["n_unlabelled"] == 300 and row["n_labelled"] == 200 and row["pseudo_accuracy"] > 0.9
    judge, _ = load_reader(cells.reader_file(cell_of(cells, "pseudo", "pseudo").key))
    certain = probabilities(judge, cells.pool(cell).images)
    sure, labelled = certain.max(1) >= CONFIG["confidence"], cells.pseudo_labelled(cell)
    # Weights are saved in half precision, so that a probability or two may cross the line.
    assert row["kept"] == pytest.approx(sure.mean(), abs=0.02) and 5 < (~sure).sum() < 250, "only what it is sure of"
    assert len(labelled) == round(300 * row["kept"])
    before = cells.material(cell)[0]
    ceiling = cells.material(cell_of(cells, "real+aug+labels"))[0]
    pool = cells.pool(cell)
    cells.pool = lambda cell: replace(pool, labels=(pool.labels + 1) % 10)
    after = cells.material(cell)[0]
    assert np.array_equal(before.images, after.images) and np.array_equal(before.labels, after.labels)
    again = cells.pseudo(cell_of(cells, "pseudo", "pseudo"), never)
    assert again["kept"] == row["kept"] and again["pseudo_accuracy"] < 0.1, "it tells, and decides nothing"
    assert not np.array_equal(cells.material(cell_of(cells, "real+aug+labels"))[0].labels, ceiling.labels)
    assert cells.material(cell_of(cells, "real+aug+labels"))[2]["n_labelled"] == 500
    assert cells.material(cell)[2] == {"n_labelled": 200, "n_unlabelled": 300}


def test_rendered_characters_take_their_look_from_the_n_images_and_no_label(store):
    cells = runner(store, generators=["rendered"], samples=100)
    cell, alone = cell_of(cells, "real+aug+rendered"), cell_of(cells, "aug+rendered")
    assert cells.material(cell)[2]["n_labelled"] == 200 and cells.material(alone)[2]["n_labelled"] == 0
    drawn = cells.sample(cell, None)
    other = TaskRunner(cells.run)
    train = other.data.train
    shown = other.labelled(cell)
    other.labelled = lambda cell: replace(shown, labels=(shown.labels + 3) % 10)
    assert np.array_equal(other.sample(cell, None).images, drawn.images) and len(train) > len(shown)


def test_ones_own_synthetic_images_are_a_way(store, tmp_path):
    drawn = load_data("digits").train.subset(300, 5)
    np.savez(tmp_path / "mine.npz", images=255 - drawn.images, labels=drawn.labels)
    cells = runner(store, generators=["rendered"], synthetic=str(tmp_path / "mine.npz"))
    real, generated, row = cells.material(cell_of(cells, "real+aug+own"))
    assert len(real) == 200 and len(generated) == row["n_synthetic"] == 300 and row["n_labelled"] == 200
    assert cells.material(cell_of(cells, "aug+own"))[2]["n_labelled"] == 0
    cells.begin()
    assert cells.run.request.data["synthetic"]["n"] == 300
    np.savez(tmp_path / "mine.npz", images=255 - drawn.images[:200], labels=drawn.labels[:200])
    with pytest.raises(UserError, match="is not what it was"):
        _ = TaskRunner(cells.run).data


def test_test_images_among_ones_own_synthetic_ones_are_refused(store, tmp_path):
    train, _, test = load_data("digits")
    images, labels = (
        np.concatenate([a[:50], b[:50]]) for a, b in ((train.images, test.images), (train.labels, test.labels))
    )
    np.savez(tmp_path / "leak.npz", images=images, labels=labels)
    with pytest.raises(UserError, match="50 of the 100 images in leak.npz are test images"):
        _ = runner(store, synthetic=str(tmp_path / "leak.npz")).own


def test_precision_is_kept_when_a_study_is_resumed(cells):
    """What the machine would choose by itself does not matter."""
    cells.run.amend(precision="fp32")
    seen = []
    cells.reader = lambda cell, stop: seen.append(pick_dtype(torch.device("cpu"))) or {}
    cells.execute(cell_of(cells, "real"), never)
    with computing_in("bf16"):
        assert pick_dtype(torch.device("cpu")) is torch.bfloat16
    assert seen == [torch.float32]


def test_training_with_noise_leaves_half_of_the_images_clean():
    images = torch.zeros(400, 1, 28, 28) + 0.5
    with torch.random.fork_rng():
        torch.manual_seed(0)
        changed = (with_noise(images) != images).flatten(1).any(1)
    assert 0.4 < changed.float().mean() < 0.6 and with_noise(images).max() <= 1


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
    found = made(StudyConfig(n=[100], generators=["cvae", "cgan"], seeds=1), facts)
    assert (
        "The CVAE redraws its training images" in banner(found).text
        and "79% of its samples at n = 100 lie" in banner(found).text
    )
    assert "CGAN" not in banner(found).text
