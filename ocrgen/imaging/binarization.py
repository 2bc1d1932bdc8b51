"""Separate ink from paper on a photographed page, despite uneven light, shadows at the edges and ruled lines."""

import numpy as np
from PIL import Image
from scipy import ndimage

# The background is estimated by a morphological closing that removes strokes up to a certain width: from a fraction of
# the image's longest side, enough for a page, to the thickest strokes of one digit that fills the image, as a fraction
# of its own height (MNIST's reach 0.42).
PAGE_STROKE, MAX_STROKE, RELATIVE_STROKE = 0.12, 0.32, 0.5
# Contrast (0 to 1) below which nothing counts as ink: a constant, or a multiple of the noise if that is larger.
MIN_CONTRAST = 0.08
NOISE_FACTOR = 5.0
# The threshold between paper and ink, as a fraction of the full contrast of the ink.
THRESHOLD = 0.42
# Ruled lines have at most this slope, and are inked over this fraction of the image's width.
MAX_SLOPE, MIN_COVERAGE = 0.22, 0.6


def binarize(rgb: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ink contrast float32 (H, W) in [0, 1], and ink mask bool (H, W), of an image uint8 (H, W, 3).

    The ink may be darker or lighter than the paper and of any colour: the channel and polarity that stand out most are
    taken. An empty mask means a blank page.
    """
    ink = _ink_contrast(rgb)
    ink = ndimage.gaussian_filter(ink, max(0.8, 0.0007 * max(ink.shape)))
    # The mean and standard deviation of the paper, as a normal distribution, from two percentiles in the lowest
    # third of the values, which holds no ink however tightly the image is cropped.
    p10, p30 = np.percentile(ink[::2, ::2], [10, 30])
    noise = (p30 - p10) / 0.757
    ink = np.clip(ink - (p30 + 0.524 * noise), 0, None)
    floor = max(MIN_CONTRAST, NOISE_FACTOR * noise)
    mask = ink > floor
    # Ruled lines may hold most of the inked pixels, so the contrast of the writing is only known without them.
    for _ in range(2):
        mask, ink = _remove_ruling(mask, ink)
        mask = _clear_border(mask)
        if not mask.any():
            return ink, mask
        mask = ink > max(floor, THRESHOLD * np.percentile(ink[mask], 92))
    mask, ink = _remove_ruling(mask, ink)
    return ink, _clear_border(mask)


def _ink_contrast(rgb: np.ndarray) -> np.ndarray:
    """Difference of each pixel from its background, relative to the largest possible one: float32 (H, W)."""
    grey = np.asarray(Image.fromarray(rgb).convert("L"))
    channels = [grey, *(rgb[..., i] for i in range(3))] if np.ptp(rgb, axis=2).max() > 24 else [grey]
    best = (0.0, grey, True, grey.astype(np.float32))
    for i, channel in enumerate(channels):
        factor = max(1, round(max(channel.shape) / 320))
        small = np.asarray(Image.fromarray(channel).reduce(factor), np.float32)
        median = _local_median(small)
        for dark in (True, False):
            paper = _background(small, dark, MAX_STROKE)
            # With the wrong polarity, paper between strokes differs from the background, but not from the median.
            contrast = np.minimum(paper - small, median - small) if dark else np.minimum(small - paper, small - median)
            score = float(np.square(np.clip(contrast, 0, None)).sum()) * (2.5 if i == 0 else 1)
            if score > best[0]:
                best = score, channel, dark, small
    _, channel, dark, small = best
    # A first pass with a narrow window, which may break digits up, tells their size and so how wide the window has to
    # be: one wider than that would take the dark corner behind a shadow's edge for ink.
    first = np.abs(_background(small, dark, PAGE_STROKE) - small)
    stroke = RELATIVE_STROKE * _relative_extent(first > 0.4 * first.max())
    paper = _background(small, dark, float(np.clip(stroke, PAGE_STROKE, MAX_STROKE)))
    grey = channel.astype(np.float32)
    paper = np.asarray(Image.fromarray(paper.astype(np.float32)).resize(grey.shape[::-1], Image.Resampling.BILINEAR))
    return (paper - grey) / np.maximum(paper, 32) if dark else (grey - paper) / np.maximum(255 - paper, 32)


def _relative_extent(mask: np.ndarray) -> float:
    """Longest side of the bounding box of the ink mask (H, W), border objects left out, relative to the image's."""
    box = ndimage.find_objects(_clear_border(mask).astype(np.int8))
    return max((s.stop - s.start for s in box[0]), default=0) / max(mask.shape) if box else 0.0


def _background(small: np.ndarray, dark: bool, stroke: float) -> np.ndarray:
    """The paper behind dark or light ink, (h, w): strokes up to the fraction `stroke` of the longest side removed."""
    side = 2 * round(stroke * max(small.shape) / 2) + 1
    small = ndimage.gaussian_filter(small, 1)
    paper = ndimage.grey_closing(small, (side, side)) if dark else ndimage.grey_opening(small, (side, side))
    return ndimage.gaussian_filter(paper, 2)


def _local_median(small: np.ndarray) -> np.ndarray:
    """Median over a window of half the image around each pixel, at low resolution: (h, w) -> (h, w)."""
    factor = max(1, max(small.shape) // 40)
    coarse = np.asarray(Image.fromarray(small).reduce(factor))
    coarse = ndimage.median_filter(coarse, max(coarse.shape) // 2 + 1, mode="reflect")
    return np.asarray(Image.fromarray(coarse).resize(small.shape[::-1], Image.Resampling.BILINEAR))


def connected_components(mask: np.ndarray) -> np.ndarray:
    """Labels int32 (H, W) of the 8-connected components of a mask bool (H, W): 1, 2, ..., and 0 for the background."""
    labels = np.zeros(mask.shape, np.int32)
    ndimage.label(mask, np.ones((3, 3)), output=labels)
    return labels


def _clear_border(mask: np.ndarray) -> np.ndarray:
    """The mask without objects that run along the image border: a table, a finger, a shadow."""
    labels = connected_components(mask)
    count = int(labels.max(initial=0))
    if not count:
        return mask
    boxes = ndimage.find_objects(labels)
    spans = np.array([[0, 0], *([y.stop - y.start, x.stop - x.start] for y, x in boxes)])
    sides = [np.bincount(side, minlength=count + 1) for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1])]
    along = np.max(sides, axis=0)
    share = np.max([np.maximum(*sides[:2]) / mask.shape[1], np.maximum(*sides[2:]) / mask.shape[0]], axis=0)
    # A stroke that leaves the image crosses its border, and does not run along it. A digit that fills an image cropped
    # too tightly may do so over some distance.
    fills = (spans > 0.6 * np.array(mask.shape)).all(1) & (share < 0.7)
    bad = ((share > 0.2) | (along > 0.5 * spans.max(1))) & ~fills
    bad[0] = False
    return mask & ~bad[labels]


def _remove_ruling(mask: np.ndarray, ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ink mask and contrast, (H, W) each, without ruled lines."""
    erased = _ruling_mask(mask) | _ruling_mask(mask.T).T
    if not erased.any():
        return mask, ink
    kept = mask & ~erased
    # Strokes that cross a line at a shallow angle are cut with it: bridge them again, within the line only.
    closed = np.asarray(ndimage.binary_closing(np.pad(kept, 8), np.ones((3, 3)), iterations=3), bool)
    kept |= closed[8:-8, 8:-8] & erased
    # The soft edges of a line go with it, or they would reappear when the threshold is lowered.
    near_lines = np.asarray(ndimage.binary_dilation(erased & ~kept, iterations=2), bool)
    near_strokes = np.asarray(ndimage.binary_dilation(kept, iterations=2), bool)
    return kept, np.where((near_lines & ~near_strokes) | (erased & ~kept), 0, ink)


def _ruling_mask(mask: np.ndarray) -> np.ndarray:
    """Nearly horizontal ruled lines across the whole image in an ink mask: bool (H, W), without strokes across them."""
    height, width = mask.shape
    lengths = _vertical_run_lengths(mask)
    thin = mask & (lengths <= max(4, 0.014 * max(mask.shape)))
    factor = max(1, max(mask.shape) // 320)
    small = thin[: height // factor * factor, : width // factor * factor]
    small = np.logical_or.reduce(small.reshape(height // factor, factor, width // factor, factor), axis=(1, 3))
    y, x = np.nonzero(small)
    if len(x) < MIN_COVERAGE * small.shape[1]:
        return np.zeros_like(mask)
    on_line = np.zeros(mask.shape, bool)
    columns = np.arange(width)
    for slope, intercept in _hough_lines(small, y, x):
        # Every vertical run that the line passes through, unless it is thicker than the line.
        middle = np.rint((intercept + slope * (columns / factor)) * factor + factor / 2).astype(int)
        reach = factor + 2
        rows = middle + np.arange(-reach, reach + 1)[:, None]
        inside = (rows >= 0) & (rows < height)
        rows = np.clip(rows, 0, height - 1)
        hit = thin[rows, columns] & inside
        if not hit.any():
            continue
        thickness = np.median(lengths[rows, columns][hit])
        hit &= lengths[rows, columns] <= 1.6 * thickness + 1
        on_line[rows[hit], np.broadcast_to(columns, rows.shape)[hit]] = True
    return on_line


def _hough_lines(small: np.ndarray, y: np.ndarray, x: np.ndarray) -> list[tuple[float, float]]:
    """(slope, intercept) of lines y = intercept + slope * x through points y, x (n,) of a mask (h, w), strongest first.

    A Hough transform (Duda and Hart 1972) over slopes up to MAX_SLOPE.
    """
    height, width = small.shape
    slopes = np.linspace(-MAX_SLOPE, MAX_SLOPE, 2 * round(MAX_SLOPE * width) + 1)
    margin = int(MAX_SLOPE * width) + 2
    votes = np.stack(
        [np.bincount(np.rint(y - a * x).astype(int) + margin, minlength=height + 2 * margin) for a in slopes]
    )
    peaks = np.argwhere(votes >= MIN_COVERAGE * 0.8 * width)
    peaks = peaks[np.argsort(-votes[tuple(peaks.T)], kind="stable")][:4000]
    lines: list[tuple[float, float]] = []
    columns = np.arange(width)
    thickened = ndimage.maximum_filter1d(small, 3, axis=0)
    for a, b in peaks:
        slope, intercept = float(slopes[a]), float(b - margin)
        if any(abs(intercept - c) < 4 or abs(intercept + slope * width - c - m * width) < 4 for m, c in lines):
            continue
        rows = np.rint(intercept + slope * columns).astype(int)
        inside = (rows >= 0) & (rows < height)
        if inside.sum() > width / 2 and thickened[rows[inside], columns[inside]].mean() >= MIN_COVERAGE:
            lines.append((slope, intercept))
    return lines


def _vertical_run_lengths(mask: np.ndarray) -> np.ndarray:
    """Length in pixels of the vertical run of each pixel of a mask bool (H, W): int32 (H, W), 0 where it is False."""
    padded = np.pad(mask.T, ((0, 0), (1, 1))).astype(np.int8)
    edges = np.diff(padded, axis=1)
    starts, ends = np.argwhere(edges == 1), np.argwhere(edges == -1)
    lengths = np.zeros(mask.T.shape, np.int32)
    lengths[mask.T] = np.repeat(ends[:, 1] - starts[:, 1], ends[:, 1] - starts[:, 1])
    return lengths.T
