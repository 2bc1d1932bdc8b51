"""Printed forms: remove rulings, boxes, combs, tables, underlines and circles, and keep where each digit stands."""

import cv2
import numpy as np

from ocrgen.imaging.frames import Frame, find_frames
from ocrgen.imaging.rulings import MAX_LINE, MIN_COVERAGE, Line, erase, find_lines

# Longest sides of the small images in which frames and lines are looked for.
FRAME_SIZE, LINE_SIZE = 800, 400


def remove_forms(mask: np.ndarray, ink: np.ndarray, forms: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ink mask bool (H, W) and contrast (H, W) without rulings and forms, and the cells int32 (H, W) of the forms.

    cells: 1, 2, ... in reading order inside of boxes, 0 outside. forms: whether there may be any; otherwise only lines
    across the page go.
    """
    full = mask.astype(np.uint8)
    cells = np.zeros(mask.shape, np.int32)
    frames: list[Frame] = []
    lines: list[Line] = []
    scale = 1
    if forms:
        small, scale = _shrunk(full, FRAME_SIZE)
        frames = find_frames(small)
        lines += [
            Line(*side, frame.thickness, k % 2 == 1).scaled(scale)
            for frame in frames
            for k, side in enumerate(frame.sides)
        ]
    rest, erased = erase(full, lines, 1.5 * scale) if lines else (full, np.zeros_like(full))
    small, factor = _shrunk(rest, LINE_SIZE)
    more = [line.scaled(factor) for upright in (False, True) for line in find_lines(small, upright)]
    more = [line for line in more if _across(line, mask.shape)]
    if more:
        rest, also = erase(rest, more, 1.5 * factor)
        erased |= also
    if not erased.any():
        return mask, ink, cells
    kept = rest > 0
    cells = _cells(frames, scale, kept)
    # The soft edges of a line go with it, or they would reappear when the threshold is lowered.
    square = np.ones((5, 5), np.uint8)
    edges = (cv2.dilate(erased, square) > 0) & ~(cv2.dilate(rest, square) > 0)
    return kept, np.where(edges | (erased > 0), 0, ink), cells


def _shrunk(mask: np.ndarray, side: int) -> tuple[np.ndarray, int]:
    """A mask uint8 (H, W), 0 or 1, at about `side` pixels, thin lines kept, and the factor."""
    factor = max(1, round(max(mask.shape) / side))
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


def _cells(frames: list[Frame], scale: int, kept: np.ndarray) -> np.ndarray:
    """Cells int32 (H, W): the innermost frames, numbered in reading order."""
    centres = np.array([frame.corners.mean(0) for frame in frames])
    inner = []
    for k, frame in enumerate(frames):
        low, high = frame.corners.min(0), frame.corners.max(0)
        holds = ((centres > low) & (centres < high)).all(1)
        holds[k] = False
        if not holds.any():
            inner.append(frame)
    cells = np.zeros(kept.shape, np.int32)
    for k, frame in enumerate(_in_order(inner), 1):
        out = frame.corners + np.sign(frame.corners - frame.corners.mean(0)) * frame.thickness / 2
        cv2.fillConvexPoly(cells, np.rint(out * scale).astype(np.int32), k)
    return cells


def _in_order(frames: list[Frame]) -> list[Frame]:
    """Row by row from the top, each from left to right."""
    rows: list[list[Frame]] = []
    for frame in sorted(frames, key=lambda f: f.corners[:, 0].mean()):
        y = frame.corners[:, 1].mean()
        row = next((r for r in rows if abs(r[-1].corners[:, 1].mean() - y) < 0.5 * frame.size[1]), None)
        if row is None:
            rows.append([frame])
        else:
            row.append(frame)
    rows.sort(key=lambda row: np.mean([f.corners[:, 1].mean() for f in row]))
    return [frame for row in rows for frame in row]
