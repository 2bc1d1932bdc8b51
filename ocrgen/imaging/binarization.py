"""Separate ink from paper on a photographed page, despite uneven light, shadows at the edges and ruled lines."""

import cv2
import numpy as np

from ocrgen.imaging.components import at_border, clear_border
from ocrgen.imaging.contrast import ink_contrast
from ocrgen.imaging.crops import crop_contrast
from ocrgen.imaging.forms import remove_forms

# Contrast (0 to 1) below which nothing counts as ink: a constant, or a multiple of the noise if that is larger.
MIN_CONTRAST = 0.08
NOISE_FACTOR = 5.0
# The threshold between paper and ink, as a fraction of the full contrast of the ink.
THRESHOLD = 0.42
# Percentiles of the paper are taken from so many rows and columns.
SAMPLED = 160


def binarize(rgb: np.ndarray, forms: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ink contrast float32 (H, W) in [0, 1], ink mask bool (H, W) and cells int32 (H, W) of an image uint8 (H, W, 3).

    forms, cells: see `remove_forms`.

    The ink may be darker or lighter than the paper and of any colour: the channel and polarity that stand out most are
    taken. An empty mask means a blank page.
    """
    ink = crop_contrast(rgb)
    if ink is not None:
        mask = ink > 0.5
        # A form's lines, too, may fill a picture; but the stroke of a tight crop runs from border to border as they do.
        if not at_border(mask):
            mask, ink, cells = remove_forms(mask, ink, forms)
            return ink, mask, cells
        return ink, mask, np.zeros(mask.shape, np.int32)
    ink = ink_contrast(rgb)
    ink = cv2.GaussianBlur(ink, (0, 0), max(0.8, 0.0007 * max(ink.shape)))
    # The mean and standard deviation of the paper, as a normal distribution, from two percentiles in the lowest
    # third of the values, which holds no ink however tightly the image is cropped.
    step = max(1, max(ink.shape) // SAMPLED)
    p10, p30 = np.percentile(ink[::step, ::step], [10, 30])
    noise = (p30 - p10) / 0.757
    ink -= np.float32(p30 + 0.524 * noise)
    np.maximum(ink, 0, out=ink)
    floor = max(MIN_CONTRAST, NOISE_FACTOR * noise)
    # Lines and forms may hold most of the inked pixels: the contrast of the writing is only known without them.
    mask, ink, cells = remove_forms(ink > floor, ink, forms)
    for _ in range(2):
        mask = clear_border(mask)
        if not mask.any():
            return ink, mask, cells
        mask = ink > max(floor, THRESHOLD * np.percentile(ink[mask], 92))
    # What blots and shadows hid from the first search.
    mask, ink, found = remove_forms(mask, ink, forms)
    return ink, clear_border(mask), cells if cells.any() else found
