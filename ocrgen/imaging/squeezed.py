"""A single stroke that was squeezed to a square: a 1 whose picture lost its aspect."""

import cv2
import numpy as np

from ocrgen.imaging.components import Component, cropped

# Relative to the picture's sides: how far from a square it may be, and how much of a side may be free of ink.
SQUARE, FREE = 0.06, 0.03
# A stroke fills so much of its convex hull. At most so many of the rows cross it twice; so many of the columns may, as
# those of a 1 with a serif do.
MIN_SOLIDITY, MAX_ROWS, MAX_COLUMNS = 0.7, 0.05, 0.3
# What is convex, and fills so much of the picture, is a dot: a disc does 0.79 of it.
CONVEX, DOT = 0.95, 0.72
ASPECT = 0.3  # of a 1


def squeezed_stroke(component: Component, shape: tuple[int, ...]) -> bool:
    """Whether a component fills a square picture (H, W) on all sides, and is one upright stroke without a hole."""
    height, width = shape[:2]
    if abs(width / height - 1) > SQUARE or component.height < (1 - FREE) * height:
        return False
    if component.width < (1 - FREE) * width:
        return False
    mask = np.ascontiguousarray(component.mask).view(np.uint8)
    contours, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if (tree[0, :, 3] >= 0).any():
        return False
    largest = max(contours, key=cv2.contourArea)
    solidity = cv2.contourArea(largest) / max(1.0, cv2.contourArea(cv2.convexHull(largest)))
    if solidity < MIN_SOLIDITY or (solidity > CONVEX and mask.mean() > DOT):
        return False
    framed = np.pad(mask, 1).view(np.int8)
    # How often each row, and each column, enters the ink.
    rows, columns = ((np.diff(framed, axis=axis) == 1).sum(axis) for axis in (1, 0))
    return bool((rows > 1).mean() <= MAX_ROWS and (columns > 1).mean() <= MAX_COLUMNS)


def narrowed(ink: np.ndarray, component: Component) -> tuple[np.ndarray, Component]:
    """A page's ink float32 (H, W) and a component of it, both narrowed to the aspect of a 1."""
    box = np.s_[component.top : component.bottom, component.left : component.right]
    height = component.height
    size = max(1, round(ASPECT * height)), height
    small = cv2.resize(ink[box] * component.mask, size, interpolation=cv2.INTER_AREA)
    mask = small > 0.5 * small.max()
    return small, cropped(Component(0, height, 0, size[0], mask))
