"""Find ruled lines in an ink mask, and erase lines without the strokes that cross them."""

from dataclasses import dataclass

import cv2
import numpy as np

# Lines have at most this slope; the thickest one, relative to the image's longest side.
MAX_SLOPE, MAX_LINE = 0.2, 0.014
# A line across the page is inked over this share of it; others have at least this length, relative to the page.
MIN_COVERAGE, MIN_LENGTH = 0.6, 0.14


@dataclass(frozen=True)
class Line:
    """A straight line from (x, y) `start` to `end` and its thickness in pixels; nearly horizontal unless `upright`."""

    start: np.ndarray
    end: np.ndarray
    thickness: float
    upright: bool = False

    @property
    def length(self) -> float:
        return float(np.hypot(*(self.end - self.start)))

    def scaled(self, factor: float) -> "Line":
        shift = (factor - 1) / 2  # pixels are squares, their coordinates those of their middle
        return Line(self.start * factor + shift, self.end * factor + shift, self.thickness * factor, self.upright)


def find_lines(mask: np.ndarray, upright: bool) -> list[Line]:
    """Straight thin lines in an ink mask uint8 (H, W), 0 or 1, nearly horizontal or upright, strongest first.

    A Hough transform (Duda and Hart 1972) of the middle of each vertical run of ink.
    """
    mask = np.ascontiguousarray(mask.T if upright else mask)
    height, width = mask.shape
    x, y, lengths = _thin_runs(mask, max(4.0, 2 * MAX_LINE * max(mask.shape)))
    shortest = MIN_LENGTH * width
    if len(x) < 0.7 * shortest:
        return []
    middles = np.zeros(mask.shape, np.uint8)
    middles[y.astype(int), x] = 1
    limits = np.pi / 2 + np.arctan([-MAX_SLOPE, MAX_SLOPE])
    peaks = cv2.HoughLines(middles, 1, np.pi / 540, int(0.4 * shortest), None, 0, 0, *limits)
    if peaks is None:
        return []
    rho, theta = peaks[:400, 0].T[:2].astype(float)
    slopes, intercepts = -1 / np.tan(theta + 1e-9), rho / np.sin(theta)
    columns = np.arange(width)
    rows = np.rint(intercepts[:, None] + slopes[:, None] * columns).astype(int)
    inside = (rows >= 1) & (rows < height - 1)
    rows = rows.clip(0, height - 1)
    thick = cv2.dilate(middles, np.ones((3, 1), np.uint8))
    hits = (thick[rows, columns] > 0) & inside
    inked = (mask[rows, columns] > 0) & inside
    done = np.zeros(len(rows), bool)
    lines: list[Line] = []
    counts = hits.sum(1)
    # Beside lines across the page, what is much weaker is a chance alignment of their crossings.
    for k in np.flatnonzero(counts >= max(0.5 * shortest, 0.4 * counts.max() if counts.max() > 0.6 * width else 0)):
        if done[k]:
            continue
        for start, end in _stretches(hits[k], inked[k], shortest):
            a, b = intercepts[k] + slopes[k] * start, intercepts[k] + slopes[k] * end
            if any(_along(line, start, a, end, b) for line in lines):
                continue
            near = (x >= start) & (x <= end) & (np.abs(y - intercepts[k] - slopes[k] * x) < 2.5)
            slope, intercept = _fit(x[near], y[near]) if near.sum() > 8 else (slopes[k], intercepts[k])
            a, b = intercept + slope * start, intercept + slope * end
            lines.append(Line(np.array([start, a]), np.array([end, b]), float(np.median(lengths[near]))))
            if end - start > 0.5 * width:  # the other peaks of the same line
                away = np.abs(intercepts[:, None] + slopes[:, None] * [start, end] - [a, b])
                done |= (away < 4).any(1) & (away < 8).all(1)
    return [Line(line.start[::-1], line.end[::-1], line.thickness, True) for line in lines] if upright else lines


def refined(mask: np.ndarray, line: Line, slack: float) -> Line:
    """A nearly horizontal line, found to `slack` pixels in a smaller image, as it is in the full mask (H, W)."""
    slope = (line.end[1] - line.start[1]) / max(1, line.end[0] - line.start[0])
    x = np.unique(np.linspace(line.start[0], line.end[0], 80).clip(0, mask.shape[1] - 1).astype(int))
    reach = int(line.thickness + 2 * slack) + 2
    rows = np.rint(line.start[1] + slope * (x - line.start[0])).astype(int) + np.arange(-reach, reach + 1)[:, None]
    inked = (mask[rows.clip(0, mask.shape[0] - 1), x] > 0) & (rows >= 0) & (rows < mask.shape[0])
    # Of each column, its one run of ink, clear of the window's ends.
    lengths = inked.sum(0)
    edges = (inked[1:] != inked[:-1]).sum(0)
    clear = (edges == 2) & ~inked[0] & ~inked[-1] & (lengths > 0)
    if clear.sum() < 8:
        return line
    y = (rows * inked).sum(0)[clear] / lengths[clear]
    thickness = float(np.median(lengths[clear]))
    good = lengths[clear] <= 1.6 * thickness + 1
    slope, intercept = _fit(x[clear][good], y[good])
    ends = np.array([line.start[0], line.end[0]])
    start, end = np.stack([ends, intercept + slope * ends], 1)
    return Line(start, end, thickness)


def _fit(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of the least-squares line through points."""
    dx, dy = x - x.mean(), y - y.mean()
    slope = float(dx @ dy / max(1e-9, dx @ dx))
    return slope, float(y.mean() - slope * x.mean())


def _thin_runs(mask: np.ndarray, limit: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Column, middle row and length of each vertical run of a mask (H, W) that is at most `limit` long."""
    padded = np.zeros((mask.shape[1], mask.shape[0] + 1), np.uint8)
    padded[:, :-1] = mask.T
    edges = np.flatnonzero(np.diff(padded.ravel(), prepend=0))
    starts, ends = edges[::2], edges[1::2]
    keep = ends - starts <= limit
    starts, lengths = starts[keep], (ends - starts)[keep]
    x, top = np.divmod(starts, padded.shape[1])
    return x, top + (lengths - 1) / 2, lengths


def _stretches(hits: np.ndarray, inked: np.ndarray, shortest: float) -> list[tuple[int, int]]:
    """First and last column of the parts of a line (W,) that are long and inked, but for gaps and crossing strokes."""
    at = np.flatnonzero(hits)
    if len(at) < 0.5 * shortest:
        return []
    blank = np.concatenate([[0], np.cumsum(~inked)])
    gaps = blank[at[1:]] - blank[at[:-1] + 1]
    cuts = np.flatnonzero(gaps > max(4, 0.06 * len(hits)))
    bounds = np.stack([np.concatenate([[0], cuts + 1]), np.concatenate([cuts, [len(at) - 1]])], 1)
    out = []
    for i, j in bounds:
        length, seen = at[j] - at[i] + 1, j - i + 1
        bare = blank[at[j] + 1] - blank[at[i]]
        # A large digit may hide half of a line across the page: then hardly any of the rest is bare paper.
        hidden = length >= MIN_COVERAGE * len(hits) and seen >= 0.3 * length and bare <= 0.05 * length
        if length >= shortest and (seen >= MIN_COVERAGE * length or hidden):
            out.append((int(at[i]), int(at[j])))
    return out


def _along(line: Line, start: float, a: float, end: float, b: float) -> bool:
    """Whether a stretch from (start, a) to (end, b) lies on a line that was found before."""
    slope = (line.end[1] - line.start[1]) / max(1, line.end[0] - line.start[0])
    away = [abs(line.start[1] + slope * (x - line.start[0]) - y) for x, y in ((start, a), (end, b))]
    shared = min(end, line.end[0]) - max(start, line.start[0])
    return (min(away) < 4 or max(away) < 8) and shared > 0.3 * (end - start)


def erase(mask: np.ndarray, lines: list[Line], slack: float) -> tuple[np.ndarray, np.ndarray]:
    """An ink mask uint8 (H, W), 0 or 1, without lines, and the mask of what was erased.

    Along each line, the runs of ink across it go that are hardly longer than it is thick: what is longer is a stroke
    that touches or crosses it. slack: how many pixels the line may be from where it is said to be.
    """
    if not lines:
        return mask, np.zeros_like(mask)
    thickest = max(line.thickness for line in lines)
    margin = 3 * thickest + 2 * slack + 8
    points = np.concatenate([[line.start, line.end] for line in lines])
    left, top = np.floor(points.min(0) - margin).astype(int).clip(0)
    right, bottom = np.ceil(points.max(0) + margin).astype(int)
    window = mask[top:bottom, left:right]
    band, kept = np.zeros(window.shape, np.uint8), window.copy()
    for upright in (True, False):
        # Upright lines first: where lines meet, what is left of them is then as thin as the other line.
        for thickness, same in _by_thickness([line for line in lines if line.upright is upright]):
            here = np.zeros(window.shape, np.uint8)
            for line in same:
                _draw(here, line, (left, top), thickness + 2 * slack)
            size = int(1.6 * thickness + 2)
            kernel = np.ones((1, size) if upright else (size, 1), np.uint8)
            strokes = np.asarray(cv2.morphologyEx(kept, cv2.MORPH_OPEN, kernel), np.uint8)
            kept &= ~here | strokes
            band |= here
    # Strokes that cross a line at a shallow angle are cut with it: bridge them again, within the line only.
    side = int(max(7, thickest + 3)) | 1
    kept |= cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)) & window & ~kept
    _drop_rests(kept, band)
    rest = mask.copy()
    rest[top:bottom, left:right] = kept
    return rest, mask & ~rest


def _by_thickness(lines: list[Line]) -> list[tuple[float, list[Line]]]:
    """Lines in groups of about the same thickness, each with its largest."""
    groups: list[tuple[float, list[Line]]] = []
    for line in sorted(lines, key=lambda line: -line.thickness):
        if groups and line.thickness > 0.7 * groups[-1][0] - 1:
            groups[-1][1].append(line)
        else:
            groups.append((line.thickness, [line]))
    return groups


def _draw(canvas: np.ndarray, line: Line, origin: tuple[int, int], thickness: float) -> None:
    """Draw a line as a bar of a thickness, its ends lengthened by as much, on a canvas with the origin (x, y)."""
    along = (line.end - line.start) / max(1e-6, line.length)
    across = np.array([-along[1], along[0]]) * thickness / 2
    a, b = line.start - along * thickness - origin, line.end + along * thickness - origin
    bar = np.array([a + across, b + across, b - across, a - across])
    cv2.fillConvexPoly(canvas, np.rint(bar * 16).astype(np.int32), 1, cv2.LINE_8, 4)


def _drop_rests(kept: np.ndarray, band: np.ndarray) -> None:
    """Remove the components of a mask that lie within the band, in place: corners and ragged edges of lines."""
    count, labels = cv2.connectedComponents(kept, connectivity=8)
    at = np.flatnonzero(kept)
    of = labels.ravel()[at].astype(np.int64)
    inside = np.bincount(of[band.ravel()[at] > 0], minlength=count)
    rests = inside >= 0.9 * np.bincount(of, minlength=count)
    kept.ravel()[at[rests[of]]] = 0
