"""Precision, recall, density, coverage: against their definitions, in closed form, and where samples go wrong."""

import numpy as np
import pytest

from ocrgen.metrics.measures import manifold as module
from ocrgen.metrics.measures.manifold import expected_coverage, manifold
from ocrgen.utils.errors import UserError


def gaussian(n: int, d: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def by_definition(real: np.ndarray, fake: np.ndarray, k: int) -> dict[str, float]:
    """All distances at once, in float64, as the papers write it down."""
    real, fake = real.astype(np.float64), fake.astype(np.float64)

    def distances(a, b):
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(2))

    real_reach = np.sort(distances(real, real), axis=1)[:, k]  # the 0th is the image itself
    fake_reach = np.sort(distances(fake, fake), axis=1)[:, k]
    cross = distances(real, fake)
    return {
        "precision": np.mean([(cross[:, j] <= real_reach).any() for j in range(len(fake))]),
        "recall": np.mean([(cross[i] <= fake_reach).any() for i in range(len(real))]),
        "density": sum((cross[:, j] <= real_reach).sum() for j in range(len(fake))) / (k * len(fake)),
        "coverage": np.mean([cross[i].min() <= real_reach[i] for i in range(len(real))]),
    }


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("cells", [2**24, 200, 1])
@pytest.mark.parametrize("shift", [0, 1000])
def test_equals_the_definition(monkeypatch, k, cells, shift):
    monkeypatch.setattr(module, "MAX_ELEMENTS", cells)
    real, fake = gaussian(70, 6, 0), 0.8 * gaussian(55, 6, 1) + 0.7
    expected = by_definition(real, fake, k)
    assert 0 < expected["recall"] < 1 and 0 < expected["precision"] < 1
    # Multiples of 1/1024 stay exact when shifted, and a large common mean may change nothing.
    real, fake = (np.round(x * 1024) / 1024 for x in (real, fake))
    found = manifold((real + shift).astype(np.float32), (fake + shift).astype(np.float32), k)
    assert found == pytest.approx(by_definition(real, fake, k))


def test_the_same_set_twice():
    x = gaussian(300, 16, 0)
    found = manifold(x, x, 5)
    assert found["precision"] == found["recall"] == found["coverage"] == 1
    # Each ball holds its own image and k neighbours, but for the last digit of the k-th, which lies on the rim.
    assert found["density"] == pytest.approx(6 / 5, rel=0.005)


def test_far_apart():
    x = gaussian(200, 16, 0)
    assert manifold(x, gaussian(150, 16, 1) + 100) == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}


def test_mode_collapse_is_precise_and_covers_little():
    real = gaussian(500, 8, 0)
    found = manifold(real, real[7] + 0.01 * gaussian(400, 8, 1))
    assert found["precision"] == 1
    assert found["coverage"] < 0.1 and found["recall"] < 0.1


def test_one_image_of_many_copies_recalls_nothing_else():
    real = gaussian(100, 8, 0)
    found = manifold(real, np.repeat(real[:1], 50, axis=0))
    assert found["precision"] == 1 and found["recall"] <= 0.01


def test_outliers_fool_precision_but_not_density():
    real, fake = gaussian(400, 2, 0), gaussian(400, 2, 1) * 0.3 + 8
    with_outliers = np.concatenate([real, [[8, 8], [9, 9], [7, 7], [8, 7], [7, 9], [8.5, 8]]]).astype(np.float32)
    assert manifold(real, fake)["precision"] == 0
    found = manifold(with_outliers, fake, 5)
    assert found["precision"] > 0.9
    assert found["coverage"] < 0.05


@pytest.mark.parametrize(("n", "m", "k"), [(1000, 1000, 1), (1000, 1000, 5), (1000, 400, 3)])
def test_coverage_of_perfect_samples_in_closed_form(n, m, k):
    if n == m:
        top, bottom = np.prod(np.arange(n - k, n)), np.prod(np.arange(2 * n - k, 2 * n))
        assert expected_coverage(n, m, k) == pytest.approx(1 - float(top) / float(bottom))
    found = np.mean([manifold(gaussian(n, 4, 2 * s), gaussian(m, 4, 2 * s + 1), k)["coverage"] for s in range(6)])
    assert found == pytest.approx(expected_coverage(n, m, k), abs=0.02)


def test_density_of_perfect_samples_is_about_one():
    found = [manifold(gaussian(1000, 4, 2 * s), gaussian(1000, 4, 2 * s + 1))["density"] for s in range(4)]
    assert np.mean(found) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(
    ("real", "fake", "k", "says"),
    [
        (np.zeros((5, 3)), np.ones((9, 3)), 5, "5 real"),
        (np.zeros((9, 3)), np.ones((5, 3)), 5, "5 generated"),
        (np.zeros((9, 3)), np.ones((0, 3)), 5, "0 generated"),
        (np.zeros((9, 3)), np.ones((9, 3)), 0, "0 neighbours"),
        (np.zeros((9, 3)), np.ones((9, 4)), 5, "(9, 4)"),
        (np.zeros(9), np.ones((9, 1)), 5, "(9,)"),
        (np.full((9, 3), np.nan), np.ones((9, 3)), 5, "not finite"),
        (np.zeros((9, 3)), np.full((9, 3), np.inf), 5, "not finite"),
        (np.zeros((9, 3)), np.full((9, 3), 1e30), 5, "beyond all measure"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_faults_are_named(real, fake, k, says):
    with pytest.raises(UserError) as caught:
        manifold(real.astype(np.float32), fake.astype(np.float32), k)
    assert says in str(caught.value)
