"""The Fréchet distance against closed forms, 40-digit arithmetic and the formulas that others use; its statistics."""

import os
import zipfile
from functools import cache
from pathlib import Path

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from ocrgen.metrics.frechet import Accumulator, GaussianStats, MetricError, _positive, frechet_distance

of = GaussianStats.of


def relu_like(n: int, d: int, seed: int) -> np.ndarray:
    """Non-negative features (n, d) with a decaying spectrum, in multiples of 1/4096: exact as integers, too."""
    rng, mix = np.random.default_rng(seed), np.random.default_rng(d)
    basis = np.linalg.qr(mix.standard_normal((d, d)))[0] * np.arange(1, d + 1) ** -0.7
    features = rng.standard_normal((n, d)) * (1 + seed * np.linspace(0, 0.2, d)) @ basis.T + 0.05 * (1 + seed)
    return np.round(np.maximum(features, 0) * 4096) / 4096


def gaussian(covariance: np.ndarray, mean: float | np.ndarray = 0.0) -> GaussianStats:
    covariance = np.asarray(covariance, float)
    return GaussianStats(10**6, np.zeros(len(covariance)) + mean, covariance)


def rotation(d: int, seed: int = 0) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]


# --- exactness ---------------------------------------------------------------------------------------------------


class Exact:
    """Features as integers, so that sums, means and products carry no rounding at all."""

    def __init__(self, features: np.ndarray):
        x = (features * 4096).astype(np.int64)
        assert (x == features * 4096).all()
        self.n, self.sum = len(x), x.sum(0)
        self.rows = (self.n * x - self.sum).astype(object)  # n * (x - mean)
        self.scale = mpmath.mpf(self.n) ** 2 * (self.n - 1) * 4096**2  # rows.T @ rows / scale = covariance

    def scatter(self) -> np.ndarray:
        return self.rows.T @ self.rows

    def trace(self) -> mpmath.mpf:
        return mpmath.mpf(int((self.rows**2).sum())) / self.scale


def root_sum(matrix: mpmath.matrix) -> mpmath.mpf:
    return mpmath.fsum(mpmath.sqrt(max(v, 0)) for v in mpmath.eigsy(matrix, eigvals_only=True))


def overlap_from_rows(a: Exact, b: Exact) -> mpmath.mpf:
    """tr((A B)^(1/2)) from the few rows of a: roots of the eigenvalues of R B R^T, (n, n)."""
    small = mpmath.matrix((a.rows @ b.scatter() @ a.rows.T).tolist())
    return root_sum(small) / mpmath.sqrt(a.scale * b.scale)


def overlap_from_cholesky(a: Exact, b: Exact) -> mpmath.mpf:
    """tr((A B)^(1/2)) at full rank: A = L L^T, roots of the eigenvalues of L^T B L."""
    root = mpmath.cholesky(mpmath.matrix(a.scatter().tolist()) / a.scale)
    return root_sum(root.T * (mpmath.matrix(b.scatter().tolist()) / b.scale) * root)


def exact_distance(x: np.ndarray, y: np.ndarray) -> mpmath.mpf:
    """The distance in 40 digits."""
    with mpmath.workdps(40):
        a, b = sorted((Exact(x), Exact(y)), key=lambda s: s.n)
        gap = [
            mpmath.mpf(int(p)) / (a.n * 4096) - mpmath.mpf(int(q)) / (b.n * 4096)
            for p, q in zip(a.sum, b.sum, strict=True)
        ]
        overlap = (overlap_from_rows if a.n <= x.shape[1] else overlap_from_cholesky)(a, b)
        return mpmath.fsum(g * g for g in gap) + a.trace() + b.trace() - 2 * overlap


def test_the_40_digit_reference_agrees_with_another_formula():
    x, y, few = relu_like(40, 6, 0), relu_like(50, 6, 1), relu_like(6, 6, 2)
    with mpmath.workdps(40):
        for overlap, p in ((overlap_from_cholesky, x), (overlap_from_rows, x), (overlap_from_rows, few)):
            a, b = Exact(p), Exact(y)
            product = mpmath.matrix(a.scatter().tolist()) * mpmath.matrix(b.scatter().tolist()) / (a.scale * b.scale)
            values = mpmath.eig(product, left=False, right=False)
            other = mpmath.fsum(mpmath.sqrt(abs(v)) for v in values)
            assert abs(overlap(a, b) / other - 1) < 1e-15


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
    assert _positive(np.array([-3e-17, 2e-17, 4e-17, 1.0])).tolist() == [0, 0, 4e-17, 1]
    assert _positive(np.array([1e-30, 1.0])).tolist() == [1e-30, 1]


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


def assert_same(a: GaussianStats, b: GaussianStats, rel: float = 1e-11) -> None:
    assert (a.n, a.factor is None) == (b.n, b.factor is None)
    np.testing.assert_allclose(a.mean, b.mean, rtol=rel)
    np.testing.assert_allclose(a.covariance, b.covariance, rtol=0, atol=rel * np.abs(b.covariance).max())
    if a.factor is not None:
        np.testing.assert_allclose(a.factor, b.factor, rtol=0, atol=rel * np.abs(b.factor).max())


@pytest.mark.parametrize("n", [3, 15, 16, 17, 5000])
def test_statistics_are_numpys(n):
    x = relu_like(n, 16, 1).astype(np.float32)
    stats = of(x, "digitnet-2/ab12", "f00d")
    assert (stats.n, stats.extractor, stats.fingerprint) == (n, "digitnet-2/ab12", "f00d")
    np.testing.assert_allclose(stats.mean, x.astype(float).mean(0), rtol=1e-12)
    np.testing.assert_allclose(stats.covariance, np.cov(x.astype(float), rowvar=False), rtol=0, atol=1e-14)
    assert (stats.covariance == stats.covariance.T).all()
    if n <= 16:
        np.testing.assert_allclose(stats.factor.T @ stats.factor, stats.covariance, rtol=0, atol=1e-15)
    else:
        assert stats.factor is None


@settings(max_examples=100, deadline=None)
@given(
    st.integers(2, 40), st.integers(2, 20), st.lists(st.integers(0, 40), max_size=6), st.sampled_from([0.0, 1e6, -1e6])
)
def test_streaming_batch_and_merge_agree(n, d, cuts, offset):
    x = relu_like(n, d, 1)
    x[:, 0] = 0.1  # dead, and not a sum of powers of two
    x += offset
    blocks = np.split(x, sorted(min(c, n) for c in cuts))
    accumulator = Accumulator(d)
    merged = None
    for block in blocks:
        accumulator.update(block)
        if len(block):
            accumulator.stats()  # a look in between changes nothing
            merged = of(block) if merged is None else merged.merge(of(block))
    whole, rel = of(x), 1e-11 if not offset else 1e-7
    assert_same(accumulator.stats(), whole, rel)
    assert_same(merged, whole, rel)
    assert whole.covariance[0, 0] == accumulator.stats().covariance[0, 0] == merged.covariance[0, 0] == 0


def test_a_large_mean_costs_a_stream_no_digits():
    x = relu_like(4000, 16, 1)
    accumulator = Accumulator(16)
    for block in np.split(x + 2.0**20, 40):  # exact: features are multiples of 1/4096
        accumulator.update(block)
    assert_same(accumulator.stats(), GaussianStats(4000, x.mean(0) + 2.0**20, np.cov(x, rowvar=False)), 1e-12)


def test_merged_few_images_keep_nine_digits():
    x, y = relu_like(20, 32, 1), relu_like(300, 32, 3)
    merged = of(x[:1]).merge(of(x[1:7])).merge(of(x[7:]))
    assert abs(frechet_distance(merged, of(y)) / exact_distance(x, y) - 1) < 1e-9


def test_merge_keeps_what_is_known():
    x = relu_like(20, 4, 1)
    a, b = of(x, "net", "one"), of(x, "net", "two")
    assert a.merge(b).extractor == a.merge(of(x)).extractor == of(x).merge(a).extractor == "net"
    assert a.merge(b).fingerprint == a.merge(b).fingerprint not in ("", a.merge(a).fingerprint, "one", "two")
    assert a.merge(of(x)).fingerprint == ""


def test_the_references_root_is_computed_once(monkeypatch):
    a, b = of(relu_like(50, 8, 1)), of(relu_like(50, 8, 2))
    roots = []
    cholesky = np.linalg.cholesky
    monkeypatch.setattr(np.linalg, "cholesky", lambda c: roots.append(c) or cholesky(c))
    first = frechet_distance(a, b)
    assert frechet_distance(a, b) == first and frechet_distance(b, a) == first
    assert len(roots) == 1 and (roots[0] == b.covariance).all()


# --- files -------------------------------------------------------------------------------------------------------


@cache
def saved() -> GaussianStats:
    return of(relu_like(100, 16, 1), "digitnet-2/ab12", "f00d")


@pytest.mark.parametrize("n", [100, 10])
def test_files(n, tmp_path):
    stats, other = of(relu_like(n, 16, 1), "digitnet-2/ab12", "é"), of(relu_like(90, 16, 2))
    stats.save(tmp_path / "a.stats")
    stats.save(tmp_path / "b.npz", 1e-6)
    exact, close = GaussianStats.load(tmp_path / "a.stats"), GaussianStats.load(tmp_path / "b.npz")
    for loaded in (exact, close):
        assert (loaded.n, loaded.extractor, loaded.fingerprint) == (n, "digitnet-2/ab12", "é")
        assert loaded.mean.dtype == loaded.covariance.dtype == np.float64
        assert (loaded.mean == stats.mean).all() and (loaded.covariance == loaded.covariance.T).all()
    assert_same(exact, stats, 0.0)
    assert_same(close, stats, 1e-3 if n > 16 else 0.0)  # few images are kept exactly
    assert frechet_distance(exact, other) == frechet_distance(stats, other)
    assert frechet_distance(close, other) == pytest.approx(frechet_distance(stats, other), rel=1e-3)


@pytest.mark.parametrize("loss", [4e-6, 1e-4])
def test_rounded_statistics_are_small_near_and_positive(loss, tmp_path):
    x = relu_like(20_000, 128, 1)
    x[:, 5] = 0.1  # a dead dimension stays dead
    stats, others = of(x), [of(relu_like(n, 128, 1)[-n // 2 :]) for n in (1000, 20_000)] + [of(relu_like(500, 128, 2))]
    stats.save(tmp_path / "exact")
    stats.save(tmp_path / "small", loss)
    assert (tmp_path / "small").stat().st_size < 0.25 * (tmp_path / "exact").stat().st_size
    small, bound = GaussianStats.load(tmp_path / "small"), loss * stats.covariance.trace()
    assert 0 < frechet_distance(small, stats) < 1.2 * bound
    assert np.linalg.eigvalsh(small.covariance).min() > -1e-15 and not small.covariance[5].any()
    np.testing.assert_allclose(small.root @ small.root.T, small.covariance, rtol=0, atol=1e-15)
    for other in others:
        assert abs(frechet_distance(other, small) - frechet_distance(other, stats)) < 2 * bound


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("pickle-was-run",)


def parts() -> dict:
    packed = saved().covariance[np.triu_indices(16)]
    texts = {"format": "ocrgen-gaussian-1", "extractor": "", "fingerprint": ""}
    return {"n": 100, "mean": saved().mean, "covariance": packed, **texts}


def test_files_as_the_hostile_ones_but_whole_are_read(tmp_path):
    np.savez(tmp_path / "whole.npz", **parts())
    assert_same(GaussianStats.load(tmp_path / "whole.npz"), saved(), 0.0)


HOSTILE = {
    "pickled mean": {"mean": np.array([Bomb()] * 16, object)},
    "pickled format": {"format": np.array(Bomb(), object)},
    "another format": {"format": "theirs"},
    "no images": {"n": 0},
    "short covariance": {"covariance": np.ones(135)},
    "covariance that would stretch": {"covariance": np.ones(1)},
    "a million dimensions": {"mean": np.zeros(10**6)},
    "flat mean": {"mean": np.array(1.0)},
    "square mean": {"mean": np.zeros((16, 2))},
    "NaN mean": {"mean": np.full(16, np.nan)},
    "infinite covariance": {"covariance": np.full(136, np.inf)},
    "text": {"covariance": np.array(["x"] * 136)},
    "short root": {"root": np.zeros((4, 135), np.uint8), "step": 1.0},
    "root of floats": {"root": np.zeros((4, 136)), "step": 1.0},
    "flat root": {"root": np.zeros(544, np.uint8), "step": 1.0},
    "root without a step": {"root": np.zeros((4, 136), np.uint8)},
    "infinite step": {"root": np.ones((4, 136), np.uint8), "step": np.inf},
    "factor of others": {"n": 10, "factor": np.ones((9, 16))},
    "NaN factor": {"n": 10, "factor": np.full((10, 16), np.nan)},
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("mine.npz", **(parts() | HOSTILE[case]))
    with pytest.raises(MetricError, match=r"mine\.npz: "):
        GaussianStats.load(Path("mine.npz"))
    assert not Path("pickle-was-run").exists()


def test_missing_foreign_and_cut_files_are_refused(tmp_path):
    np.save(tmp_path / "array.npy", np.ones(3))
    np.savez(tmp_path / "pytorch-fid.npz", mu=np.ones(3), sigma=np.eye(3))
    (tmp_path / "text.npz").write_text("statistics")
    (tmp_path / "empty.npz").touch()
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as file:
        file.writestr("format.npy", "ocrgen")
    for name in ("array.npy", "pytorch-fid.npz", "text.npz", "empty.npz", "zip.npz", "missing.npz", "."):
        with pytest.raises(MetricError, match=r"cannot be read as statistics") as error:
            GaussianStats.load(tmp_path / name)
        assert str(tmp_path / name) in str(error.value)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_are_refused_or_whole(data, tmp_path):
    saved().save(tmp_path / "whole.npz")
    content = bytearray((tmp_path / "whole.npz").read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:at]
    else:
        content[at] ^= data.draw(st.integers(1, 255))
    (tmp_path / "mine.npz").write_bytes(content)
    try:
        loaded = GaussianStats.load(tmp_path / "mine.npz")
    except MetricError as error:
        assert "mine.npz" in str(error)
    else:  # the change lay in what zip does not need, as a date
        assert_same(loaded, saved(), 0.0)


# --- faults ------------------------------------------------------------------------------------------------------


GOOD = relu_like(30, 6, 1)


@pytest.mark.parametrize(
    ("features", "fault"),
    [
        (GOOD[:1], "has one image"),
        (np.full((30, 6), 0.1), "features are constant"),
        (np.full((4, 6), 0.1), "features are constant"),
        (GOOD[:, :5], "5 and of 6 dimensions|6 and of 5 dimensions"),
    ],
)
def test_no_distance(features, fault):
    for a, b, which in ((of(features), of(GOOD), "first"), (of(GOOD), of(features), "second")):
        with pytest.raises(MetricError, match=fault) as error:
            frechet_distance(a, b)
        assert which in str(error.value) or "dimensions" in fault


def test_extractors_are_not_mixed():
    a, b = of(GOOD, "digitnet-2/ab12"), of(GOOD[:20], "inception/cd34")
    for compare in (frechet_distance, GaussianStats.merge):
        with pytest.raises(MetricError, match="digitnet-2/ab12.*inception/cd34"):
            compare(a, b)
        compare(a, of(GOOD))  # of which nothing is known
    with pytest.raises(MetricError, match="6 and of 5 dimensions"):
        of(GOOD).merge(of(GOOD[:, :5]))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e76])
@pytest.mark.parametrize("n", [30, 4])
def test_features_must_be_finite(value, n):
    bad = GOOD[:n].copy()
    bad[2, 3] = value
    accumulator = Accumulator(6)
    accumulator.update(GOOD)
    with pytest.raises(MetricError, match="not finite"):
        accumulator.update(bad)
    assert_same(accumulator.stats(), of(GOOD), 0.0)
    with pytest.raises(MetricError, match="not finite"):
        of(bad)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
def test_every_type_of_number_is_taken(dtype):
    features = np.random.default_rng(0).integers(0, 255, (30, 6))
    assert_same(of(features.astype(dtype)), of(features.astype(float)), 0.0)


@pytest.mark.parametrize("shape", [(0, 6), (6,), (5, 0), (3, 6, 2)])
def test_features_must_be_a_table(shape):
    with pytest.raises(MetricError, match=r"expected \(N, d\)"):
        of(np.ones(shape))


def test_faults_of_streams_and_statistics():
    with pytest.raises(MetricError, match="no features"):
        Accumulator(6).stats()
    with pytest.raises(MetricError, match=r"\(30, 6\); expected \(N, 5\)"):
        Accumulator(5).update(GOOD)
    with pytest.raises(MetricError, match="do not fit together"):
        GaussianStats(30, np.zeros(6), np.eye(5))
