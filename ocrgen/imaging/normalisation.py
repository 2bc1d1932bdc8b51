"""Bring a character that was found on a page to the geometry of a data set."""

import cv2
import numpy as np
from PIL import Image

from ocrgen.imaging.components import Component, dilated, stroke_width
from ocrgen.imaging.geometry import SIZE, Geometry, place


def normalise(ink: np.ndarray, component: Component, geometry: Geometry) -> np.ndarray:
    """One component of a page's ink (H, W), 0 to 1, in a data set's geometry: uint8 (28, 28), white on black."""
    return (_letter if geometry.single else _digit)(ink, component, geometry)


def normalise_part(ink: np.ndarray, geometry: Geometry) -> np.ndarray:
    """The ink float32 (h, w) within the box of what may be a digit, 0 to 1, as `normalise` would, but in 0.1 ms."""
    scale = geometry.box / max(ink.shape)
    if (missing := geometry.min_stroke / scale - stroke_width(ink > 0.5)) > 0:
        side = round(missing) + 1
        ink = cv2.dilate(np.pad(ink, side // 2), np.ones((side, side), np.uint8))
        scale = geometry.box / max(ink.shape)
    size = max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale))
    digit = cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return place(digit * (255 / digit.max()), geometry.centre)


def _window(ink: np.ndarray, component: Component, pad: int) -> tuple[np.ndarray, np.ndarray]:
    """The page's ink around a component, and its mask, both with `pad` pixels more on every side."""
    mask = np.pad(component.mask, pad)
    top, left = component.top - pad, component.left - pad
    window = np.zeros(mask.shape, np.float32)
    y0, x0 = max(0, -top), max(0, -left)
    part = ink[max(0, top) : top + mask.shape[0], max(0, left) : left + mask.shape[1]]
    window[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]] = part
    return window, mask


def _letter(ink: np.ndarray, component: Component, geometry: Geometry) -> np.ndarray:
    """The character of a page's ink (H, W) in the geometry of letters: uint8 (28, 28), its shades kept."""
    box = component.size * SIZE / max(ink.shape)
    low, high = geometry.sizes or (geometry.box, geometry.box)
    # Less than half the size of the smallest is no small letter, but one in a picture that is laid out otherwise.
    box = float(np.clip(box, low, high)) if box > low / 2 else geometry.box
    scale = box / component.size
    margin = 2 / scale  # of two pixels in the end, so that soft edges are not cut off
    window, mask = _window(ink, component, round(margin))
    soft = np.clip(window / np.percentile(window[mask], 90), 0, 1)
    soft *= dilated(mask, max(1, round(margin / 2)))
    stroke = stroke_width(soft > 0.5) * scale
    if stroke < geometry.min_stroke:
        side = round((geometry.min_stroke - stroke) / scale) + 1
        soft = cv2.dilate(soft, np.ones((side, side), np.uint8))
    height, width = mask.shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(Image.fromarray(soft.astype(np.float32)).resize(size, Image.Resampling.BOX))
    return place(small * (255 / small.max()), geometry.centre)


def _digit(ink: np.ndarray, component: Component, geometry: Geometry) -> np.ndarray:
    """One component of a page's ink (H, W) in a data set's geometry: uint8 (28, 28), with anti-aliased edges."""
    window, mask = _window(ink, component, max(2, component.size // 20))
    level = np.percentile(window[mask], 70)
    # The component and its soft edge, without its neighbours, ruled lines and the grain of the paper.
    soft = np.clip((window / level - 0.2) / 0.6, 0, 1) * dilated(mask, 2)
    inked = soft > 0.5
    stroke = stroke_width(inked) * geometry.box / component.size
    if stroke < geometry.min_stroke:
        side = round((geometry.min_stroke - stroke) * component.size / geometry.box) + 1
        soft = cv2.dilate(soft, np.ones((side, side), np.uint8))
        inked = soft > 0.5
    rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
    box = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    height, width = box[3] - box[1], box[2] - box[0]
    scale = geometry.box / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # MNIST was shrunk from black-and-white images: each grey level is the fraction of the pixel's area that is ink.
    digit = np.asarray(Image.fromarray(soft).resize(size, Image.Resampling.BOX, box=box))
    return place(digit * (255 / digit.max()), geometry.centre)
