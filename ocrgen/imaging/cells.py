"""The boxes of a form: which of them each stroke stands in, and in which order they are read."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from ocrgen.imaging.components import Component, connected_components, cropped

# The share of a stroke's ink that has to be in a box that it belongs to, and that in a second box where it is cut.
MIN_SHARE, MIN_SECOND = 0.3, 0.22


def cell_of(component: Component, cells: np.ndarray) -> int:
    """The box, 1, 2, ..., of cells int32 (H, W) in which a component stands; 0 if in none."""
    counts = _counts(component, cells)
    counts[0] = 0
    best = int(counts.argmax())
    return best if counts[best] >= MIN_SHARE * component.mask.sum() else 0


def _counts(component: Component, cells: np.ndarray) -> np.ndarray:
    """Pixels of a component in each box, those outside of all first."""
    part = cells[component.top : component.bottom, component.left : component.right]
    return np.bincount(part[component.mask], minlength=1)


def cut_at_cells(strokes: list[Component], cells: np.ndarray) -> list[Component]:
    """Strokes, cut where they reach from one box far into another: two digits that meet on the line between."""
    out = []
    for stroke in strokes:
        counts = _counts(stroke, cells)
        counts[0] = 0
        large = np.flatnonzero(counts >= MIN_SECOND * stroke.mask.sum())
        if len(large) < 2:
            out.append(stroke)
            continue
        part = cells[stroke.top : stroke.bottom, stroke.left : stroke.right]
        for cell in large:
            mask = stroke.mask & (part == cell)
            out.append(cropped(replace(stroke, mask=mask)))
    return out


def fitting(mask: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The cells int32 (H, W), or none if the strokes of a mask bool (H, W) do not keep within single ones.

    On squared paper, a digit covers several squares.
    """
    if not cells.any():
        return cells
    labels, cells_held = connected_components(mask)[mask], cells[mask]
    strokes, total = int(labels.max(initial=0)) + 1, int(cells.max()) + 1
    pairs = np.bincount(labels * total + cells_held, minlength=strokes * total).reshape(strokes, total)[:, 1:]
    return cells if pairs.max(1).sum() >= 0.8 * max(1, pairs.sum()) else np.zeros_like(cells)


def empty_note(digits: list[Component], cells: np.ndarray) -> str | None:
    """A sentence on how many boxes are empty, None if none is."""
    total = int(cells.max(initial=0))
    empty = total - len({cell_of(digit, cells) for digit in digits} - {0})
    if not empty:
        return None
    return f"{empty} of the {total} boxes {'is' if empty == 1 else 'are'} empty."


def in_cell_order(
    digits: list[Component], cells: np.ndarray, order: Callable[[list[Component]], list[Component]]
) -> list[Component]:
    """Digits in the order of their boxes, each box and each digit outside of one at its own place.

    order: puts components into reading order.
    """
    held: dict[int, list[Component]] = {}
    places: list[Component] = []
    for digit in digits:
        cell = cell_of(digit, cells)
        if not cell:
            places.append(digit)
        elif cell in held:
            held[cell].append(digit)
        else:
            held[cell] = [digit]
            x, y, width, height = cv2.boundingRect((cells == cell).view(np.uint8))
            places.append(Component(y, y + height, x, x + width, np.ones((1, 1), bool)))
            held[cell].append(places[-1])
    by_place = {id(group[1]): [group[0], *group[2:]] for group in held.values()}
    return [digit for place in order(places) for digit in order(by_place.get(id(place), [place]))]
