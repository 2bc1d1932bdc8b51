"""Candidate cuts through a component of ink: where digits that touch may be separated."""

from dataclasses import dataclass

import cv2
import numpy as np

# Relative to the ink of the component: the least that a cut leaves on each side, and the least by which two differ.
MIN_SHARE, MIN_CHANGE = 0.06, 0.03
MIN_HEIGHT = 0.5  # of what is on each side, relative to the component's
MAX_CUTS = 30
PAPER, ASIDE = 0.3, 0.01  # what a path pays for a pixel of paper, where one of ink is 1, and for a slanting step


@dataclass(frozen=True)
class Cut:
    """A path from top to bottom, which cuts ink in two.

    left: bool (H, W), what lies left of it. length: of the ink on it, pixels. strokes: how many it cuts. notch: the
    share of ink around the places where it enters and leaves the ink, the mean and the least: half where it cuts across
    a stroke, more where it leads from one concavity of the outline to another. bend: how far it strays sideways,
    relative to the height.
    """

    left: np.ndarray
    length: float
    strokes: int
    notch: tuple[float, float]
    bend: float


def candidate_cuts(ink: np.ndarray, stroke: float) -> list[Cut]:
    """Cuts through ink (H, W), 0 to 1, that cross little of it, from left to right; stroke: its stroke width, pixels.

    Through every point of the ink, dynamic programming from the top and from the bottom finds the path that crosses the
    least ink. Of paths that part the ink in much the same way, the cheapest is taken.
    """
    height, width = ink.shape
    padded = np.pad(ink, ((0, 0), (1, 1)))  # a path may run around the ink
    (above, up), (below, down) = _cheapest(padded + PAPER), _cheapest(padded[::-1] + PAPER)
    below, down = below[::-1], down[::-1]
    y, x = np.nonzero(padded > 0.5)
    cost = above[y, x] + below[y, x] - padded[y, x]
    paths, every = np.empty((len(y), height), int), np.arange(len(y))  # the column of every path in every row
    paths[every, y] = x
    for row in range(1, height):
        lower = np.flatnonzero(y < row)
        paths[lower, row] = down[row - 1, paths[lower, row - 1]]
    for row in range(height - 2, -1, -1):
        upper = np.flatnonzero(y > row)
        paths[upper, row] = up[row + 1, paths[upper, row + 1]]
    rows, boundary = np.arange(height), np.clip(paths - 1, 0, width)
    sums = np.pad(np.cumsum(ink, 1), ((0, 0), (1, 0)))
    mass = sums[rows, boundary]  # (N, H): the ink to the left of the path in every row
    full = float(ink.sum())
    share = mass.sum(1) / full
    tall = np.minimum((mass > 0.5).sum(1), (sums[:, -1] - mass > 0.5).sum(1)) >= MIN_HEIGHT * height
    fits = tall & (np.minimum(share, 1 - share) >= MIN_SHARE)
    order = [k for k in np.argsort(cost, kind="stable") if fits[k]]
    chosen: list[int] = []
    for k in order:
        if not chosen or np.abs(mass[chosen] - mass[k]).sum(1).min() >= MIN_CHANGE * full:
            chosen.append(k)
        if len(chosen) == MAX_CUTS:
            break
    chosen.sort(key=lambda k: share[k])
    x, around = np.arange(width), cv2.GaussianBlur(ink, (0, 0), 0.5 * stroke)
    crossed = padded[rows, paths[chosen]]
    aside = np.abs(sums[rows[1:], boundary[chosen][:, :-1]] - mass[chosen][:, 1:])
    crossed[:, 1:] = np.maximum(crossed[:, 1:], aside)
    return [_cut(x < boundary[k][:, None], boundary[k], ink, around) for k, ink in zip(chosen, crossed, strict=True)]


def _cut(left: np.ndarray, boundary: np.ndarray, crossed: np.ndarray, around: np.ndarray) -> Cut:
    """The cut along a path, of which column and ink in every row are given."""
    steps = np.diff((crossed > 0.5).astype(np.int8), prepend=0, append=0)
    density = around[np.arange(len(boundary)), np.minimum(boundary, around.shape[1] - 1)]
    edges = np.r_[density[np.flatnonzero(steps[:-1] == 1)], density[np.flatnonzero(steps[1:] == -1)]]
    notch = (float(edges.mean()), float(edges.min())) if len(edges) else (0.5, 0.5)
    bend = float(np.abs(np.diff(boundary)).sum()) / len(boundary)
    return Cut(left, float(crossed.sum()), int((steps == 1).sum()), notch, bend)


def _cheapest(cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the cheapest path from the first row to each place costs, float (H, W), and whence it came, int (H, W).

    In each row, a path may run along as far as it pays; whence: the column at which it left the row before.
    """
    columns, costs, came = np.arange(cost.shape[1]), [cost[0]], [np.arange(cost.shape[1])]
    for row in cost[1:]:
        before = np.pad(costs[-1], 1, constant_values=np.inf)
        steps = np.stack([before[1:-1], before[:-2] + ASIDE, before[2:] + ASIDE])
        pick = steps.argmin(0)
        best, source = steps.min(0) + row, columns + np.array([0, -1, 1])[pick]
        for way in (slice(None), slice(None, None, -1)):
            along = np.cumsum(row[way])
            value = best[way] - along
            least = np.minimum.accumulate(value)
            start = np.maximum.accumulate(np.where(value <= least, columns, 0))
            best, source = (least + along)[way], source[way][start][way]
        costs.append(best)
        came.append(source)
    return np.stack(costs), np.stack(came)
