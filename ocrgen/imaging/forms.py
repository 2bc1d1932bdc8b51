"""Printed forms: remove rulings, boxes, combs, tables, underlines and circles, and keep where each digit stands."""

import cv2
import numpy as np

from ocrgen.imaging.frames import find_frames
from ocrgen.imaging.rings import find_rings
from ocrgen.imaging.rulings import MAX_LINE, MIN_COVERAGE, Line, erase, find_lines, refined
from ocrgen.imaging.underlines import find_ticks, stands_on

# Longest sides of the small images in which frames and lines are looked for.
FRAME_SIZE, LINE_SIZE = 800, 400
# So many lines across the page are those of squared or ruled paper, not a form's.
MANY_LINES = 14


def remove_forms(mask: np.ndarray, ink: np.ndarray, forms: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ink mask bool (H, W) and contrast (H, W) without rulings and forms, and the cells int32 (H, W) of the forms.

    cells: 1, 2, ... in reading order inside of boxes, 0 outside. forms: whether there may be any; otherwise only lines
    across the page go.
    """
    full = np.ascontiguousarray(mask).view(np.uint8)
    small, factor = _shrunk(full, LINE_SIZE)
    lines, upright = find_lines(small, False), [v for v in find_lines(small, True) if _across(v, small.shape)]
    many = len(upright) + sum(_across(line, small.shape) for line in lines) >= MANY_LINES
    rest, boxes = full, []
    if forms and not many:
        rest, boxes = _without_frames(full)
        if boxes:  # lines that are a frame's sides are gone with it
            small, _ = _shrunk(rest, LINE_SIZE)
            lines, upright = ([v for v in group if _remains(v, small)] for group in (lines, upright))
    gone = [line.scaled(factor) for line in upright]
    for line in lines:
        across = _across(line, small.shape)
        large = line.scaled(factor)
        if forms and not many:
            large = refined(rest, large, factor)
            ticks = find_ticks(rest, large)
            if ticks:
                gone += [large, *ticks]
                boxes += _between(ticks)
                continue
        if across or (forms and not many and stands_on(small, line)):
            gone.append(large)
    rest, _ = erase(rest, gone, 1 + 0.5 * factor)
    if forms and not many:
        small, scale = _shrunk(rest, FRAME_SIZE)
        rings, outlines = find_rings(small)
        if outlines:
            rest = rest & ~_enlarged(rings, scale, rest.shape)
            boxes += [outline * scale for outline in outlines]
    rest = np.asarray(rest, np.uint8)
    erased = full & ~rest
    if not erased.any():
        return mask, ink, np.zeros(mask.shape, np.int32)
    # The soft edges of a line go with it, or they would reappear when the threshold is lowered.
    square = np.ones((5, 5), np.uint8)
    around, near = (np.asarray(cv2.dilate(part, square), np.uint8) for part in (rest, erased))
    kept = around & ~erased | (1 - near)
    return rest > 0, cv2.copyTo(ink, kept), _cells(boxes, mask.shape)


def _without_frames(mask: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """A mask uint8 (H, W) without the lines of frames, and the corners (4, 2) of each frame."""
    small, scale = _shrunk(mask, FRAME_SIZE)
    frames = find_frames(small)
    sides = [
        Line(*side, frame.thickness, k % 2 == 1).scaled(scale) for frame in frames for k, side in enumerate(frame.sides)
    ]
    return erase(mask, sides, 1.5 * scale)[0], [frame.outline * scale for frame in frames]


def _remains(line: Line, small: np.ndarray) -> bool:
    """Whether most of a line is still in the mask."""
    x, y = np.rint(np.linspace(line.start, line.end, 50)).astype(int).T
    near = [small[(y + d).clip(0, small.shape[0] - 1), (x + e).clip(0, small.shape[1] - 1)] for d, e in
            ([(0, -1), (0, 0), (0, 1)] if line.upright else [(-1, 0), (0, 0), (1, 0)])]  # fmt: skip
    return bool(np.max(near, axis=0).mean() > 0.5)


def _between(ticks: list[Line]) -> list[np.ndarray]:
    """The places (4, 2) between the ticks of a comb, higher than they are wide."""
    out = []
    for a, b in zip(ticks[:-1], ticks[1:], strict=True):
        dx, dy = b.start - a.start
        up = 1.5 * np.array([dy, -dx])
        out.append(np.array([a.start + up, b.start + up, b.start, a.start]))
    return out


def _enlarged(small: np.ndarray, scale: int, shape: tuple[int, ...]) -> np.ndarray:
    """Ink of a small mask, and one pixel round it, at full size (H, W)."""
    wide = np.repeat(np.repeat(cv2.dilate(small, np.ones((3, 3), np.uint8)), scale, 0), scale, 1)
    return np.pad(wide, ((0, shape[0] - wide.shape[0]), (0, shape[1] - wide.shape[1])))


def _shrunk(mask: np.ndarray, side: int) -> tuple[np.ndarray, int]:
    """A mask uint8 (H, W), 0 or 1, at about `side` pixels, thin lines kept, and the factor."""
    factor = max(1, min(round(max(mask.shape) / side), *mask.shape))
    if factor == 1:
        return mask, 1
    height, width = (n // factor * factor for n in mask.shape)
    size = width // factor, height // factor
    return (cv2.resize(mask[:height, :width] * 255, size, interpolation=cv2.INTER_AREA) > 50).astype(np.uint8), factor


def _across(line: Line, shape: tuple[int, ...]) -> bool:
    """Whether a line runs across the page and is thin."""
    return line.length >= MIN_COVERAGE * shape[0 if line.upright else 1] and line.thickness <= max(
        4, MAX_LINE * max(shape)
    )


def _cells(boxes: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Cells int32 (H, W): the innermost of the boxes, given by their outlines (n, 2), numbered in reading order."""
    cells = np.zeros(shape, np.int32)
    if not boxes:
        return cells
    centres = np.array([box.mean(0) for box in boxes])
    lows, highs = np.array([box.min(0) for box in boxes]), np.array([box.max(0) for box in boxes])
    holds = ((centres > lows[:, None]) & (centres < highs[:, None])).all(2) & ~np.eye(len(boxes), dtype=bool)
    inner = [k for k in range(len(boxes)) if not holds[k].any()]
    for number, k in enumerate(_in_order(inner, centres, highs - lows), 1):
        cv2.fillPoly(cells, [np.rint(boxes[k]).astype(np.int32)], number)
    return cells


def _in_order(boxes: list[int], centres: np.ndarray, sizes: np.ndarray) -> list[int]:
    """Row by row from the top, each from left to right; rows may slope."""
    rows: list[list[int]] = []
    for k in sorted(boxes, key=lambda k: centres[k, 0]):
        row = next((r for r in rows if abs(centres[r[-1], 1] - centres[k, 1]) < 0.5 * sizes[k, 1]), None)
        if row is None:
            rows.append([k])
        else:
            row.append(k)
    rows.sort(key=lambda row: np.mean(centres[row, 1]))
    return [k for row in rows for k in row]
