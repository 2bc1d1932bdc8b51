"""Find lines that digits stand on: underlines, and combs that have ticks in place of boxes."""

import cv2
import numpy as np

from ocrgen.imaging.rulings import Line, erase

# An underline reaches over this share of the height of the digits on it at least; where it touches them, it has to be
# longer, and stand out on both sides of one digit, as the base of a 2 does not, or on one side of two.
MIN_LENGTH, MIN_TOUCHING_LENGTH, OUTSTANDING = 0.45, 1.1, 0.04
# Ticks stand at even distances, but for this share of them.
UNEVEN = 0.1


def stands_on(mask: np.ndarray, line: Line) -> bool:
    """Whether there are digits in the mask uint8 (H, W), 0 or 1, that stand on a line, and none that it is a bar of."""
    rest, _ = erase(mask, [line], 1.5)
    _, labels = cv2.connectedComponents(mask, connectivity=8)
    count, rests = cv2.connectedComponents(rest, connectivity=8)
    slope = (line.end[1] - line.start[1]) / max(1, line.end[0] - line.start[0])
    at = np.flatnonzero(rest)
    of = rests.ravel()[at].astype(np.int64)
    ys, xs = np.divmod(at, mask.shape[1])
    # Heights above the line: of the lowest and of the highest pixel of each component.
    above = line.start[1] + slope * (xs - line.start[0]) - ys
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    left, right = np.full(count, np.inf), np.full(count, -np.inf)
    for values, function, out in (
        (above, np.minimum, low), (above, np.maximum, high), (xs, np.minimum, left), (xs, np.maximum, right),
    ):  # fmt: skip
        function.at(out, of, values)
    size = high - low
    over = np.minimum(right, line.end[0]) - np.maximum(left, line.start[0]) > 0.5 * (right - left)
    on = over & (high > 0.6 * size) & (low > -0.25 * size) & (low < 0.5 * size) & (size > 5 * line.thickness)
    if not on.any():
        return False
    typical = size[on].max()
    on &= size > 0.5 * typical
    below = over & (high < 0.1 * typical) & (high > -0.4 * typical) & (size > 0.4 * typical)
    if below.any() or line.length < MIN_LENGTH * typical:
        return False
    own = labels[rest == 0]
    own = np.unique(own[own > 0])
    touching = np.isin(labels.ravel()[at], own) & on[of]
    if not touching.any():
        return True
    margin = max(2 * line.thickness, OUTSTANDING * typical)
    ends = [line.start[0] + margin < xs[touching].min(), xs[touching].max() < line.end[0] - margin]
    return line.length > MIN_TOUCHING_LENGTH * typical and sum(ends) + on.sum() >= 3


def find_ticks(mask: np.ndarray, line: Line) -> list[Line]:
    """The ticks at even distances on a line in an ink mask uint8 (H, W), 0 or 1, from left to right; three or more."""
    start, end = line.start[0], line.end[0]
    reach = int(min(0.7 * (end - start), line.start[1]))
    if reach < 1:  # a line at the top of the picture
        return []
    margin = int(2 * line.thickness) + 4  # the outer ticks stand on the ends of the line
    columns = np.arange(max(0, int(start) - margin), min(mask.shape[1], int(end) + margin + 1))
    if reach < 3 or not len(columns):
        return []
    slope = (line.end[1] - line.start[1]) / max(1, end - start)
    rows = line.start[1] + slope * (columns - start) - line.thickness / 2 - 1 - np.arange(reach)[:, None]
    inside = rows >= 0
    above = (mask[np.rint(rows.clip(0, mask.shape[0] - 1)).astype(int), columns] > 0) & inside
    # Ticks lean as the line slopes: one pixel beside counts too.
    near = cv2.dilate(above.astype(np.uint8), np.ones((1, 3), np.uint8)) > 0
    heights = np.where(near.all(0), reach, near.argmin(0))
    long = heights >= max(3, line.thickness + 1)
    edges = np.flatnonzero(np.diff(long.astype(np.int8), prepend=0, append=0))
    ticks = [
        (columns[a] + (b - a - 1) / 2, float(np.median(heights[a:b])))
        for a, b in zip(edges[::2], edges[1::2], strict=True)
        if b - a <= 2 * line.thickness + 4
    ]
    if len(ticks) < 3:
        return []
    x, tall = np.array(ticks).T
    slack = max(4.0, 0.03 * (end - start))
    if x[0] - start > slack or end - x[-1] > slack:
        return []
    for n in range(min(len(x) + 2, 24), 1, -1):
        step = (x[-1] - x[0]) / n
        expected = x[0] + step * np.arange(n + 1)
        nearest = np.abs(x - expected[:, None]).argmin(1)
        away = np.abs(x[nearest] - expected)
        found = away <= UNEVEN * step + 1
        if step > 5 * line.thickness and found.mean() >= 0.8 and len(np.unique(nearest[found])) == found.sum():
            typical = float(np.median(tall[nearest[found]]))
            bases = np.where(found, x[nearest], expected)
            tops = np.where(found, np.minimum(tall[nearest], max(1.3 * typical, 3)), typical)
            ys = line.start[1] + slope * (bases - start)
            lean = np.array([slope, -1])
            return [
                Line(np.array([bx, y]), np.array([bx, y]) + lean * (top + line.thickness), line.thickness, True)
                for bx, y, top in zip(bases, ys, tops, strict=True)
            ]
    return []
