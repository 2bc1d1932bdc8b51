"""Connected components of an ink mask."""

from dataclasses import dataclass

import cv2
import numpy as np


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
    return cv2.connectedComponents(np.ascontiguousarray(mask).view(np.uint8), connectivity=8)[1]


def components_of(mask: np.ndarray, min_size: int = 1) -> list[Component]:
    """The 8-connected components of a mask bool (H, W), those whose longer side has at least `min_size` pixels."""
    mask = np.ascontiguousarray(mask).view(np.uint8)
    x, y, width, height = cv2.boundingRect(mask)
    if not width:
        return []
    # OpenCV's default algorithm takes three times as long with its statistics.
    _, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        mask[y : y + height, x : x + width], 8, cv2.CV_32S, cv2.CCL_BBDT
    )
    return [
        Component(y + top, y + top + h, x + left, x + left + w, labels[top : top + h, left : left + w] == i)
        for i, (left, top, w, h, _) in enumerate(stats.tolist()[1:], 1)
        if max(w, h) >= min_size
    ]


def at_border(mask: np.ndarray) -> bool:
    """Whether any of a mask bool (H, W) lies at the image border."""
    return any(side.any() for side in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))


def clear_border(mask: np.ndarray) -> np.ndarray:
    """The mask without objects that run along the image border: a table, a finger, a shadow."""
    if not at_border(mask):
        return mask
    # OpenCV's default algorithm takes three times as long with its statistics.
    count, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        np.ascontiguousarray(mask).view(np.uint8), 8, cv2.CV_32S, cv2.CCL_BBDT
    )
    boxes = stats[:, [cv2.CC_STAT_TOP, cv2.CC_STAT_LEFT, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_WIDTH]]
    spans = boxes[:, 2:]
    sides = [np.bincount(side, minlength=count) for side in (labels[0], labels[-1], labels[:, 0], labels[:, -1])]
    along = np.max(sides, axis=0)
    share = np.max([np.maximum(*sides[:2]) / mask.shape[1], np.maximum(*sides[2:]) / mask.shape[0]], axis=0)
    # A stroke that leaves the image crosses its border, and does not run along it. A digit that fills an image cropped
    # too tightly may do so over some distance.
    fills = (spans > 0.6 * np.array(mask.shape)).all(1) & (share < 0.7)
    bad = ((share > 0.2) | (along > 0.5 * spans.max(1))) & ~fills
    bad[0] = False
    if not bad.any():
        return mask
    mask = mask.copy()
    for i in np.flatnonzero(bad):
        top, left, height, width = boxes[i]
        box = np.s_[top : top + height, left : left + width]
        mask[box] &= labels[box] != i
    return mask


def stroke_width(mask: np.ndarray) -> float:
    """Mean stroke width in pixels of an ink mask bool (H, W): twice the area over the length of the outline."""
    mask = np.ascontiguousarray(mask).view(np.uint8)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    area = cv2.countNonZero(mask)
    outline = area - cv2.countNonZero(cv2.erode(mask, cross, borderType=cv2.BORDER_CONSTANT, borderValue=0))
    return 2 * area / max(1, outline)


def dilated(mask: np.ndarray, reach: int) -> np.ndarray:
    """The mask bool (H, W) and all that is `reach` steps from it or nearer, each to one of the four neighbours."""
    if not mask.any():
        return mask
    away = np.ascontiguousarray(~mask).view(np.uint8)
    return cv2.distanceTransform(away, cv2.DIST_L1, 3) <= reach


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
