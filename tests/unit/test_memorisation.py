"""Copies are found, new handwriting is not accused, and the interval is Wilson's."""

import numpy as np
import pytest

from ocrgen.metrics.measures.memorisation import memorised
from ocrgen.metrics.neighbours import nearest
from ocrgen.utils.errors import UserError
from ocrgen.utils.statistics import share_interval

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cloud():
    """Images (6000, 28, 28) around one grey, all of the same distribution: what an honest generator would draw."""
    base = np.random.default_rng(0).normal(128, 30, (6000, 7, 7)).clip(0, 255).astype(np.uint8)
    return base.repeat(4, axis=1).repeat(4, axis=2)


def test_copies_of_training_images(small):
    found = memorised(small.train.images[50:250], small.train.images, small.test.images)
    assert found["share"] == 1 and found["n"] == 200 and found["high"] == pytest.approx(1)
    assert found["low"] == pytest.approx(0.981, abs=0.001)


@pytest.mark.parametrize(("y", "x"), [(1, 0), (0, -1), (2, -2)])
def test_copies_that_were_moved_are_copies(small, y, x):
    """Compared in place, a copy moved by one pixel is as far from its original as from another digit."""
    train = np.pad(small.train.images[:, 3:-3, 3:-3], ((0, 0), (3, 3), (3, 3)))
    moved = np.roll(train[:100], (y, x), (1, 2))
    held_out = np.pad(small.test.images[:, 3:-3, 3:-3], ((0, 0), (3, 3), (3, 3)))
    assert memorised(moved, train, held_out)["share"] == 1
    threshold = np.quantile(nearest(held_out, train)[1], 0.01)
    assert (nearest(moved, train)[1] <= threshold).mean() < 0.2


@pytest.mark.parametrize("quantile", [0.01, 0.1, 0.5])
def test_new_images_get_about_the_quantile(cloud, quantile):
    found = memorised(cloud[4000:], cloud[:2000], cloud[2000:4000], quantile)
    # Both the share and the threshold scatter.
    assert found["share"] == pytest.approx(quantile, abs=4 * np.sqrt(2 * quantile * (1 - quantile) / 2000))
    assert found["low"] < found["share"] < found["high"]


def test_the_held_out_images_themselves_get_the_quantile(small):
    found = memorised(small.test.images, small.train.images, small.test.images, 0.05)
    assert found["share"] == pytest.approx(0.05, abs=1 / len(small.test) + 1e-9)


def test_noise_is_no_copy(small):
    noise = np.random.default_rng(0).integers(0, 256, (100, 28, 28), dtype=np.uint8)
    found = memorised(noise, small.train.images, small.test.images)
    assert found["share"] == 0 and found["low"] == 0 and 0 < found["high"] < 0.05


def test_the_threshold_is_the_distance_that_it_says(small):
    samples = small.test.images[:80]
    found = memorised(samples, small.train.images, small.validation.images, 0.2)
    padded = np.pad(samples, ((0, 0), (2, 2), (2, 2))).astype(np.float64)
    moved = [padded[:, y : y + 28, x : x + 28] for y in range(5) for x in range(5)]
    gaps = (np.sqrt(np.square(m[:, None] - small.train.images[None]).mean((2, 3))).min(1) for m in moved)
    distance = np.min(list(gaps), 0) / 255
    assert found["share"] == pytest.approx(np.mean(distance <= found["threshold"]))
    assert 0 < found["share"] < 0.6


def test_copies_are_found_where_held_out_images_repeat_training_images(small):
    held_out = np.concatenate([small.train.images[:20], small.test.images])
    found = memorised(small.train.images[:30], small.train.images, held_out)
    assert found["threshold"] == 0 and found["share"] == 1


def test_labels_find_copies_of_a_digit_that_varies_much(cloud):
    """One class lies dense and one wide: a common threshold is the dense one's, and misses faint copies of the wide."""
    dense = (cloud // 16).astype(np.uint8)
    train, held_out = np.concatenate([dense[:500], cloud[:500]]), np.concatenate([dense[500:1500], cloud[500:1500]])
    labels = np.repeat([3, 8], 500)
    faint = np.clip(cloud[:200] + np.random.default_rng(1).normal(0, 16, (200, 28, 28)), 0, 255).astype(np.uint8)
    assert memorised(faint, train, held_out)["share"] == 0
    assert memorised(faint, train, held_out, train_labels=labels)["share"] == 1
    honest = np.concatenate([dense[1500:], cloud[1500:]])
    assert memorised(honest, train, held_out, train_labels=labels)["share"] == pytest.approx(0.01, abs=0.012)


def test_wilson_interval():
    # Newcombe 1998, table I: 81 of 263, and none of 20.
    assert share_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert share_interval(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert share_interval(20, 20) == pytest.approx((1 - 0.1611, 1), abs=5e-5)


@pytest.mark.parametrize(("empty", "says"), [(0, "samples"), (1, "training images"), (2, "held-out images")])
def test_an_empty_set_is_named(small, empty, says):
    sets = [small.test.images] * 3
    sets[empty] = sets[empty][:0]
    with pytest.raises(UserError, match=f"no {says}"):
        memorised(*sets)


@pytest.mark.parametrize("quantile", [0, 1, 1.5, float("nan")])
def test_a_quantile_has_bounds(small, quantile):
    with pytest.raises(UserError, match="quantile"):
        memorised(small.test.images, small.train.images, small.test.images, quantile)


def test_labels_must_fit(small):
    with pytest.raises(UserError, match="320 training images, but 3 labels"):
        memorised(small.test.images, small.train.images, small.test.images, train_labels=np.zeros(3, int))
