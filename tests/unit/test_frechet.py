"""The Fréchet distance against closed forms, 40-digit arithmetic and the formulas that others use; its statistics."""

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from ocrgen.metrics.frechet import frechet_distance
from ocrgen.metrics.gaussian import GaussianStats, clip_eigenvalues
from tests.helpers.gaussians import Exact, exact_distance, of, overlap_from_cholesky, overlap_from_rows, relu_like


def gaussian(covariance: np.ndarray, mean: float | np.ndarray = 0.0) -> GaussianStats:
    covariance = np.asarray(covariance, float)
    return GaussianStats(10**6, np.zeros(len(covariance)) + mean, covariance)


def rotation(d: int, seed: int = 0) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]


# --- exactness ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_40_digit_reference_agrees_with_another_formula():
    x, y, few = relu_like(40, 6, 0), relu_like(50, 6, 1), relu_like(6, 6, 2)
    with mpmath.workdps(40):
        for overlap, p in ((overlap_from_cholesky, x), (overlap_from_rows, x), (overlap_from_rows, few)):
            a, b = Exact(p), Exact(y)
            product = mpmath.matrix(a.scatter().tolist()) * mpmath.matrix(b.scatter().tolist()) / (a.scale * b.scale)
            values = mpmath.eig(product, left=False, right=False)
            other = mpmath.fsum(mpmath.sqrt(abs(v)) for v in values)
            assert abs(overlap(a, b) / other - 1) < 1e-15


@pytest.mark.slow
@pytest.mark.parametrize(
    ("d", "n", "m"),
    [(32, 300, 200), (64, 1000, 400), (32, 20, 300), (64, 30, 1000), (64, 300, 64), (32, 12, 20), (64, 40, 25)],
)
def test_nine_digits_are_right(d, n, m):
    x, y = relu_like(n, d, 1), relu_like(m, d, 3)
    exact = exact_distance(x, y)
    assert exact > 0.01
    for distance in (frechet_distance(of(x), of(y)), frechet_distance(of(y), of(x))):
        assert abs(distance / exact - 1) < 1e-9


@pytest.mark.parametrize("d", [64, 192])
@pytest.mark.parametrize("n", [2000, 50])
def test_as_pytorch_fid_and_torchmetrics_compute_it(d, n):
    a, b = of(relu_like(n, d, 1)), of(relu_like(2000, d, 2))
    rest = ((a.mean - b.mean) ** 2).sum() + np.trace(a.covariance + b.covariance)
    product = a.covariance @ b.covariance
    by_eigenvalues = rest - 2 * torch.linalg.eigvals(torch.from_numpy(product)).sqrt().real.sum().item()
    assert frechet_distance(a, b) == pytest.approx(by_eigenvalues, rel=1e-6)
    if n > d:  # of a singular product, sqrtm is not to be trusted
        assert frechet_distance(a, b) == pytest.approx(rest - 2 * np.trace(sqrtm(product)).real, rel=1e-6)


# --- closed forms ------------------------------------------------------------------------------------------------


def test_equal_covariances_leave_the_means():
    covariance = np.cov(relu_like(200, 32, 1), rowvar=False)
    gap = np.linspace(-1, 2, 32)
    assert frechet_distance(gaussian(covariance, gap), gaussian(covariance)) == pytest.approx(gap @ gap, rel=1e-12)


@pytest.mark.parametrize("basis", [np.eye(20), rotation(20)], ids=["diagonal", "commuting"])
def test_same_axes(basis):
    s, t = np.linspace(0.1, 3, 20), np.linspace(2, 0.5, 20)
    a, b = gaussian(basis @ np.diag(s**2) @ basis.T, 0.5), gaussian(basis @ np.diag(t**2) @ basis.T)
    assert frechet_distance(a, b) == pytest.approx(((s - t) ** 2).sum() + 20 * 0.25, rel=1e-12)


def test_one_dimension():
    x, y = np.array([[0.0], [2.0], [4.0]]), np.array([[1.0], [2.0], [3.0]])
    assert frechet_distance(of(x), of(y)) == pytest.approx(1.0)  # deviations 2 and 1, equal means


def test_disjoint_dimensions_do_not_overlap():
    assert frechet_distance(gaussian(np.diag([4.0, 0])), gaussian(np.diag([0, 9.0]))) == 13.0


SIZES = pytest.mark.parametrize(("n", "m"), [(300, 200), (10, 200), (200, 10), (12, 10)])


@SIZES
def test_scaling_rotation_and_symmetry(n, m):
    x, y, turn = relu_like(n, 24, 1), relu_like(m, 24, 2), rotation(24)
    distance = frechet_distance(of(x), of(y))
    assert frechet_distance(of(y), of(x)) == pytest.approx(distance, rel=1e-11)
    assert frechet_distance(of(7 * x), of(7 * y)) == pytest.approx(49 * distance, rel=1e-11)
    assert frechet_distance(of(x @ turn), of(y @ turn)) == pytest.approx(distance, rel=1e-10)
    assert frechet_distance(of(x + 1e6), of(y + 1e6)) == pytest.approx(distance, rel=1e-7)


@SIZES
@pytest.mark.parametrize("scale", [1e-100, 1e70])
def test_any_unit(n, m, scale):
    x, y = relu_like(n, 24, 1), relu_like(m, 24, 2)
    distance = frechet_distance(of(x), of(y)) * scale**2
    assert frechet_distance(of(x * scale), of(y * scale)) == pytest.approx(distance, rel=1e-9, abs=0)


@pytest.mark.parametrize("n", [500, 20])
def test_no_distance_to_itself(n):
    x = relu_like(n, 64, 1)
    x[:, 5] = 0
    assert frechet_distance(of(x), of(x)) < 1e-9 * of(x).covariance.trace()


@pytest.mark.parametrize("dead_x, dead_y", [([3, 8], []), ([], [0, 23]), ([3, 8], [3, 8]), ([3, 8], [8, 0])])
@SIZES
def test_dead_dimensions_cost_no_digits(dead_x, dead_y, n, m):
    x, y = relu_like(n, 24, 1), relu_like(m, 24, 2)
    x[:, dead_x], y[:, dead_y] = 0, 0.1
    dead = sorted({*dead_x, *dead_y})
    # What a dimension that is dead on one side adds is known: the gap of the means and the variance of the other.
    alone = ((x.mean(0) - y.mean(0)) ** 2 + x.var(0, ddof=1) + y.var(0, ddof=1))[dead].sum()
    rest = frechet_distance(of(np.delete(x, dead, 1)), of(np.delete(y, dead, 1)))
    for reference_first in (False, True):
        a, b = of(x), of(y)
        if reference_first:
            assert np.allclose(a.root @ a.root.T, a.covariance, rtol=0, atol=1e-15)
        assert frechet_distance(a, b) == pytest.approx(rest + alone, rel=1e-9)


def test_linearly_dependent_features():
    """More images than dimensions, and yet a singular covariance: only half of the digits can be had from it."""
    x, y, turn = relu_like(300, 8, 1), relu_like(200, 8, 2), rotation(24)[:8]
    distance = frechet_distance(of(x @ turn), of(y @ turn))
    assert distance == pytest.approx(frechet_distance(of(x), of(y)), rel=1e-5)
    few = of((x @ turn)[:200]).root
    assert np.allclose(few, np.tril(few)) and np.allclose(few @ few.T, np.cov((x @ turn)[:200].T), atol=1e-13)


def test_eigenvalues_as_small_as_the_negative_ones_are_noise():
    assert clip_eigenvalues(np.array([-3e-17, 2e-17, 4e-17, 1.0])).tolist() == [0, 0, 4e-17, 1]
    assert clip_eigenvalues(np.array([1e-30, 1.0])).tolist() == [1e-30, 1]


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_never_negative_nor_nan(data):
    d = data.draw(st.integers(1, 12))

    def draw() -> GaussianStats:
        n, rank = data.draw(st.integers(2, 30)), data.draw(st.integers(1, d))
        rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
        x = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, d))
        x *= 10.0 ** rng.uniform(*data.draw(st.sampled_from([(0, 0), (-8, 8), (-60, 60)])), d)
        x[:, rng.permutation(d)[: data.draw(st.integers(0, d - 1))]] = 0
        return of(x + data.draw(st.sampled_from([0.0, 1.0, -1e6])))

    a, b = draw(), draw()
    if not (a.covariance.any() and b.covariance.any()):  # a spread that is lost beside 1e6
        return
    distance = frechet_distance(a, b)
    scale = a.covariance.trace() + b.covariance.trace() + ((a.mean - b.mean) ** 2).sum()
    assert 0 <= distance <= scale * (1 + 1e-9)  # and so not NaN
    assert distance == pytest.approx(frechet_distance(b, a), rel=0, abs=1e-6 * scale)


# --- statistics --------------------------------------------------------------------------------------------------
