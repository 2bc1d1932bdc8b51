"""Features with an exact distance: made as multiples of 1/4096, so that integers and 40 digits give the truth."""

import mpmath
import numpy as np

from ocrgen.metrics.frechet import GaussianStats

of = GaussianStats.of


def relu_like(n: int, d: int, seed: int) -> np.ndarray:
    """Non-negative features (n, d) with a decaying spectrum, in multiples of 1/4096: exact as integers, too."""
    rng, mix = np.random.default_rng(seed), np.random.default_rng(d)
    basis = np.linalg.qr(mix.standard_normal((d, d)))[0] * np.arange(1, d + 1) ** -0.7
    features = rng.standard_normal((n, d)) * (1 + seed * np.linspace(0, 0.2, d)) @ basis.T + 0.05 * (1 + seed)
    return np.round(np.maximum(features, 0) * 4096) / 4096


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


def assert_same(a: GaussianStats, b: GaussianStats, rel: float = 1e-11) -> None:
    assert (a.n, a.factor is None) == (b.n, b.factor is None)
    np.testing.assert_allclose(a.mean, b.mean, rtol=rel)
    np.testing.assert_allclose(a.covariance, b.covariance, rtol=0, atol=rel * np.abs(b.covariance).max())
    if a.factor is not None:
        np.testing.assert_allclose(a.factor, b.factor, rtol=0, atol=rel * np.abs(b.factor).max())
