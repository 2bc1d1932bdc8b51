"""How much each pixel of a page differs from the paper behind it, whichever of the two is darker."""

import numpy as np
from PIL import Image
from scipy import ndimage

from ocrgen.imaging.components import clear_border

# The background is estimated by a morphological closing that removes strokes up to a certain width: from a fraction of
# the image's longest side, enough for a page, to the thickest strokes of one digit that fills the image, as a fraction
# of its own height (MNIST's reach 0.42).
PAGE_STROKE, MAX_STROKE, RELATIVE_STROKE = 0.12, 0.32, 0.5


def ink_contrast(rgb: np.ndarray) -> np.ndarray:
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
    box = ndimage.find_objects(clear_border(mask).astype(np.int8))
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
