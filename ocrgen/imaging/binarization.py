"""A photographed page -> its ink alone: without uneven light, shadows at the edge, and printed rules."""

import numpy as np
from PIL import Image
from scipy import ndimage

# The paper is what stays when all strokes up to some width are closed: from a share of the longest side, which does
# for a page, to the thickest blots of a digit that fills its picture (MNIST's reach 0.42 of the digit's own height).
PAGE, FULL, BLOT = 0.12, 0.32, 0.5
# Contrast, of 1, below which nothing counts as ink; noise raises it.
FAINT = 0.08
NOISE = 5.0
# A mark is what has more than this share of the ink's full contrast.
CUT = 0.42
# Rules lean at most this much (the tangent), and are inked over this share of their way through the picture.
LEAN, COVER = 0.22, 0.6


def binarize(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Contrast of the ink, float32 (H, W), 0 to 1, and where it is a mark, bool (H, W), from a picture uint8 (H, W, 3).

    Dark on light or light on dark, in any colour: whichever stands out most. No mark at all means a blank page.
    """
    ink = _contrast(rgb)
    ink = ndimage.gaussian_filter(ink, max(0.8, 0.0007 * max(ink.shape)))
    # Paper and its noise from the lower third, which holds no ink however tightly the picture is cropped.
    low, middle = np.percentile(ink[::2, ::2], [10, 30])
    noise = (middle - low) / 0.757
    ink = np.clip(ink - (middle + 0.524 * noise), 0, None)
    floor = max(FAINT, NOISE * noise)
    marks = ink > floor
    # Rules may have most of the pixels, so the ink's own level is only known once the faintest of them are gone.
    for _ in range(2):
        marks, ink = _without_rules(marks, ink)
        marks = _inside(marks)
        if not marks.any():
            return ink, marks
        marks = ink > max(floor, CUT * np.percentile(ink[marks], 92))
    marks, ink = _without_rules(marks, ink)
    return ink, _inside(marks)


def _contrast(rgb: np.ndarray) -> np.ndarray:
    """How far each pixel is from its paper towards the ink's tone, 0 to 1: float32 (H, W)."""
    grey = np.asarray(Image.fromarray(rgb).convert("L"))
    channels = [grey, *(rgb[..., i] for i in range(3))] if np.ptp(rgb, axis=2).max() > 24 else [grey]
    best = (0.0, grey, True, grey.astype(np.float32))
    for i, channel in enumerate(channels):
        factor = max(1, round(max(channel.shape) / 320))
        small = np.asarray(Image.fromarray(channel).reduce(factor), np.float32)
        middle = _median(small)
        for dark in (True, False):
            paper = _paper(small, dark, FULL)
            # Paper between strokes stands out from "paper" of the wrong polarity, but not from the page at large.
            both = np.minimum(paper - small, middle - small) if dark else np.minimum(small - paper, small - middle)
            score = float(np.square(np.clip(both, 0, None)).sum()) * (2.5 if i == 0 else 1)
            if score > best[0]:
                best = score, channel, dark, small
    _, channel, dark, small = best
    # No wider than the digits can need, though a narrow window may break them up: a wide one takes the dark corner
    # behind a shadow's edge for ink.
    first = np.abs(_paper(small, dark, PAGE) - small)
    paper = _paper(small, dark, float(np.clip(BLOT * _extent(first > 0.4 * first.max()), PAGE, FULL)))
    grey = channel.astype(np.float32)
    paper = np.asarray(Image.fromarray(paper.astype(np.float32)).resize(grey.shape[::-1], Image.Resampling.BILINEAR))
    return (paper - grey) / np.maximum(paper, 32) if dark else (grey - paper) / np.maximum(255 - paper, 32)


def _extent(marks: np.ndarray) -> float:
    """The longest side of the box around all marks that don't run along the edge, as a share of the picture's."""
    box = ndimage.find_objects(_inside(marks).astype(np.int8))
    return max((s.stop - s.start for s in box[0]), default=0) / max(marks.shape) if box else 0.0


def _paper(small: np.ndarray, dark: bool, stroke: float) -> np.ndarray:
    """The light or dark paper behind dark or light ink: strokes up to a share of the side closed. (h, w) -> (h, w)"""
    side = 2 * round(stroke * max(small.shape) / 2) + 1
    small = ndimage.gaussian_filter(small, 1)
    paper = ndimage.grey_closing(small, (side, side)) if dark else ndimage.grey_opening(small, (side, side))
    return ndimage.gaussian_filter(paper, 2)


def _median(small: np.ndarray) -> np.ndarray:
    """The page at large: the median over half the picture around each pixel. (h, w) -> (h, w)"""
    factor = max(1, max(small.shape) // 40)
    coarse = np.asarray(Image.fromarray(small).reduce(factor))
    coarse = ndimage.median_filter(coarse, max(coarse.shape) // 2 + 1, mode="reflect")
    return np.asarray(Image.fromarray(coarse).resize(small.shape[::-1], Image.Resampling.BILINEAR))


def _inside(marks: np.ndarray) -> np.ndarray:
    """The marks without those that run along the edge of the picture: a table, a finger, a shadow."""
    labels, count = ndimage.label(marks, np.ones((3, 3)))
    if not count:
        return marks
    boxes = ndimage.find_objects(labels)
    spans = np.array([[0, 0], *([y.stop - y.start, x.stop - x.start] for y, x in boxes)])
    sides = [np.bincount(side, minlength=count + 1) for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1])]
    along = np.max(sides, axis=0)
    share = np.max([np.maximum(*sides[:2]) / marks.shape[1], np.maximum(*sides[2:]) / marks.shape[0]], axis=0)
    # A stroke that leaves the picture crosses its edge; only what lies along it is no stroke. A digit that fills a
    # picture cut too tightly may do so for a while.
    fills = (spans > 0.6 * np.array(marks.shape)).all(1) & (share < 0.7)
    bad = ((share > 0.2) | (along > 0.5 * spans.max(1))) & ~fills
    bad[0] = False
    return marks & ~bad[labels]


def _without_rules(marks: np.ndarray, ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Marks and ink, (H, W) each, without printed rules."""
    erased = _rules(marks) | _rules(marks.T).T
    if not erased.any():
        return marks, ink
    kept = marks & ~erased
    # What crosses a rule at a shallow angle is cut with it: bridge it again, inside the rule only.
    kept |= ndimage.binary_closing(np.pad(kept, 8), np.ones((3, 3)), iterations=3)[8:-8, 8:-8] & erased
    # The rule's soft edges go with it, or they would come back when the threshold falls.
    beside = ndimage.binary_dilation(erased & ~kept, iterations=2) & ~ndimage.binary_dilation(kept, iterations=2)
    return kept, np.where(beside | (erased & ~kept), 0, ink)


def _rules(marks: np.ndarray) -> np.ndarray:
    """Where marks bool (H, W) are nothing but printed rules that run across the whole picture, near the horizontal."""
    height, width = marks.shape
    lengths = _vertical_runs(marks)
    thin = marks & (lengths <= max(4, 0.014 * max(marks.shape)))
    factor = max(1, max(marks.shape) // 320)
    small = thin[: height // factor * factor, : width // factor * factor]
    small = small.reshape(height // factor, factor, width // factor, factor).any((1, 3))
    y, x = np.nonzero(small)
    if len(x) < COVER * small.shape[1]:
        return np.zeros_like(marks)
    near = np.zeros(marks.shape, bool)
    columns = np.arange(width)
    for lean, start in _lines(small, y, x):
        # Sub-pixel, from the points themselves; then every run that the line passes and that is no thicker than it.
        middle = np.rint((start + lean * (columns / factor)) * factor + factor / 2).astype(int)
        reach = factor + 2
        rows = middle + np.arange(-reach, reach + 1)[:, None]
        inside = (rows >= 0) & (rows < height)
        rows = np.clip(rows, 0, height - 1)
        hit = thin[rows, columns] & inside
        if not hit.any():
            continue
        thick = np.median(lengths[rows, columns][hit])
        hit &= lengths[rows, columns] <= 1.6 * thick + 1
        near[rows[hit], np.broadcast_to(columns, rows.shape)[hit]] = True
    return near


def _lines(small: np.ndarray, y: np.ndarray, x: np.ndarray) -> list[tuple[float, float]]:
    """Straight lines y = start + lean * x through points of (h, w), strongest first: a Hough transform."""
    height, width = small.shape
    leans = np.linspace(-LEAN, LEAN, 2 * round(LEAN * width) + 1)
    margin = int(LEAN * width) + 2
    votes = np.stack(
        [np.bincount(np.rint(y - a * x).astype(int) + margin, minlength=height + 2 * margin) for a in leans]
    )
    peaks = np.argwhere(votes >= COVER * 0.8 * width)
    peaks = peaks[np.argsort(-votes[tuple(peaks.T)], kind="stable")][:4000]
    found: list[tuple[float, float]] = []
    columns = np.arange(width)
    thick = ndimage.maximum_filter1d(small, 3, axis=0)
    for a, b in peaks:
        lean, start = float(leans[a]), float(b - margin)
        if any(abs(start - s) < 4 or abs(start + lean * width - s - q * width) < 4 for q, s in found):
            continue
        rows = np.rint(start + lean * columns).astype(int)
        inside = (rows >= 0) & (rows < height)
        if inside.sum() > width / 2 and thick[rows[inside], columns[inside]].mean() >= COVER:
            found.append((lean, start))
    return found


def _vertical_runs(marks: np.ndarray) -> np.ndarray:
    """The length of the vertical run that each mark is part of, pixels: int (H, W), 0 where there is none."""
    padded = np.pad(marks.T, ((0, 0), (1, 1))).astype(np.int8)
    edges = np.diff(padded, axis=1)
    starts, ends = np.argwhere(edges == 1), np.argwhere(edges == -1)
    lengths = np.zeros(marks.T.shape, np.int32)
    lengths[marks.T] = np.repeat(ends[:, 1] - starts[:, 1], ends[:, 1] - starts[:, 1])
    return lengths.T
