"""From a photographed or drawn page to its characters in a data set's geometry."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ocrgen.imaging.decoding import ImageError, open_page
from ocrgen.imaging.geometry import GEOMETRIES, Geometry
from ocrgen.imaging.page import Judge, Page, PageCharacter

if TYPE_CHECKING:
    from ocrgen.imaging.components import Component

MAX_CHARACTERS = 60
POINT = 0.2  # relative to the height of digits: where they may be smaller than that, a dot may be one, as Arabic's 0 is
# Relative to the darkest ink, and to the grain of the paper: what is darker belongs to a picture's only character.
FAINT, GRAIN = 0.12, 3.0


def read_picture(
    data: bytes, name: str = "", geometry: Geometry = GEOMETRIES["mnist"], judge: Judge | None = None
) -> Page:
    """Find and normalise the characters on a photographed or drawn page, the bytes of an untrusted image file.

    geometry: of the data set; with `single`, the picture is one character. name: of the file, for messages. judge: the
    reader that decides where characters that touch are to be cut; without one, only by their shape. ImageError, which
    says what to do, if the file cannot be read or holds no character.
    """
    # SciPy takes half a second to import, and loading the data sets does not need it.
    from ocrgen.imaging.binarization import binarize
    from ocrgen.imaging.cells import cell_of, empty_note, fitting
    from ocrgen.imaging.crops import crop_contrast, within_character
    from ocrgen.imaging.normalisation import normalise, normalise_part
    from ocrgen.imaging.outlines import fill_outlines
    from ocrgen.imaging.paper import find_paper
    from ocrgen.imaging.points import set_points_apart
    from ocrgen.imaging.segmentation import segment, whole
    from ocrgen.imaging.squeezed import narrowed, squeezed_stroke

    name = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable())[:60] or "The picture"
    page, notes = open_page(data, name)
    sheet, paper = find_paper(page), page
    if sheet and within_character(page, sheet.corners):
        sheet = None
    if sheet:
        paper = sheet.image
        notes.append("The sheet of paper was found and straightened.")
    zoom, large = _enlarged(paper)
    ink, mask, cells = binarize(large, forms=not geometry.single)
    if sheet and not mask.any() and crop_contrast(page) is not None:  # the sheet was the inside of a thick character
        sheet = None
        notes.pop()
        zoom, large = _enlarged(page)
        ink, mask, cells = binarize(large, forms=not geometry.single)
    points: list[int] = []
    if not mask.any():
        raise ImageError(f"{name} is blank: nothing stands out from its paper. Write larger or darker, in more light.")
    cells = fitting(mask, cells)
    mask, ink = fill_outlines(mask, ink)
    if geometry.single:
        components, dropped = whole(_with_faint_parts(ink, mask), max(10, 6 * zoom))
        if not components:  # on squared paper, what is faint are its lines
            components, dropped = whole(mask, max(10, 6 * zoom))
    else:

        def judged(parts: list[np.ndarray]) -> np.ndarray:
            assert judge is not None
            return judge(np.stack([normalise_part(part, geometry) for part in parts]))

        components, dropped = segment(mask, max(10, 6 * zoom), geometry.min_height, judge and judged, cells)
        if geometry.min_height > POINT:
            components, points, left_out = set_points_apart(mask, components)
            dropped = max(0, dropped - left_out)
    # A few "digits" among a hundred specks are specks themselves that touch.
    if not components or len(components) > MAX_CHARACTERS or dropped > 40 + 10 * len(components):
        expected, alone = f"1 to {MAX_CHARACTERS} digits", "the digits"
        if geometry.single:
            expected, alone = "one character", "it"
        marks = f"{len(components) + dropped} marks" if components else "no mark that is large enough"
        raise ImageError(f"{name} shows {marks}; expected {expected} on plain paper. Photograph {alone} alone.")
    for place in points:
        notes.append(f"After digit {place}, a mark that may be a decimal point or comma was left out.")
    if dropped:
        notes.append(f"{dropped} small mark{'s were' if dropped > 1 else ' was'} left out.")
    if note := empty_note(components, cells):
        notes.append(note)
    boxes = [_box(c, zoom) for c in components]
    if sheet:
        boxes = [sheet.box(box, page.shape) for box in boxes]
    places = [cell_of(c, cells) - 1 for c in components]
    # Where a dot may be a digit, what fills a square may be one.
    one_digit = len(components) == 1 and not geometry.single and geometry.min_height > POINT
    if one_digit and squeezed_stroke(components[0], mask.shape):
        ink, components[0] = narrowed(ink, components[0])
    images = [normalise(ink, c, geometry) for c in components]
    characters = [
        PageCharacter(image, box, None if place < 0 else place)
        for image, box, place in zip(images, boxes, places, strict=True)
    ]
    return Page(page, characters, notes, sheet.corners if sheet else None)


def _enlarged(paper: np.ndarray) -> tuple[int, np.ndarray]:
    """An image uint8 (H, W, 3) enlarged by a whole factor, and the factor, 1 unless the image is small."""
    # The strokes of a small image are hardly wider than their soft edges.
    zoom = max(1, math.ceil(320 / max(paper.shape)))
    if zoom == 1:
        return 1, paper
    size = paper.shape[1] * zoom, paper.shape[0] * zoom
    return zoom, np.asarray(Image.fromarray(paper).resize(size, Image.Resampling.BICUBIC))


def _box(component: Component, zoom: int) -> tuple[int, int, int, int]:
    """Bounding box (x, y, width, height) on the paper, of a component on the paper enlarged by `zoom`."""
    left, top = component.left // zoom, component.top // zoom
    return left, top, math.ceil(component.right / zoom) - left, math.ceil(component.bottom / zoom) - top


def _with_faint_parts(ink: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The mask (H, W) of a page's ink with the fainter parts of a character that are near it, and not at the border.

    All ink of the picture belongs to the character, and a dot that a pen has hardly touched tells one from another.
    """
    from ocrgen.imaging.components import connected_components, dilated

    paper = ink[~dilated(mask, max(ink.shape) // 60 + 1)][::4]
    grain = GRAIN * float(np.percentile(paper, 95)) if paper.size else 0.0
    faint = mask | (ink > max(grain, FAINT * np.percentile(ink[mask], 92)))
    labels = connected_components(faint)
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    reach = (max(np.ptp(rows), np.ptp(columns)) + 1) // 3
    near = labels[max(0, rows[0] - reach) : rows[-1] + reach, max(0, columns[0] - reach) : columns[-1] + reach]
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    belongs = np.zeros(labels.max() + 1, bool)
    belongs[near] = True
    belongs[np.setdiff1d(border, labels[mask])] = False
    return mask | (faint & belongs[labels])
