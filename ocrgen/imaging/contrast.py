"""How much each pixel of a page differs from the paper behind it, whichever of the two is darker."""

import cv2
import numpy as np

from ocrgen.imaging.components import clear_border

# The background is estimated by a morphological closing that removes strokes up to a certain width: from a fraction of
# the image's longest side, enough for a page, to the thickest strokes of one digit that fills the image, as a fraction
# of its own height (MNIST's reach 0.42).
PAGE_STROKE, MAX_STROKE, RELATIVE_STROKE = 0.12, 0.32, 0.5
# The longest side, in pixels, at which the background is estimated: paper and light change slowly.
COARSE = 320
# Colours whose channels differ by more than so many grey levels are worth a look at each channel.
MIN_CHROMA = 24


def ink_contrast(rgb: np.ndarray) -> np.ndarray:
    """Difference of each pixel from its background, relative to the largest possible one: float32 (H, W)."""
    factor = max(1, round(max(rgb.shape) / COARSE))
    coarse = shrunk(rgb, factor)
    grey = cv2.cvtColor(coarse, cv2.COLOR_RGB2GRAY)
    red, green, blue = cv2.split(coarse)
    chroma = cv2.max(cv2.max(red, green), blue) - cv2.min(cv2.min(red, green), blue)
    channels = [grey, red, green, blue] if chroma.max() > MIN_CHROMA else [grey]
    best = (0.0, 0, True)
    for i, small in enumerate(channels):
        median, smooth = _local_median(small), _smooth(small)
        for dark in (True, False):
            paper = _background(smooth, dark, MAX_STROKE)
            # With the wrong polarity, paper between strokes differs from the background, but not from the median.
            contrast = (
                cv2.min(cv2.subtract(paper, small), cv2.subtract(median, small))
                if dark
                else cv2.min(cv2.subtract(small, paper), cv2.subtract(small, median))
            )
            score = cv2.norm(contrast, cv2.NORM_L2SQR) * (2.5 if i == 0 else 1)
            if score > best[0]:
                best = score, i, dark
    _, i, dark = best
    small = channels[i]
    smooth = _smooth(small)
    # A first pass with a narrow window, which may break digits up, tells their size and so how wide the window has to
    # be: one wider than that would take the dark corner behind a shadow's edge for ink.
    first = cv2.absdiff(_background(smooth, dark, PAGE_STROKE), small)
    stroke = RELATIVE_STROKE * _relative_extent(first > 0.4 * first.max())
    paper = _background(smooth, dark, float(np.clip(stroke, PAGE_STROKE, MAX_STROKE))).astype(np.float32)
    channel = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY) if i == 0 else cv2.extractChannel(rgb, i - 1)
    gain = 1 / np.maximum(paper if dark else 255 - paper, 32)
    # (paper - channel) * gain, of which only the two slow factors are enlarged.
    size = channel.shape[::-1]
    level, gain = (cv2.resize(slow, size, interpolation=cv2.INTER_LINEAR) for slow in (paper * gain, gain))
    relative = cv2.multiply(channel, gain, dtype=cv2.CV_32F)
    return cv2.subtract(level, relative) if dark else cv2.subtract(relative, level)


def shrunk(image: np.ndarray, factor: int) -> np.ndarray:
    """An image uint8 (H, W) or (H, W, C) of which `factor` by `factor` pixels at a time are averaged into one."""
    if factor == 1:
        return image
    height, width = image.shape[:2]
    return cv2.resize(image, (-(-width // factor), -(-height // factor)), interpolation=cv2.INTER_AREA)


def _relative_extent(mask: np.ndarray) -> float:
    """Longest side of the bounding box of the ink mask (H, W), border objects left out, relative to the image's."""
    return max(cv2.boundingRect(clear_border(mask).view(np.uint8))[2:]) / max(mask.shape)


def _smooth(small: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(small, (0, 0), 1)


def _background(smooth: np.ndarray, dark: bool, stroke: float) -> np.ndarray:
    """The paper behind dark or light ink, uint8 (h, w): strokes up to `stroke` of the longest side are removed."""
    side = 2 * round(stroke * max(smooth.shape) / 2) + 1
    window = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
    paper = cv2.morphologyEx(smooth, cv2.MORPH_CLOSE if dark else cv2.MORPH_OPEN, window)
    return cv2.GaussianBlur(paper, (0, 0), 2)


def _local_median(small: np.ndarray) -> np.ndarray:
    """Median over a window of half the image around each pixel, at low resolution: uint8 (h, w) -> (h, w)."""
    coarse = shrunk(small, max(1, max(small.shape) // 40))
    side = 2 * (max(coarse.shape) // 4) + 1
    reach = side // 2
    padded = cv2.copyMakeBorder(coarse, reach, reach, reach, reach, cv2.BORDER_REFLECT)
    median = cv2.medianBlur(padded, side)[reach:-reach, reach:-reach]
    return cv2.resize(median, small.shape[::-1], interpolation=cv2.INTER_LINEAR)
