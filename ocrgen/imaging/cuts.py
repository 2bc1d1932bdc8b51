"""Candidate cuts through a component of ink: where digits that touch may be separated."""

from dataclasses import dataclass

import cv2
import numpy as np

# Relative to the ink of the component: the least that a cut leaves on each side, and the least by which two differ.
MIN_SHARE, MIN_CHANGE = 0.06, 0.03
MIN_HEIGHT = 0.5  # of what is on each side, relative to the component's
MAX_CUTS = 20
# Lines along which a cut may run: their slants, pixels to the right for each pixel down, and how far apart they lie
# and how far a cut may bend from its line, relative to the height.
SLANTS, SPACING, BEND = (-1.0, -0.65, -0.35, -0.15, 0.0, 0.15, 0.35, 0.65), 0.06, 0.13
PAPER, ASIDE = 0.02, 0.35  # what a path pays for a pixel of paper, and for a step aside, where a pixel of ink is 1


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

    Along every line of a fan that covers the component, dynamic programming finds the path from the top to the bottom
    that crosses the least ink and bends from the line by no more than `BEND`. Of paths that part the ink in much the
    same way, the cheapest is taken.
    """
    height, width = ink.shape
    bend = max(2, round(BEND * height))
    lines = _lines(height, width)  # (N, H): the column of every line in every row
    columns = lines[:, :, None] + np.arange(-bend, bend + 1)
    padded = np.pad(ink, ((0, 0), (1, 1)))
    values = padded[np.arange(height)[:, None], np.clip(columns + 1, 0, width + 1)]
    path = _cheapest(values + PAPER)
    crossed = np.take_along_axis(values, path[:, :, None], 2)[:, :, 0]
    boundary = np.clip(lines + path - bend, 0, width)
    sums = np.pad(np.cumsum(ink, 1), ((0, 0), (1, 0)))
    mass = sums[np.arange(height), boundary]  # (N, H): the ink to the left of the path in every row
    length, full = crossed.sum(1), float(ink.sum())
    share = mass.sum(1) / full
    tall = np.minimum((mass > 0.5).sum(1), (sums[:, -1] - mass > 0.5).sum(1)) >= MIN_HEIGHT * height
    fits = tall & (np.minimum(share, 1 - share) >= MIN_SHARE)
    order = [k for k in np.argsort(length, kind="stable") if fits[k]]
    chosen: list[int] = []
    for k in order:
        if not chosen or np.abs(mass[chosen] - mass[k]).sum(1).min() >= MIN_CHANGE * full:
            chosen.append(k)
        if len(chosen) == MAX_CUTS:
            break
    chosen.sort(key=lambda k: share[k])
    x, around = np.arange(width), cv2.GaussianBlur(ink, (0, 0), 0.5 * stroke)
    return [_cut(x < boundary[k][:, None], boundary[k], crossed[k], around) for k in chosen]


def _cut(left: np.ndarray, boundary: np.ndarray, crossed: np.ndarray, around: np.ndarray) -> Cut:
    """The cut along a path, of which column and ink in every row are given."""
    steps = np.diff((crossed > 0.5).astype(np.int8), prepend=0, append=0)
    density = around[np.arange(len(boundary)), np.minimum(boundary, around.shape[1] - 1)]
    edges = np.r_[density[np.flatnonzero(steps[:-1] == 1)], density[np.flatnonzero(steps[1:] == -1)]]
    notch = (float(edges.mean()), float(edges.min())) if len(edges) else (0.5, 0.5)
    bend = float(np.abs(np.diff(boundary)).sum()) / len(boundary)
    return Cut(left, float(crossed.sum()), int((steps == 1).sum()), notch, bend)


def _lines(height: int, width: int) -> np.ndarray:
    """The column of every line in every row, int (N, H); some lie outside of the width."""
    rows, lines = np.arange(height) - height / 2, []
    for slant in SLANTS:
        middles = np.arange(0, width, max(1, SPACING * height))
        lines.append(np.rint(middles[:, None] + slant * rows).astype(int))
    return np.concatenate(lines)


def _cheapest(cost: np.ndarray) -> np.ndarray:
    """The cheapest path through each of N bands of cost (N, H, B): int (N, H), one index a row."""
    count, height, breadth = cost.shape
    steps = (0, -1, 1, -2, 2)
    padded = np.full((count, breadth + 4), np.inf)
    padded[:, 2:-2] = cost[:, 0]
    came = np.zeros((height, count, breadth), np.int8)
    for y in range(1, height):
        best, choice = padded[:, 2:-2] + cost[:, y], came[y]
        for step in steps[1:]:
            option = padded[:, 2 + step : 2 + step + breadth] + cost[:, y] * (1 + ASIDE * abs(step))
            better = option < best
            best = np.where(better, option, best)
            choice[better] = step
        padded[:, 2:-2] = best
    path, every = np.empty((count, height), int), np.arange(count)
    path[:, -1] = padded[:, 2:-2].argmin(1)
    for y in range(height - 1, 0, -1):
        path[:, y - 1] = path[:, y] + came[y, every, path[:, y]]
    return path
