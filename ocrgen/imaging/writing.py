"""What is written on a page: its ink, on the sheet of paper that a photograph shows, and the characters in it."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ocrgen.imaging.binarization import binarize
from ocrgen.imaging.cells import fitting
from ocrgen.imaging.components import Component, connected_components, dilated
from ocrgen.imaging.crops import crop_contrast, within_character
from ocrgen.imaging.geometry import Geometry
from ocrgen.imaging.lattice import Part
from ocrgen.imaging.normalisation import normalise_part
from ocrgen.imaging.outlines import fill_outlines
from ocrgen.imaging.page import Judge
from ocrgen.imaging.paper import Sheet, find_paper
from ocrgen.imaging.points import set_points_apart
from ocrgen.imaging.segmentation import segment, whole

POINT = 0.2  # relative to the height of digits: where they may be smaller than that, a dot may be one, as Arabic's 0 is
# Relative to the darkest ink, and to the grain of the paper: what is darker belongs to a picture's only character.
FAINT, GRAIN = 0.12, 3.0
# Smaller pictures are enlarged: their strokes are hardly wider than their soft edges.
SMALL_SIDE = 320


@dataclass(frozen=True)
class Writing:
    """The ink of a page or of the sheet on it, and the boxes of a printed form.

    ink: contrast float32 (H, W) in [0, 1]. mask: bool (H, W). cells: int32 (H, W), 1, 2, ... inside of a form's boxes.
    zoom: by which the paper was enlarged. sheet: None if the page is the paper.
    """

    ink: np.ndarray
    mask: np.ndarray
    cells: np.ndarray
    zoom: int
    sheet: Sheet | None = None

    def box(self, component: Component, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
        """Bounding box (x, y, width, height) of a component on the page (H, W, ...)."""
        left, top = component.left // self.zoom, component.top // self.zoom
        right, bottom = math.ceil(component.right / self.zoom), math.ceil(component.bottom / self.zoom)
        box = left, top, right - left, bottom - top
        return self.sheet.box(box, shape) if self.sheet else box


def find_writing(page: np.ndarray, forms: bool) -> Writing:
    """The writing on a page uint8 (H, W, 3); its mask is empty if there is none. forms: see `remove_forms`."""
    sheet = find_paper(page)
    if sheet and within_character(page, sheet.corners):
        sheet = None
    if sheet:
        found = _on_paper(sheet.image, forms, sheet)
        # Where it is empty, the sheet may have been the inside of a thick character.
        if found.mask.any() or crop_contrast(page) is None:
            return found
    return _on_paper(page, forms)


def _on_paper(paper: np.ndarray, forms: bool, sheet: Sheet | None = None) -> Writing:
    zoom = max(1, math.ceil(SMALL_SIDE / max(paper.shape)))
    if zoom > 1:
        size = paper.shape[1] * zoom, paper.shape[0] * zoom
        paper = np.asarray(Image.fromarray(paper).resize(size, Image.Resampling.BICUBIC))
    ink, mask, cells = binarize(paper, forms)
    if mask.any():
        cells = fitting(mask, cells)
        mask, ink = fill_outlines(mask, ink)
    return Writing(ink, mask, cells, zoom, sheet)


def characters_of(
    writing: Writing, geometry: Geometry, judge: Judge | None = None
) -> tuple[list[Component], int, list[int]]:
    """The characters in reading order, how many marks were left out, and after how many digits a decimal point stands.

    geometry, judge: see `read_picture`.
    """
    least = max(10, 6 * writing.zoom)
    if geometry.single:
        components, dropped = whole(_with_faint_parts(writing.ink, writing.mask), least)
        if not components:  # on squared paper, what is faint are its lines
            components, dropped = whole(writing.mask, least)
        return components, dropped, []

    def judged(parts: list[Part]) -> tuple[np.ndarray, np.ndarray]:
        assert judge is not None
        images = np.stack([normalise_part(part.ink, geometry) for part in parts])
        return judge.probabilities(images), judge.wholeness(np.stack([part.frame for part in parts]))

    judge_parts, touching = judge and judged, geometry.touching
    components, dropped = segment(writing.mask, least, geometry.min_height, judge_parts, writing.cells, touching)
    if geometry.min_height <= POINT:
        return components, dropped, []
    components, points, left_out = set_points_apart(writing.mask, components)
    return components, max(0, dropped - left_out), points


def _with_faint_parts(ink: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The mask (H, W) of a page's ink with the fainter parts of a character that are near it, and not at the border.

    All ink of the picture belongs to the character, and a dot that a pen has hardly touched tells one from another.
    """
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
