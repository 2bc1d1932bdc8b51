"""From a photographed or drawn page to its characters in a data set's geometry."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ocrgen.imaging.decoding import ImageError, open_page
from ocrgen.imaging.geometry import GEOMETRIES, Geometry, place

if TYPE_CHECKING:
    from ocrgen.imaging.segmentation import Component

MAX_CHARACTERS = 60


@dataclass(frozen=True)
class PageCharacter:
    """A character on a page: image uint8 (28, 28), white on black; box (x, y, width, height) in pixels of the page."""

    image: np.ndarray
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Page:
    """A page that was read: image uint8 (H, W, 3), upright, at most 1280 pixels a side; characters in reading order.

    notes: whole sentences on what was left out or changed, for the user.
    """

    image: np.ndarray
    characters: list[PageCharacter]
    notes: list[str] = field(default_factory=list)


def read_picture(data: bytes, name: str = "", geometry: Geometry = GEOMETRIES["mnist"]) -> Page:
    """Find and normalise the characters on a photographed or drawn page, the bytes of an untrusted image file.

    geometry: of the data set; with `single`, the picture is one character. name: of the file, for messages. ImageError,
    which says what to do, if the file cannot be read or holds no character.
    """
    # SciPy takes half a second to import, and loading the data sets does not need it.
    from ocrgen.imaging.binarization import binarize
    from ocrgen.imaging.segmentation import segment, whole

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
    if geometry.single:
        components, dropped = whole(mask, max(10, 6 * zoom))
    else:
        components, dropped = segment(mask, max(10, 6 * zoom), geometry.min_height)
    # A few "digits" among a hundred specks are specks themselves that touch.
    if not components or len(components) > MAX_CHARACTERS or dropped > 40 + 10 * len(components):
        expected, alone = f"1 to {MAX_CHARACTERS} digits", "the digits"
        if geometry.single:
            expected, alone = "one character", "it"
        marks = f"{len(components) + dropped} marks" if components else "no mark that is large enough"
        raise ImageError(f"{name} shows {marks}; expected {expected} on plain paper. Photograph {alone} alone.")
    if dropped:
        notes.append(f"{dropped} small mark{'s were' if dropped > 1 else ' was'} left out.")
    return Page(page, [PageCharacter(_normalise(ink, c, geometry), _box(c, zoom)) for c in components], notes)


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
    return place(digit * (255 / digit.max()), geometry.centre)
