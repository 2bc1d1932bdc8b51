"""Fidelity and diversity from neighbourhoods in feature space: precision, recall, density and coverage."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ocrgen.metrics.measures import MeasureInput
from ocrgen.utils.errors import UserError

COLUMNS = {
    "coverage": "Coverage: share of real images with a sample near",
    "density": "Density: how deep samples lie among real images",
    "precision": "Precision: share of samples that look real",
    "recall": "Recall: share of real images within reach",
}
MAX_ELEMENTS = 2**24  # of a block of float32 distances: 64 MiB


def manifold(real: np.ndarray, fake: np.ndarray, k: int = 5) -> dict[str, float]:
    """Precision, recall, density and coverage of `fake` (M, d) against `real` (N, d) features, both float.

    The ball of an image is closed and reaches to the k-th nearest neighbour in its own set.
    precision: share of fake images in at least one real ball; recall: share of real images in at least one fake ball
    (both 0 to 1; Kynkäänniemi et al. 2019, "Improved precision and recall", there with k = 3).
    density: number of real balls that contain a fake image, averaged over fake images, over k (0 or more; about 1 for
    perfect samples). coverage: share of real balls that contain a fake image (0 to 1). Both are from Naeem et al.
    2020, "Reliable fidelity and diversity metrics". For perfect samples, coverage is `expected_coverage`, not 1.
    UserError unless N, M > k >= 1 and all features are finite and of the same d.
    """
    if np.ndim(real) != 2 or np.ndim(fake) != 2 or np.shape(real)[1] != np.shape(fake)[1]:
        raise UserError(f"Features are {np.shape(real)} and {np.shape(fake)}; expected (N, d) and (M, d).")
    if not 1 <= k < min(len(real), len(fake)):
        raise UserError(f"{len(real)} real and {len(fake)} generated images have no {k} neighbours each: take more.")
    # Centred, since expanding the squared difference in float32 would lose precision far from the origin.
    centre = np.mean(real, axis=0, dtype=np.float64)
    r, f = (torch.from_numpy((x - centre).astype(np.float32)) for x in (real, fake))
    if not (r.square().sum().isfinite() and f.square().sum().isfinite()):
        raise UserError("Features are not finite, or beyond all measure: the images or the extractor are broken.")
    real_radii, fake_radii = _squared_radii(r, k), _squared_radii(f, k)
    precise = in_balls = 0
    covered, recalled = torch.zeros(len(r), dtype=torch.bool), torch.zeros(len(r), dtype=torch.bool)
    for rows, squared in _distance_blocks(f, r):
        inside = squared <= real_radii
        precise += inside.any(1).sum().item()
        in_balls += inside.sum().item()
        covered |= inside.any(0)
        recalled |= (squared <= fake_radii[rows, None]).any(0)
    return {
        "precision": precise / len(f),
        "recall": recalled.float().mean().item(),
        "density": in_balls / (k * len(f)),
        "coverage": covered.float().mean().item(),
    }


def measure(inputs: MeasureInput) -> dict[str, float]:
    """`manifold` of equally many generated and real images, and their number `manifold_n`; {} without features."""
    if not len(inputs.features):
        return {}
    return manifold(inputs.real_features, inputs.features) | {"manifold_n": len(inputs.features)}


def expected_coverage(n: int, m: int, k: int = 5) -> float:
    """Expected coverage of `n` real images by `m` samples of the same distribution (Naeem et al. 2020)."""
    j = np.arange(1, k + 1)
    return float(1 - np.prod((n - j) / (n + m - j)))


def _distance_blocks(a: Tensor, b: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Squared distances (rows, M) from `a` (N, d) to `b` (M, d), in blocks of at most MAX_ELEMENTS."""
    step, squares = max(1, MAX_ELEMENTS // len(b)), b.square().sum(1)
    for i in range(0, len(a), step):
        rows = a[i : i + step]
        squared = torch.addmm(squares, rows, b.T, alpha=-2).add_(rows.square().sum(1, keepdim=True))
        yield slice(i, i + len(rows)), squared


def _squared_radii(x: Tensor, k: int) -> Tensor:
    """Squared distance (N,) of each of `x` (N, d) to its k-th nearest neighbour."""
    radii = torch.empty(len(x))
    for rows, squared in _distance_blocks(x, x):
        squared[:, rows].fill_diagonal_(torch.inf)
        radii[rows] = squared.topk(k, dim=1, largest=False).values[:, -1]
    return radii
