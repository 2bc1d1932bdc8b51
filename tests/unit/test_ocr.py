"""Readers: trained the same for the same seed, chosen by validation, and kept whole."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ocrgen.datasets import load_data
from ocrgen.datasets.alphabet import DIGITS
from ocrgen.datasets.base import Characters
from ocrgen.imaging.augmentation import augment
from ocrgen.readers.checkpoint import load_reader, save_reader
from ocrgen.readers.evaluation import grade, probabilities
from ocrgen.readers.network import Reader, ReaderConfig
from ocrgen.readers.training import _batches, lr_factor, train_reader
from ocrgen.runs.jobs import Cancelled
from ocrgen.utils.errors import UserError

TINY = ReaderConfig(channels=4, hidden=16, batch=32)


def train(small, steps=8, seed=0, **options):
    return train_reader(small.train, small.validation, TINY, steps, seed, **options)


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_the_same_seed_gives_the_same_reader_and_leaves_the_global_generator_alone(small):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = train(small, augment=augment)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    again, other = train(small, augment=augment), train(small, seed=1, augment=augment)
    assert same(first.reader, again.reader) and first.evaluations == again.evaluations and first.losses == again.losses
    assert not same(first.reader, other.reader)


def test_every_reader_takes_the_steps_that_it_is_given(small):
    for options in ({}, {"synthetic": small.test, "share": 0.5}, {"augment": augment}):
        trained = train(small, steps=9, **options)
        assert len(trained.losses) == 9 and np.isfinite(trained.losses).all()
        assert trained.labelled == len(small.train)
        assert len(trained.evaluations) == 4 and trained.evaluations[-1][0] == 9
    assert [step for step, _ in train(small, steps=2).evaluations] == [1, 2]


def test_the_best_look_is_validations_and_of_equals_the_last(small):
    trained = train_reader(small.train, small.validation, TINY, 40, 0, n_evaluations=8)
    best = max(accuracy for _, accuracy in trained.evaluations)
    assert trained.validation == best
    assert trained.best == max(step for step, accuracy in trained.evaluations if accuracy == best)
    read = probabilities(trained.reader, small.validation.images).argmax(1)
    assert (read == small.validation.labels).mean() == pytest.approx(best)
    # One image: a look is right or wrong, so that many are equal.
    one = train_reader(small.train, small.validation[:1], TINY, 40, 0, n_evaluations=8)
    assert one.best == max(step for step, accuracy in one.evaluations if accuracy == one.validation)


@pytest.mark.slow
def test_an_early_look_that_was_better_is_taken_back(small):
    """A rate at which training breaks down after a good beginning: the last weights are not the ones that are kept."""
    wild = ReaderConfig(channels=4, hidden=16, batch=32, lr=0.5, warmup=1)
    readers = [train_reader(small.train, small.validation, wild, 48, seed, n_evaluations=12) for seed in range(3)]
    early = [t for t in readers if t.best < 48]
    assert early
    for trained in early:
        assert grade(trained.reader, small.validation).accuracy == pytest.approx(trained.validation)
        assert trained.validation > trained.evaluations[-1][1]


def test_the_look_that_is_kept_is_validations_whatever_training_would_prefer(small):
    """Validation images under wrong labels: the better a reader learns, the worse it does there."""
    wrong = replace(small.validation, labels=(small.validation.labels + 1) % 10)
    trained = train_reader(small.train, wrong, TINY, 80, 0, n_evaluations=20)
    accuracies = [accuracy for _, accuracy in trained.evaluations]
    assert np.mean(trained.losses[-5:]) < np.mean(trained.losses[:5]) and accuracies[-1] < max(accuracies)
    assert trained.validation == max(accuracies) and trained.best < 80
    assert grade(trained.reader, wrong).accuracy == pytest.approx(max(accuracies))


@pytest.mark.parametrize(("share", "expected"), [(0.05, 3), (0.2, 13), (0.5, 32), (1.0, 64), (0.0, 0)])
def test_each_batch_holds_exactly_its_share_of_synthetic_images(share, expected):
    # All real images are 0s and all synthetic ones 1s, so that labels tell where an image comes from.
    real, synthetic = (Characters(np.full((50, 28, 28), c, np.uint8), np.full(50, c), DIGITS, str(c)) for c in (0, 1))
    batches = _batches(real, synthetic, share, 64, 0)
    for _ in range(10):
        images, labels, ours = next(batches)
        assert int(labels.sum()) == expected == 64 - ours and images.shape == (64, 1, 28, 28)
        assert (labels[:ours] == 0).all() and (images.amax((1, 2, 3)) == labels).all()


def test_every_image_is_seen_once_before_any_is_seen_twice():
    real = Characters(np.zeros((50, 28, 28), np.uint8), np.arange(50) % 10, DIGITS, "real")
    marked = replace(real, images=real.images + np.arange(50, dtype=np.uint8)[:, None, None])
    batches = _batches(marked, None, 0.0, 20, 3)
    seen = torch.cat([next(batches)[0][:, 0, 0, 0] for _ in range(5)])
    assert seen[:50].unique().numel() == seen[50:].unique().numel() == 50


def test_augmentation_changes_real_images_only(small):
    given = []

    def blank(images):
        given.append(images.shape)
        return torch.zeros_like(images)

    mixed = train(small, steps=3, augment=blank, synthetic=small.test, share=0.25)
    assert given == [(24, 1, 28, 28)] * 3
    given.clear()
    alone = train(small, steps=3, augment=blank)
    assert given == [(32, 1, 28, 28)] * 3
    assert not same(mixed.reader, alone.reader)


def test_a_stop_cancels_at_the_next_step(small):
    asked = []

    def stop():
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(Cancelled):
        train(small, steps=1000, stop=stop)
    assert len(asked) == 3


@pytest.mark.slow
def test_a_reader_reads():
    data = load_data("digits")
    trained = train_reader(data.train, data.validation, Reader.presets["fast"], 80, 0)
    graded = grade(trained.reader, data.test)
    assert graded.accuracy >= 0.9 and graded.n == len(data.test)
    assert np.mean(trained.losses[-20:]) < np.mean(trained.losses[:20])


def test_rate_warms_up_and_falls_to_zero():
    assert lr_factor(0.7, 0) == 1
    steps = [lr_factor(i / 100, 0.2) for i in range(101)]
    assert 0 < steps[0] < 0.05 and max(steps) == pytest.approx(steps[20]) == 1 and steps[100] == pytest.approx(0)
    assert np.all(np.diff(steps[:21]) >= 0) and np.all(np.diff(steps[20:]) < 0)


def test_the_paper_preset_is_the_papers():
    config = Reader.presets["paper"]
    reader = Reader(config)
    layers = [m for m in reader.modules() if not list(m.children())]
    assert [type(m) for m in layers] == [
        *(nn.Conv2d, nn.ReLU, nn.BatchNorm2d, nn.MaxPool2d) * 2,
        *(nn.Flatten, nn.Linear, nn.ReLU, nn.Dropout, nn.Linear),
    ]
    convolutions = [m for m in layers if isinstance(m, nn.Conv2d)]
    assert [(m.in_channels, m.out_channels, m.kernel_size) for m in convolutions] == [(1, 32, (3, 3)), (32, 64, (3, 3))]
    assert [m.out_features for m in layers if isinstance(m, nn.Linear)] == [128, 10]
    assert [m.p for m in layers if isinstance(m, nn.Dropout)] == [0.5]
    assert reader.cam_layer is layers[5], "the second convolution's, as it comes out of its ReLU"
    assert (config.batch, config.lr, config.weight_decay, lr_factor(0.9, config.warmup)) == (64, 1e-3, 0, 1)


@pytest.mark.parametrize("preset", ["fast", "paper"])
def test_a_reader_comes_back_from_its_file(small, tmp_path, preset):
    reader = Reader(Reader.presets[preset]).eval()
    save_reader(reader, {"arm": "real", "n": 5}, file := tmp_path / "reader.safetensors")
    back, about = load_reader(file)
    assert back.config == reader.config and about["arm"] == "real" and about["n"] == 5
    a, b = (probabilities(r, small.test.images[:50]) for r in (reader, back))
    np.testing.assert_allclose(a, b, atol=2e-3)  # half precision
    save_reader(back, about, again := tmp_path / "again.safetensors")
    assert again.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "missing", "foreign", "unlike"])
def test_a_damaged_or_foreign_file_is_named(tmp_path, damage):
    save_reader(Reader(TINY), {}, file := tmp_path / "mine.safetensors")
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-100])
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "text":
        file.write_text("no tensors here, only words that somebody left")
    elif damage == "missing":
        file.unlink()
    elif damage == "foreign":
        save_file({"weight": torch.zeros(3)}, file)
    else:  # settings of another shape than the tensors'
        header = Reader(TINY.model_copy(update={"channels": 8}))
        header.state_dict = Reader(TINY).state_dict
        save_reader(header, {}, file)
    with pytest.raises(UserError, match=r"mine\.safetensors is damaged or no OCR model"):
        load_reader(file)


def test_images_of_no_length_have_no_answers():
    assert probabilities(Reader(TINY), np.empty((0, 28, 28), np.uint8)).shape == (0, 10)
