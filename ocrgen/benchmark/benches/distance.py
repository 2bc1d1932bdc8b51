"""The Fréchet distance from given statistics: ours against scipy's matrix square root, torchmetrics, pytorch-fid."""

import warnings
from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np
import torch
from scipy.linalg import sqrtm

from ocrgen.benchmark.lab import Lab, Part
from ocrgen.benchmark.measure import Side
from ocrgen.metrics.frechet import frechet_distance
from ocrgen.metrics.gaussian import GaussianStats

CASES = ((64, 10_000), (192, 10_000), (768, 10_000), (768, 500), (2048, 10_000), (2048, 1000))
SLOW = 1024  # dimensions above which scipy's square root is timed only once
QUICK_CASES = ((64, 2000), (192, 2000))
Other = Callable[[GaussianStats, GaussianStats], float]


def parts(lab: Lab) -> list[Part]:
    """A comparison for each number of dimensions and of images."""
    return [partial(against_others, lab, d, n) for d, n in (QUICK_CASES if lab.config.quick else CASES)]


def against_others(lab: Lab, d: int, n: int) -> Iterator[dict]:
    """Time all implementations in turn, and compare their values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pytorch-fid warns at every call
        ours, *rest = sides(d, n)
        if d > SLOW and any(side.name == "pytorch-fid" for side in rest):
            rest = rest[1:]  # half a minute per call, and the same as pytorch-fid's
        times, *others = lab.times(ours, *rest)
        value = ours.run()
        gaps = [abs(side.run() - value) / value if d <= 768 else None for side in rest]
    for gap, other in zip(gaps, others, strict=True):
        note = f"n = {n:,}, the reference's root at hand" + (f"; values differ by {gap:.0e}" if gap is not None else "")
        yield lab.versus(times, other, "ms", size=d, precision="float64", note=note)


def sides(d: int, n: int) -> list[Side]:
    """Our implementation first, then the others."""
    reference = statistics(d, max(n, 2 * d), 1)
    assert reference.root is not None  # cached, as in use: many sets are scored against one reference
    samples = statistics(d, n, 0)

    def ours() -> float:
        return frechet_distance(GaussianStats(samples.n, samples.mean, samples.covariance, samples.factor), reference)

    return [Side(f"ours, {d} dimensions", ours)] + [
        Side(name, partial(other, samples, reference)) for name, other in others().items()
    ]


@cache
def statistics(d: int, n: int, seed: int) -> GaussianStats:
    """Statistics of n random features (n, d) whose variances decay as those of a network's features do."""
    rng = np.random.default_rng([d, n, seed])
    mixing = np.random.default_rng(d).standard_normal((d, d)) * np.exp(-6 * np.arange(d) / d)[:, None]
    return GaussianStats.of(rng.standard_normal((n, d)) @ mixing / np.sqrt(d) + 0.05 * seed)


def others() -> dict[str, Other]:
    """Other implementations by name: those of the packages that are installed, else their formulas."""
    by_name: dict[str, Other] = {"scipy sqrtm": by_sqrtm}
    try:
        from pytorch_fid.fid_score import calculate_frechet_distance

        calculate_frechet_distance(*_moments(tiny := GaussianStats.of(np.eye(3)[:, :2]), tiny))
        by_name["pytorch-fid"] = lambda a, b: calculate_frechet_distance(*_moments(a, b))
    except (ImportError, TypeError):  # not installed, or a version (up to 0.3) that fails with scipy 1.18 and later
        by_name["scipy sqrtm, pytorch-fid's formula"] = by_name.pop("scipy sqrtm")
    try:
        from torchmetrics.image.fid import _compute_fid  # pyright: ignore[reportMissingImports] - optional

        by_name["torchmetrics"] = lambda a, b: float(_compute_fid(*map(torch.from_numpy, _moments(a, b))))
    except ImportError:
        by_name["eigvals, torchmetrics' formula"] = by_eigvals
    return by_name


def _moments(a: GaussianStats, b: GaussianStats) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return a.mean, a.covariance, b.mean, b.covariance


def by_sqrtm(a: GaussianStats, b: GaussianStats) -> float:
    """|mean_a - mean_b|^2 + tr(A) + tr(B) - 2 Re tr sqrt(A B), by scipy's matrix square root."""
    gap = a.mean - b.mean
    root = np.real(np.trace(sqrtm(a.covariance @ b.covariance)))
    return float(gap @ gap + a.covariance.trace() + b.covariance.trace() - 2 * root)


def by_eigvals(a: GaussianStats, b: GaussianStats) -> float:
    """|mean_a - mean_b|^2 + tr(A) + tr(B) - 2 sum Re sqrt(lambda), by the eigenvalues lambda of A B, in float64."""
    mean_a, a_, mean_b, b_ = map(torch.from_numpy, _moments(a, b))
    gap = (mean_a - mean_b).square().sum()
    root = torch.linalg.eigvals(a_ @ b_).sqrt().real.sum()
    return float(gap + a_.trace() + b_.trace() - 2 * root)
