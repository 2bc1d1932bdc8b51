"""From a photographed or drawn page to its characters in a data set's geometry."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ocrgen.imaging.decoding import ImageError, open_page
from ocrgen.imaging.geometry import GEOMETRIES, SIZE, Geometry, place

if TYPE_CHECKING:
    from ocrgen.imaging.segmentation import Component

MAX_CHARACTERS = 60
# Relative to the darkest ink, and to the grain of the paper: what is darker belongs to a picture's only character.
FAINT, GRAIN = 0.12, 3.0


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
        components, dropped = whole(_with_faint_parts(ink, mask), max(10, 6 * zoom))
        if not components:  # on squared paper, what is faint are its lines
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
    normalise = _normalise_letter if geometry.single else _normalise
    return Page(page, [PageCharacter(normalise(ink, c, geometry), _box(c, zoom)) for c in components], notes)


def _box(component: Component, zoom: int) -> tuple[int, int, int, int]:
    """Bounding box (x, y, width, height) on the page, of a component on the page enlarged by `zoom`."""
    left, top = component.left // zoom, component.top // zoom
    return left, top, math.ceil(component.right / zoom) - left, math.ceil(component.bottom / zoom) - top


def _with_faint_parts(ink: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The mask (H, W) of a page's ink with the fainter parts of a character that are near it, and not at the border.

    All ink of the picture belongs to the character, and a dot that a pen has hardly touched tells one from another.
    """
    from scipy import ndimage

    from ocrgen.imaging.binarization import connected_components

    paper = ink[~np.asarray(ndimage.binary_dilation(mask, iterations=max(ink.shape) // 60 + 1), bool)]
    grain = GRAIN * float(np.percentile(paper, 95)) if paper.size else 0.0
    faint = mask | (ink > max(grain, FAINT * np.percentile(ink[mask], 92)))
    labels = connected_components(faint)
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    reach = (max(np.ptp(rows), np.ptp(columns)) + 1) // 3
    near = labels[max(0, rows[0] - reach) : rows[-1] + reach, max(0, columns[0] - reach) : columns[-1] + reach]
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return mask | (faint & np.isin(labels, np.setdiff1d(near, np.setdiff1d(border, labels[mask]))))


def _window(ink: np.ndarray, component: Component, pad: int) -> tuple[np.ndarray, np.ndarray]:
    """The page's ink around a component, and its mask, both with `pad` pixels more on every side."""
    mask = np.pad(component.mask, pad)
    top, left = component.top - pad, component.left - pad
    window = np.zeros(mask.shape, np.float32)
    y0, x0 = max(0, -top), max(0, -left)
    part = ink[max(0, top) : top + mask.shape[0], max(0, left) : left + mask.shape[1]]
    window[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]] = part
    return window, mask


def _normalise_letter(ink: np.ndarray, component: Component, geometry: Geometry) -> np.ndarray:
    """The character of a page's ink (H, W) in the geometry of letters: uint8 (28, 28), its shades kept."""
    from scipy import ndimage

    from ocrgen.imaging.segmentation import stroke_width

    box = component.size * SIZE / max(ink.shape)
    low, high = geometry.sizes or (geometry.box, geometry.box)
    # Less than half the size of the smallest is no small letter, but one in a picture that is laid out otherwise.
    box = float(np.clip(box, low, high)) if box > low / 2 else geometry.box
    scale = box / component.size
    margin = 2 / scale  # of two pixels in the end, so that soft edges are not cut off
    window, mask = _window(ink, component, round(margin))
    soft = np.clip(window / np.percentile(window[mask], 90), 0, 1)
    soft *= np.asarray(ndimage.binary_dilation(mask, iterations=max(1, round(margin / 2))), bool)
    stroke = stroke_width(soft > 0.5) * scale
    if stroke < geometry.min_stroke:
        side = round((geometry.min_stroke - stroke) / scale) + 1
        soft = ndimage.grey_dilation(soft, (side, side))
    height, width = mask.shape
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = np.asarray(Image.fromarray(soft.astype(np.float32)).resize(size, Image.Resampling.BOX))
    return place(small * (255 / small.max()), geometry.centre)


def _normalise(ink: np.ndarray, component: Component, geometry: Geometry) -> np.ndarray:
    """One component of a page's ink (H, W) in a data set's geometry: uint8 (28, 28), with anti-aliased edges."""
    from scipy import ndimage

    from ocrgen.imaging.segmentation import stroke_width

    window, mask = _window(ink, component, max(2, component.size // 20))
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
