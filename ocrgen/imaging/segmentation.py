"""Segment an ink mask into digits in reading order: join strokes, drop specks, split touching digits."""

import cv2
import numpy as np

from ocrgen.imaging.cells import cell_of, cut_at_cells, in_cell_order
from ocrgen.imaging.components import Component, components_of, cropped, stroke_width, union
from ocrgen.imaging.touching import PartsJudge, separate

# Relative to the height of a digit: the largest gap to a stroke that belongs to it, and the largest size of one.
MAX_GAP, MAX_PART = 0.13, 0.7
MAX_PARTS = 12  # strokes and dots of one character


def segment(
    mask: np.ndarray,
    min_height: int,
    min_relative_height: float,
    judge: PartsJudge | None = None,
    cells: np.ndarray | None = None,
    touching: bool = True,
) -> tuple[list[Component], int]:
    """The digits of an ink mask bool (H, W) in reading order, and how many components were dropped as too small.

    min_height: of a digit, in pixels. min_relative_height: the same, relative to the typical height on the page. judge:
    see `separate`; without `touching`, each connected piece is one character. cells: the boxes int32 (H, W) of a form,
    0 outside; a digit is in one of them, and read in its turn.
    """
    strokes = _strokes(mask, max(3, min_height // 4))
    if not strokes:
        return [], 0
    typical = _typical_size(strokes)
    # Specks must not be joined to digits: on a dirty page, every bounding box would grow.
    parts = [s for s in strokes if s.size >= max(3, 0.07 * typical)]
    cells = np.zeros(mask.shape, np.int32) if cells is None else cells
    groups: dict[int, list[Component]] = {}
    for part in cut_at_cells(parts, cells):
        groups.setdefault(cell_of(part, cells), []).append(part)
    joined = [digit for group in groups.values() for digit in _join(group, typical)]
    typical = _typical_size(joined)
    digits = [c for c in joined if c.height >= max(min_height, min_relative_height * typical)]
    dropped = len(joined) - len(digits)
    if touching:
        digits = separate(digits, typical, judge)
    return in_cell_order(digits, cells, _reading_order), dropped


def whole(mask: np.ndarray, min_size: int) -> tuple[list[Component], int]:
    """All the ink of a mask bool (H, W) as one character, dots included, in a list that is empty if there is none.

    min_size: of the character, in pixels. Specks, smaller than a fourteenth of it, are left out; the second value is
    their number.
    """
    strokes = _strokes(mask, 3)
    if not strokes:
        return [], 0
    largest = max(s.size for s in strokes)
    parts = [s for s in strokes if s.size >= largest / 14]
    dropped = len(strokes) - len(parts)
    if len(parts) > MAX_PARTS or largest < min_size:
        return [], len(strokes)
    character = parts[0]
    for part in parts[1:]:
        character = union(character, part)
    return [character], dropped


def _typical_size(components: list[Component]) -> float:
    """Median size, weighted by area: digits outweigh specks, however many specks there are."""
    heights, areas = np.array([(c.size, c.mask.sum()) for c in components]).T
    order = np.argsort(heights)
    return float(heights[order][np.searchsorted(np.cumsum(areas[order]), areas.sum() / 2)])


def _strokes(mask: np.ndarray, min_size: int) -> list[Component]:
    """Connected strokes of at least `min_size` pixels; breaks narrower than a third of the stroke width are bridged."""
    reach = int(np.clip(round(stroke_width(mask) / 6), 1, 6))
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    thick = cv2.dilate(np.ascontiguousarray(mask).view(np.uint8), kernel)
    strokes = []
    for bridged in components_of(thick, min_size):
        bridged.mask[:] &= mask[bridged.top : bridged.bottom, bridged.left : bridged.right]
        strokes.append(cropped(bridged))
    return [stroke for stroke in strokes if stroke.size >= min_size]


def _join(parts: list[Component], typical: float) -> list[Component]:
    """Join every loose part to the stroke that it belongs to: the bar of a 5, the stem of a 4."""
    joined = sorted(parts, key=lambda c: -c.size)
    # So many components are not a page of digits, and joining takes cubic time.
    if len(joined) > 300:
        return joined
    k = len(joined) - 1
    while k > 0:
        part = joined[k]
        fits = [(d, i) for i, c in enumerate(joined[:k]) if (d := _part_distance(part, c, typical)) is not None]
        if fits:
            i = min(fits)[1]
            joined[i] = union(joined[i], part)
            del joined[k]
            joined.sort(key=lambda c: -c.size)
            k = len(joined)
        k -= 1
    return joined


def _part_distance(part: Component, main: Component, typical: float) -> float | None:
    """Gap between a part and the larger component that it may belong to, in typical heights; None if it does not."""
    gap_x = max(part.left, main.left) - min(part.right, main.right)
    gap_y = max(part.top, main.top) - min(part.bottom, main.bottom)
    if max(gap_x, gap_y) > 0.3 * typical:
        return None
    height = max(part.bottom, main.bottom) - min(part.top, main.top)
    width = max(part.right, main.right) - min(part.left, main.left)
    # Together they have the size of one digit: otherwise they are neighbours, or belong to different lines.
    max_height, max_width = (1.6, 1.5) if part.height < 0.45 * typical else (1.25, 1.2)
    if height > max_height * max(typical, main.height) or width > max(max_width * typical, main.width):
        return None
    distance = float(np.hypot(max(gap_x, 0), max(gap_y, 0))) / typical
    if part.size <= MAX_PART * max(typical, main.size):
        overlaps = -gap_x > 0.4 * part.width and distance < 0.25
        return distance if overlaps or distance < MAX_GAP else None
    # Two large parts are one digit only where a stroke broke: they overlap in x, and one ends where the other begins.
    if -gap_x < 0.3 * min(part.width, main.width):
        return None
    both = union(part, main)
    y, x = part.top - both.top, part.left - both.left
    outside = np.ones(both.mask.shape, bool)
    outside[main.top - both.top :, main.left - both.left :][: main.height, : main.width] &= ~main.mask
    distances = cv2.distanceTransform(outside.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    gap = distances[y : y + part.height, x : x + part.width][part.mask].min()
    return distance if gap <= stroke_width(main.mask) else None


def _reading_order(digits: list[Component]) -> list[Component]:
    """Line by line from the top, each from left to right; lines may slope."""
    lines: list[list[Component]] = []
    for digit in sorted(digits, key=lambda c: c.left + c.right):
        # A sloping line is followed from neighbour to neighbour, since its two ends may have no row in common.
        def overlap(line: list[Component], digit: Component = digit) -> float:
            last = line[-1]
            rows = min(digit.bottom, last.bottom) - max(digit.top, last.top)
            return rows / min(digit.height, last.height)

        best = max(lines, key=overlap, default=None)
        if best is not None and overlap(best) > 0.35:
            best.append(digit)
        else:
            lines.append([digit])
    lines.sort(key=lambda line: np.mean([c.top + c.bottom for c in line]))
    return [digit for line in lines for digit in line]
