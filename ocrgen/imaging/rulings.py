"""Remove ruled lines from an ink mask, and keep the strokes that cross them."""

import numpy as np
from scipy import ndimage

# Ruled lines have at most this slope, and are inked over this fraction of the image's width.
MAX_SLOPE, MIN_COVERAGE = 0.22, 0.6


def remove_rulings(mask: np.ndarray, ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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
