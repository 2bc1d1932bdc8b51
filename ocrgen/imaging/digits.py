"""A picture -> a 28x28 digit as a data set lays it out, or all the digits on a photographed page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ocrgen.imaging.decoding import FORMATS as FORMATS
from ocrgen.imaging.decoding import ImageError, open_page
from ocrgen.imaging.decoding import open_image as open_image

if TYPE_CHECKING:
    from ocrgen.imaging.segmentation import Mark

SIZE, BOX = 28, 20
MAX_DIGITS = 60


@dataclass(frozen=True)
class Geometry:
    """How a data set lays out its digits in 28 x 28 pixels, so that a reader finds what it has learned.

    longest: side of the box around the ink. centre: where the centre of mass goes, (row, column).
    stroke: pixels; thinner strokes are thickened to it. smallest: share of the usual height below which nothing on a
    page is a digit (the Arabic zero is a dot).
    """

    longest: int = BOX
    centre: tuple[float, float] = (SIZE / 2, SIZE / 2)
    stroke: float = 2.0
    smallest: float = 0.35


# Measured over the training images (median longest side, mean centre of mass, fifth percentile of the stroke width):
# MNIST 20, 13.99 and 14.00, 1.6; MADBase 20, 12.98 and 13.00, 1.4; scikit-learn's digits 20.5, 14.00 and 14.02, 3.0.
GEOMETRIES = {
    "mnist": Geometry(),
    "arabic": Geometry(centre=(SIZE / 2 - 1, SIZE / 2 - 1), smallest=0.08),
    "digits": Geometry(stroke=3.0),
}


@dataclass(frozen=True)
class Found:
    """A digit on a page: image uint8 (28, 28), white ink on black; box (x, y, width, height) in pixels of the page."""

    image: np.ndarray
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Picture:
    """A page as it was read: image uint8 (H, W, 3), upright, at most 1280 pixels a side; its digits in reading order.

    notes: what a person should know about the reading, in sentences.
    """

    image: np.ndarray
    digits: list[Found]
    notes: list[str] = field(default_factory=list)


def _border(grey: np.ndarray) -> np.ndarray:
    sides = grey[..., 0, :], grey[..., -1, :], grey[..., 1:-1, 0], grey[..., 1:-1, -1]
    return np.concatenate(sides, axis=-1)


def ink_is_white(grey: np.ndarray) -> np.ndarray:
    """Polarity of each image of (..., H, W): bool (...), True where the border is nearer to the darkest level."""
    flat = grey.reshape(*grey.shape[:-2], -1)
    return 2 * _border(grey).mean(-1) < flat.min(-1).astype(float) + flat.max(-1)


def to_digit(grey: np.ndarray, ink_is_white: bool, geometry: Geometry = GEOMETRIES["mnist"]) -> np.ndarray:
    """One digit in MNIST's geometry: uint8 (28, 28), white ink on black, its brightest level 255.

    grey: (H, W), 0 to 255, one digit. The paper's level (median of the border) becomes 0, the ink's longest side 20
    pixels, and its centre of mass goes to the centre (LeCun, Cortes & Burges, "The MNIST database").
    Raises ImageError if the picture is smaller than 8 x 8 or blank.
    """
    if grey.ndim != 2 or min(grey.shape) < 8:
        raise ImageError(f"the picture is {' x '.join(map(str, grey.shape))} pixels; expected at least 8 x 8.")
    ink = grey.astype(np.float32)
    # Nothing finer than this survives in 28 pixels, and a photograph costs a hundred times more.
    if (factor := min(grey.shape) // 256) > 1:
        ink = np.asarray(Image.fromarray(ink).reduce(factor))
    ink = ink if ink_is_white else 255 - ink
    ink = np.clip(ink - np.median(_border(ink)), 0, None)
    if ink.max() < 24:
        raise ImageError("the picture is blank; expected one digit that stands out from its paper.")
    ink *= 255 / ink.max()
    rows, columns = (np.flatnonzero((ink > 64).any(axis)) for axis in (1, 0))
    # One pixel of paper around the box, so that enlarged strokes end softly and not at a cut.
    ink = np.pad(ink, 1)[rows[0] : rows[-1] + 3, columns[0] : columns[-1] + 3]
    scale = geometry.longest / (max(ink.shape) - 2)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    # The bilinear filter (a triangle over all source pixels when it shrinks) never rings.
    ink = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR))
    ink = ink * (255 / ink.max())
    return _centred(ink, geometry.centre)


def _centred(ink: np.ndarray, centre: tuple[float, float]) -> np.ndarray:
    """Ink (h, w), 0 to 255, its centre of mass as near to `centre` as whole pixels go: uint8 (28, 28)."""
    # A window of 28 x 28 over a wide margin, never so that it cuts the box. MNIST puts the mass on pixel 14, not 13.5.
    (height, width), mass = ink.shape, ink.sum()
    top = round(float(ink.sum(1) @ np.arange(height) / mass) - centre[0])
    left = round(float(ink.sum(0) @ np.arange(width) / mass) - centre[1])
    top = SIZE + int(np.clip(top, min(height - SIZE, 0), 0))
    left = SIZE + int(np.clip(left, min(width - SIZE, 0), 0))
    return np.rint(np.pad(ink, SIZE)[top : top + SIZE, left : left + SIZE]).astype(np.uint8)


def read_picture(data: bytes, name: str = "", geometry: Geometry = GEOMETRIES["mnist"]) -> Picture:
    """The digits on a photographed or drawn page, from the bytes of a picture that nobody vouches for.

    name: what messages call it. Raises ImageError, which says what to do, for anything that holds no digits.
    """
    # SciPy takes half a second to import, and the data sets need none of it.
    from ocrgen.imaging.binarization import binarize
    from ocrgen.imaging.segmentation import find_marks

    name = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable())[:60] or "The picture"
    page, notes = open_page(data, name)
    # Strokes of small pictures are enlarged before they are cut out, or they would be all edge.
    enlarge = max(1, -(-320 // max(page.shape)))
    large = page
    if enlarge > 1:
        size = page.shape[1] * enlarge, page.shape[0] * enlarge
        large = np.asarray(Image.fromarray(page).resize(size, Image.Resampling.BICUBIC))
    ink, marks = binarize(large)
    if not marks.any():
        raise ImageError(f"{name} is blank: nothing stands out from its paper. Write larger or darker, in more light.")
    digits, left_out = find_marks(marks, max(10, 6 * enlarge), geometry.smallest)
    # A few digits among a hundred specks are specks themselves that ran together.
    if not digits or len(digits) > MAX_DIGITS or left_out > 40 + 10 * len(digits):
        found = f"{len(digits) + left_out} marks" if digits else "no mark that is large enough"
        raise ImageError(
            f"{name} shows {found}; expected 1 to {MAX_DIGITS} digits on plain paper. Photograph the digits alone."
        )
    if left_out:
        notes.append(f"{left_out} small mark{'s were' if left_out > 1 else ' was'} left out.")
    return Picture(page, [Found(_fitted(ink, m, geometry), _box(m, enlarge)) for m in digits], notes)


def _box(mark: Mark, enlarge: int) -> tuple[int, int, int, int]:
    left, top = mark.left // enlarge, mark.top // enlarge
    return left, top, -(-mark.right // enlarge) - left, -(-mark.bottom // enlarge) - top


def _fitted(ink: np.ndarray, mark: Mark, geometry: Geometry) -> np.ndarray:
    """One mark of the page's ink (H, W) in a data set's geometry: uint8 (28, 28), edges as soft as an enlarger's."""
    from scipy import ndimage

    from ocrgen.imaging.segmentation import stroke_width

    pad = max(2, mark.longest // 20)
    own = np.pad(mark.own, pad)
    rows, columns = mark.top - pad, mark.left - pad
    around = np.zeros(own.shape, np.float32)
    y0, x0 = max(0, -rows), max(0, -columns)
    part = ink[max(0, rows) : rows + own.shape[0], max(0, columns) : columns + own.shape[1]]
    around[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]] = part
    level = np.percentile(around[own], 70)
    # Its own pixels and their soft edge, nothing of its neighbours, of rules or of the paper's grain.
    soft = np.clip((around / level - 0.2) / 0.6, 0, 1) * ndimage.binary_dilation(own, iterations=2)
    inked = soft > 0.5
    stroke = stroke_width(inked) * geometry.longest / mark.longest
    if stroke < geometry.stroke:
        side = round((geometry.stroke - stroke) * mark.longest / geometry.longest) + 1
        soft = ndimage.grey_dilation(soft, (side, side))
        inked = soft > 0.5
    rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
    box = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    height, width = box[3] - box[1], box[2] - box[0]
    scale = geometry.longest / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # MNIST was shrunk from black and white: each pixel is the share of it that is ink.
    digit = np.asarray(Image.fromarray(soft).resize(size, Image.Resampling.BOX, box=box))
    return _centred(digit * (255 / digit.max()), geometry.centre)
