"""Connected components of an ink mask."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage


@dataclass(frozen=True)
class Component:
    """The ink of one digit, or of a part of one: its bounding box on the page, and its mask within the box.

    top, bottom, left, right: pixels, bottom and right excluded. mask: bool (bottom - top, right - left).
    """

    top: int
    bottom: int
    left: int
    right: int
    mask: np.ndarray

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def size(self) -> int:
        """The longer side of the bounding box, in pixels."""
        return max(self.height, self.width)


def connected_components(mask: np.ndarray) -> np.ndarray:
    """Labels int32 (H, W) of the 8-connected components of a mask bool (H, W): 1, 2, ..., and 0 for the background."""
    labels = np.zeros(mask.shape, np.int32)
    ndimage.label(mask, np.ones((3, 3)), output=labels)
    return labels


def clear_border(mask: np.ndarray) -> np.ndarray:
    """The mask without objects that run along the image border: a table, a finger, a shadow."""
    labels = connected_components(mask)
    count = int(labels.max(initial=0))
    if not count:
        return mask
    boxes = ndimage.find_objects(labels)
    spans = np.array([[0, 0], *([y.stop - y.start, x.stop - x.start] for y, x in boxes)])
    sides = [np.bincount(side, minlength=count + 1) for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1])]
    along = np.max(sides, axis=0)
    share = np.max([np.maximum(*sides[:2]) / mask.shape[1], np.maximum(*sides[2:]) / mask.shape[0]], axis=0)
    # A stroke that leaves the image crosses its border, and does not run along it. A digit that fills an image cropped
    # too tightly may do so over some distance.
    fills = (spans > 0.6 * np.array(mask.shape)).all(1) & (share < 0.7)
    bad = ((share > 0.2) | (along > 0.5 * spans.max(1))) & ~fills
    bad[0] = False
    return mask & ~bad[labels]


def stroke_width(mask: np.ndarray) -> float:
    """Mean stroke width in pixels of an ink mask bool (H, W): twice the area over the length of the outline."""
    outline = mask & ~np.asarray(ndimage.binary_erosion(mask), bool)
    return 2 * float(mask.sum()) / max(1, int(outline.sum()))


def union(a: Component, b: Component) -> Component:
    top, left = min(a.top, b.top), min(a.left, b.left)
    bottom, right = max(a.bottom, b.bottom), max(a.right, b.right)
    mask = np.zeros((bottom - top, right - left), bool)
    for c in (a, b):
        mask[c.top - top : c.bottom - top, c.left - left : c.right - left] |= c.mask
    return Component(top, bottom, left, right, mask)


def cropped(component: Component) -> Component:
    """The component with its bounding box shrunk to its mask."""
    rows, columns = (np.flatnonzero(component.mask.any(axis)) for axis in (1, 0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    mask = component.mask[top:bottom, left:right]
    y, x = component.top, component.left
    return Component(y + top, y + bottom, x + left, x + right, mask)
