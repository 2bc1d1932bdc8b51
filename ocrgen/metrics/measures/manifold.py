"""Are samples real-looking, and are all kinds of real images among them? Neighbourhoods in feature space say."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ocrgen.metrics.measures import MeasureInput
from ocrgen.utils.errors import UserError

COLUMNS = {
    "coverage": "Coverage: share of real digits with a sample near",
    "density": "Density: how deep samples lie among real digits",
    "precision": "Precision: share of samples that look real",
    "recall": "Recall: share of real digits within reach",
}
CELLS = 2**24  # of a block of distances: 64 MiB


def manifold(real: np.ndarray, fake: np.ndarray, k: int = 5) -> dict[str, float]:
    """Precision, recall, density and coverage of `fake` (M, d) against `real` (N, d) features, both float.

    Around each image lies a closed ball that reaches to its k-th nearest neighbour in its own set.
    precision: share of fake images in at least one real ball; recall: share of real images in at least one fake ball
    (both 0 to 1; Kynkaanniemi et al. 2019, "Improved precision and recall", there with k = 3).
    density: real balls that a fake image lies in, on average, over k (0 up; about 1 for perfect samples); coverage:
    share of real balls that hold a fake image (0 to 1; Naeem et al. 2020, "Reliable fidelity and diversity metrics").
    Coverage counts most where samples lack diversity; for perfect samples it is `expected_coverage`, not 1.
    UserError unless N, M > k >= 1 and all features are finite, of one d.
    """
    if np.ndim(real) != 2 or np.ndim(fake) != 2 or np.shape(real)[1] != np.shape(fake)[1]:
        raise UserError(f"Features are {np.shape(real)} and {np.shape(fake)}; expected (N, d) and (M, d).")
    if not 1 <= k < min(len(real), len(fake)):
        raise UserError(f"{len(real)} real and {len(fake)} generated images have no {k} neighbours each: take more.")
    # Around the origin, float32 keeps the digits of differences that the expansion of the square would lose.
    centre = np.mean(real, axis=0, dtype=np.float64)
    r, f = (torch.from_numpy((x - centre).astype(np.float32)) for x in (real, fake))
    if not (r.square().sum().isfinite() and f.square().sum().isfinite()):
        raise UserError("Features are not finite, or beyond all measure: the images or the extractor are broken.")
    real_reach, fake_reach = _reach(r, k), _reach(f, k)
    precise = density = 0
    covered, recalled = torch.zeros(len(r), dtype=torch.bool), torch.zeros(len(r), dtype=torch.bool)
    for rows, squared in _blocks(f, r):
        inside = squared <= real_reach
        precise += inside.any(1).sum().item()
        density += inside.sum().item()
        covered |= inside.any(0)
        recalled |= (squared <= fake_reach[rows, None]).any(0)
    return {
        "precision": precise / len(f),
        "recall": recalled.float().mean().item(),
        "density": density / (k * len(f)),
        "coverage": covered.float().mean().item(),
    }


def measure(seen: MeasureInput) -> dict[str, float]:
    """The four shares, on the features of as many samples as real images, and `manifold_n`; {} without any."""
    if not len(seen.features):
        return {}
    return manifold(seen.real_features, seen.features) | {"manifold_n": len(seen.features)}


def expected_coverage(n: int, m: int, k: int = 5) -> float:
    """The mean coverage of `n` real images by `m` samples of the very same distribution (Naeem et al. 2020)."""
    j = np.arange(1, k + 1)
    return float(1 - np.prod((n - j) / (n + m - j)))


def _blocks(a: Tensor, b: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Squared distances (rows, M) from `a` (N, d) to `b` (M, d), as many rows at once as fit into CELLS."""
    step, squares = max(1, CELLS // len(b)), b.square().sum(1)
    for i in range(0, len(a), step):
        rows = a[i : i + step]
        squared = torch.addmm(squares, rows, b.T, alpha=-2).add_(rows.square().sum(1, keepdim=True))
        yield slice(i, i + len(rows)), squared


def _reach(x: Tensor, k: int) -> Tensor:
    """Squared distance (N,) of each of `x` (N, d) to its k-th nearest other."""
    reach = torch.empty(len(x))
    for rows, squared in _blocks(x, x):
        squared[:, rows].fill_diagonal_(torch.inf)
        reach[rows] = squared.topk(k, dim=1, largest=False).values[:, -1]
    return reach
