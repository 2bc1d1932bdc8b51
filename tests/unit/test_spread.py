"""The spread within classes tells digits from class means."""

import numpy as np
import pytest

from ocrgen.datasets import load_data
from ocrgen.metrics.measures.spread import collapsed, within_class_spread
from ocrgen.utils.errors import UserError


def means(digits) -> np.ndarray:
    """Every image replaced by the mean of its class."""
    by_class = [digits.images[digits.labels == c].mean(0) for c in range(10)]
    return np.stack([by_class[c] for c in digits.labels]).round().astype(np.uint8)


def test_in_closed_form():
    images = np.zeros((6, 28, 28), np.uint8)
    images[1] = 255  # class 4: black and white, so 0.5 everywhere
    images[3, :14] = 51  # class 7: 0 and 0.2 in the upper half, so 0.05 on average
    images[4:] = 99  # class 9: one image twice
    labels = np.array([4, 4, 7, 7, 9, 9])
    assert within_class_spread(images, labels) == pytest.approx((0.5 + 0.05 + 0) / 3)
    assert within_class_spread(images[[2, 0, 3, 1]], labels[[2, 0, 3, 1]]) == pytest.approx((0.5 + 0.05) / 2)


def test_differences_between_classes_do_not_count(small):
    assert within_class_spread(means(small.train), small.train.labels) == pytest.approx(0, abs=1e-6)


def test_real_digits():
    train = load_data("digits").train
    assert within_class_spread(train.images, train.labels) == pytest.approx(0.082, abs=0.0005)


def test_class_means_have_collapsed_and_digits_have_not(small):
    real = within_class_spread(small.train.images, small.train.labels)
    assert not collapsed(within_class_spread(small.test.images, small.test.labels), real)
    assert collapsed(within_class_spread(means(small.test), small.test.labels), real)
    # As an untrained decoder draws: class means with faint noise.
    noise = np.random.default_rng(0).normal(0, 6, small.test.images.shape)
    faint = np.clip(means(small.test) + noise, 0, 255).astype(np.uint8)
    assert collapsed(within_class_spread(faint, small.test.labels), real)


@pytest.mark.parametrize(("spread", "expected"), [(0.03, True), (0.0649, True), (0.065, False), (0.12, False)])
def test_half_of_the_real_spread_is_the_limit(spread, expected):
    assert collapsed(spread, 0.13) is expected


def test_single_images_are_left_out(small):
    images, labels = small.train.images[:40], np.repeat([1, 2], 20)
    more = np.concatenate([images, small.test.images[:1]])
    assert within_class_spread(more, np.append(labels, 5)) == within_class_spread(images, labels)


@pytest.mark.parametrize(
    ("n", "labels", "says"), [(3, [1, 2, 3], "two images"), (0, [], "two images"), (3, [1], "1 lab")]
)
def test_faults_are_named(small, n, labels, says):
    with pytest.raises(UserError, match=says):
        within_class_spread(small.train.images[:n], np.array(labels, int))
