"""From an image to one 28x28 digit in a data set's geometry, or to all the digits on a photographed page."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ocrgen.imaging.decoding import ImageError, open_page

if TYPE_CHECKING:
    from ocrgen.imaging.segmentation import Component

SIZE, BOX = 28, 20
MAX_DIGITS = 60


@dataclass(frozen=True)
class Geometry:
    """How a data set lays out its digits in 28 x 28 pixels; digits from elsewhere are normalised to it.

    box: longer side of the ink's bounding box, pixels. centre: where the centre of mass goes, (row, column).
    min_stroke: pixels; thinner strokes are thickened to it. min_height: relative to the typical height on a page;
    lower components are not digits (the Arabic zero is a dot).
    """

    box: int = BOX
    centre: tuple[float, float] = (SIZE / 2, SIZE / 2)
    min_stroke: float = 2.0
    min_height: float = 0.35


# Measured over the training images (median longest side, mean centre of mass, fifth percentile of the stroke width):
# MNIST 20, 13.99 and 14.00, 1.6; MADBase 20, 12.98 and 13.00, 1.4; scikit-learn's digits 20.5, 14.00 and 14.02, 3.0.
GEOMETRIES = {
    "mnist": Geometry(),
    "arabic": Geometry(centre=(SIZE / 2 - 1, SIZE / 2 - 1), min_height=0.08),
    "digits": Geometry(min_stroke=3.0),
}


@dataclass(frozen=True)
class PageDigit:
    """A digit on a page: image uint8 (28, 28), white ink on black; box (x, y, width, height) in pixels of the page."""

    image: np.ndarray
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Page:
    """A page that was read: image uint8 (H, W, 3), upright, at most 1280 pixels a side; its digits in reading order.

    notes: whole sentences on what was left out or changed, for the user.
    """

    image: np.ndarray
    digits: list[PageDigit]
    notes: list[str] = field(default_factory=list)


def _border(grey: np.ndarray) -> np.ndarray:
    sides = grey[..., 0, :], grey[..., -1, :], grey[..., 1:-1, 0], grey[..., 1:-1, -1]
    return np.concatenate(sides, axis=-1)


def ink_is_white(grey: np.ndarray) -> np.ndarray:
    """Polarity of images (..., H, W): bool (...), True if the mean of the border is nearer to the minimum."""
    flat = grey.reshape(*grey.shape[:-2], -1)
    return 2 * _border(grey).mean(-1) < flat.min(-1).astype(float) + flat.max(-1)


def to_digit(grey: np.ndarray, ink_is_white: bool, geometry: Geometry = GEOMETRIES["mnist"]) -> np.ndarray:
    """Normalise one digit to a data set's geometry: uint8 (28, 28), white ink on black, with a maximum of 255.

    grey: (H, W), 0 to 255. The median of the border, the paper, becomes 0; the longer side of the ink's bounding box
    becomes `geometry.box`, for MNIST 20 pixels; the centre of mass moves to `geometry.centre`, for MNIST the image's
    centre (LeCun, Cortes & Burges, "The MNIST database"). ImageError if the image is smaller than 8 x 8 or blank.
    """
    if grey.ndim != 2 or min(grey.shape) < 8:
        raise ImageError(f"the picture is {' x '.join(map(str, grey.shape))} pixels; expected at least 8 x 8.")
    ink = grey.astype(np.float32)
    # Finer detail is lost in 28 pixels anyway, and a photograph would take a hundred times as long.
    if (factor := min(grey.shape) // 256) > 1:
        ink = np.asarray(Image.fromarray(ink).reduce(factor))
    ink = ink if ink_is_white else 255 - ink
    ink = np.clip(ink - np.median(_border(ink)), 0, None)
    if ink.max() < 24:
        raise ImageError("the picture is blank; expected one digit that stands out from its paper.")
    ink *= 255 / ink.max()
    rows, columns = (np.flatnonzero((ink > 64).any(axis)) for axis in (1, 0))
    # One pixel of paper around the bounding box, so that enlarged strokes fade out instead of being cut off.
    ink = np.pad(ink, 1)[rows[0] : rows[-1] + 3, columns[0] : columns[-1] + 3]
    scale = geometry.box / (max(ink.shape) - 2)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    # Bilinear, which in Pillow averages over all source pixels when it shrinks, does not ring as bicubic does.
    ink = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR))
    ink = ink * (255 / ink.max())
    return _centre(ink, geometry.centre)


def _centre(ink: np.ndarray, centre: tuple[float, float]) -> np.ndarray:
    """Place ink (h, w), 0 to 255, so that its centre of mass is at `centre` to the nearest pixel: uint8 (28, 28)."""
    # Crop 28 x 28 pixels out of the padded ink, without cutting any ink off. MNIST's centre is pixel 14, not 13.5.
    height, width = ink.shape
    mass = ink.sum()
    top = round(float(ink.sum(1) @ np.arange(height) / mass) - centre[0])
    left = round(float(ink.sum(0) @ np.arange(width) / mass) - centre[1])
    top = SIZE + int(np.clip(top, min(height - SIZE, 0), 0))
    left = SIZE + int(np.clip(left, min(width - SIZE, 0), 0))
    return np.rint(np.pad(ink, SIZE)[top : top + SIZE, left : left + SIZE]).astype(np.uint8)


def read_picture(data: bytes, name: str = "", geometry: Geometry = GEOMETRIES["mnist"]) -> Page:
    """Find and normalise the digits on a photographed or drawn page, given as the bytes of an untrusted image file.

    name: of the file, for messages. ImageError, which says what to do, if the file cannot be read or holds no digits.
    """
    # SciPy takes half a second to import, and loading the data sets does not need it.
    from ocrgen.imaging.binarization import binarize
    from ocrgen.imaging.segmentation import segment

    name = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable())[:60] or "The picture"
    page, notes = open_page(data, name)
    # The strokes of a small image are hardly wider than their soft edges, so it is enlarged first.
    zoom = max(1, math.ceil(320 / max(page.shape)))
    large = page
    if zoom > 1:
        size = page.shape[1] * zoom, page.shape[0] * zoom
        large = np.asarray(Image.fromarray(page).resize(size, Image.Resampling.BICUBIC))
    ink, mask = binarize(large)
    if not mask.any():
        raise ImageError(f"{name} is blank: nothing stands out from its paper. Write larger or darker, in more light.")
    components, dropped = segment(mask, max(10, 6 * zoom), geometry.min_height)
    # A few "digits" among a hundred specks are specks themselves that touch.
    if not components or len(components) > MAX_DIGITS or dropped > 40 + 10 * len(components):
        marks = f"{len(components) + dropped} marks" if components else "no mark that is large enough"
        raise ImageError(
            f"{name} shows {marks}; expected 1 to {MAX_DIGITS} digits on plain paper. Photograph the digits alone."
        )
    if dropped:
        notes.append(f"{dropped} small mark{'s were' if dropped > 1 else ' was'} left out.")
    return Page(page, [PageDigit(_normalise(ink, c, geometry), _box(c, zoom)) for c in components], notes)


def _box(component: Component, zoom: int) -> tuple[int, int, int, int]:
    """Bounding box (x, y, width, height) on the page, of a component on the page enlarged by `zoom`."""
    left, top = component.left // zoom, component.top // zoom
    return left, top, math.ceil(component.right / zoom) - left, math.ceil(component.bottom / zoom) - top


def _normalise(ink: np.ndarray, component: Component, geometry: Geometry) -> np.ndarray:
    """One component of a page's ink (H, W) in a data set's geometry: uint8 (28, 28), with anti-aliased edges."""
    from scipy import ndimage

    from ocrgen.imaging.segmentation import stroke_width

    pad = max(2, component.size // 20)
    mask = np.pad(component.mask, pad)
    top, left = component.top - pad, component.left - pad
    window = np.zeros(mask.shape, np.float32)
    y0, x0 = max(0, -top), max(0, -left)
    part = ink[max(0, top) : top + mask.shape[0], max(0, left) : left + mask.shape[1]]
    window[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]] = part
    level = np.percentile(window[mask], 70)
    # The component and its soft edge, without its neighbours, ruled lines and the grain of the paper.
    soft = np.clip((window / level - 0.2) / 0.6, 0, 1) * ndimage.binary_dilation(mask, iterations=2)
    inked = soft > 0.5
    stroke = stroke_width(inked) * geometry.box / component.size
    if stroke < geometry.min_stroke:
        side = round((geometry.min_stroke - stroke) * component.size / geometry.box) + 1
        soft = ndimage.grey_dilation(soft, (side, side))
        inked = soft > 0.5
    rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
    box = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    height, width = box[3] - box[1], box[2] - box[0]
    scale = geometry.box / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # MNIST was shrunk from black-and-white images: each grey level is the fraction of the pixel's area that is ink.
    digit = np.asarray(Image.fromarray(soft).resize(size, Image.Resampling.BOX, box=box))
    return _centre(digit * (255 / digit.max()), geometry.centre)
