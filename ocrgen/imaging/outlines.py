"""Hollow characters, drawn as the outline of their strokes."""

from itertools import combinations

import cv2
import numpy as np

# The longest side, in pixels, at which an outline is judged.
SIDE = 200
# The line's width relative to the size of the character that it outlines: an ordinary stroke is mostly wider.
MAX_LINE = 0.09
# A stroke's area over the square of half its largest width. Of an ellipse it is pi times the ratio of its axes, so
# a filled 0 or 8 stays below this; a bar three and a half times as long as it is wide is at it.
# A strip round an opening that has a line of its own, as in a hollow 4, may be shorter.
MIN_LENGTH, MIN_RING_LENGTH = 14.0, 10.0
# A single closed line without ends is a 0, whatever its pen; but hollow if it is far from convex (its area relative to
# that of its convex hull), when its widest place may be a blot.
MAX_SOLIDITY, MIN_BENT_LENGTH = 0.78, 7.0
# All of the line lies within so many line widths of the inside of the stroke, but for a small part.
REACH, MAX_ASTRAY = 1.6, 0.08
MAX_HOLES = 5


def fill_outlines(mask: np.ndarray, ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ink mask bool (H, W) and contrast float32 (H, W) with hollow characters filled, and all else as it was.

    A hollow stroke's line encloses it: no end of the line leads away from the enclosed strip, as the tail of a 6 does,
    and the strip is long and of an even width, unlike the inside of a 0.
    """
    filled = None
    for contour in cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        x, y, width, height = cv2.boundingRect(contour)
        size = max(width, height)
        if size < 24 or size < 0.04 * max(mask.shape) or 3 * min(width, height) < 0.2 * size:
            continue
        outer = np.zeros((height, width), np.uint8)
        cv2.drawContours(outer, [contour], -1, 1, cv2.FILLED, offset=(-x, -y))
        box = np.s_[y : y + height, x : x + width]
        line = mask[box] & outer.view(bool)
        inside = _inside(line, outer.view(bool) & ~line)
        if inside is not None:
            filled = filled if filled is not None else (mask.copy(), ink.copy())
            filled[0][box] |= inside
            filled[1][box][inside] = np.percentile(ink[box][line], 80)
    return filled or (mask, ink)


def _inside(line: np.ndarray, enclosed: np.ndarray) -> np.ndarray | None:
    """The inside of the strokes that a line bool (h, w) outlines, a part of what it encloses; None if it does not."""
    # Rarely any ordinary stroke is that thin.
    if not enclosed.any() or line.sum() > 0.5 * (line.sum() + enclosed.sum()):
        return None
    factor = max(1, round(max(line.shape) / SIDE))
    small = np.pad(cv2.resize(line.astype(np.float32), _reduced(line, factor), interpolation=cv2.INTER_AREA), 1) > 0.3
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~small).astype(np.uint8), connectivity=4)
    holes = [i for i in range(1, count) if i != labels[0, 0] and stats[i, cv2.CC_STAT_AREA] > 0.001 * small.size]
    if not 0 < len(holes) <= MAX_HOLES:
        return None
    outline = small & ~cv2.erode(small.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    width = max(2.0, 2 * small.sum() / outline.sum())
    if width > MAX_LINE * max(small.shape):
        return None
    best, chosen = 1.0, None
    for number in range(1, len(holes) + 1):
        for chosen_holes in combinations(holes, number):
            strip = np.isin(labels, chosen_holes)
            away = cv2.distanceTransform((~strip).astype(np.uint8), cv2.DIST_L2, 5)
            if (away[small] > REACH * width + 1).mean() > MAX_ASTRAY:
                continue
            depth = cv2.distanceTransform((strip | small).astype(np.uint8), cv2.DIST_L2, 5)
            length = float((strip | small).sum()) / float(depth.max()) ** 2
            bent = number == 1 and _solidity(strip) < MAX_SOLIDITY
            least = MIN_BENT_LENGTH if bent else MIN_RING_LENGTH if number < len(holes) else MIN_LENGTH
            if length / least > best:
                best, chosen = length / least, strip
    if chosen is None:
        return None
    inside = cv2.resize(chosen[1:-1, 1:-1].astype(np.uint8), line.shape[::-1], interpolation=cv2.INTER_NEAREST)
    # To the line itself, which the coarse strip does not quite reach.
    inside = cv2.dilate(inside, np.ones((2 * factor + 1,) * 2, np.uint8)).astype(bool)
    return inside & enclosed


def _solidity(region: np.ndarray) -> float:
    """Area of a connected region bool (h, w), its holes included, relative to that of its convex hull."""
    contour = max(cv2.findContours(region.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=len)
    return cv2.contourArea(contour) / max(1.0, cv2.contourArea(cv2.convexHull(contour)))


def _reduced(image: np.ndarray, factor: int) -> tuple[int, int]:
    return -(-image.shape[1] // factor), -(-image.shape[0] // factor)
