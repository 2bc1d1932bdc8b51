"""Find circles and ellipses that were drawn or printed round digits."""

import cv2
import numpy as np

# The shortest side of a ring in pixels; its thickest line, relative to it.
MIN_SIDE, MAX_LINE = 22, 0.13
# The ring may stray from an ellipse by this share of its radius, and must be drawn round this share of the turn: more
# of it where what it holds touches it, as the strokes of a 6 or a 9 do.
MAX_STRAY, MIN_TURN, MIN_TOUCHED_TURN = 0.16, 0.78, 0.93
# What it holds has this height, relative to its own; more where it touches it, as the loose end of a 0 does.
MIN_CONTENT, MIN_TOUCHING_CONTENT = 0.25, 0.42
ANGLES = 96


def find_rings(mask: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The rings in an ink mask uint8 (H, W), 0 or 1, that hold something: their ink, and the outline (n, 2) of each.

    A ring that holds nothing is a 0.
    """
    ink, outlines = np.zeros_like(mask), []
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for contour in contours:
        x, y, width, height = cv2.boundingRect(contour)
        if min(width, height) < MIN_SIDE or max(width, height) > 3 * min(width, height):
            continue
        hull = cv2.convexHull(contour)
        # An ellipse fills pi / 4 of its bounding rectangle.
        if len(hull) < 12 or not 0.7 < cv2.contourArea(hull) / np.prod(cv2.minAreaRect(hull)[1]) < 0.87:
            continue
        found = _ring(mask, hull, (x, y, width, height))
        if found is not None:
            ink |= found[0]
            outlines.append(found[1])
    return ink, outlines


def _ring(mask: np.ndarray, hull: np.ndarray, box: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray] | None:
    """The ink (H, W) and the outline (n, 2) of the ring with a convex hull, or None."""
    (cx, cy), axes, angle = cv2.fitEllipse(hull)
    if not np.isfinite([cx, cy, *axes]).all() or min(axes) < MIN_SIDE or max(axes) > 2 * max(box[2:]):
        return None
    turn, radius = np.deg2rad(angle), min(axes) / 2
    phi = np.linspace(0, 2 * np.pi, ANGLES, endpoint=False)
    local = np.stack([np.cos(phi) * axes[0] / 2, np.sin(phi) * axes[1] / 2], 1)
    rays = local @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    steps = np.arange(0, 1 + MAX_STRAY, 1 / radius)
    xy = np.rint(np.array([cx, cy]) + rays[:, None] * steps[:, None]).astype(int)
    on = (xy >= 0).all(2) & (xy < mask.shape[::-1]).all(2)
    xy = xy.clip(0, np.array(mask.shape[::-1]) - 1)
    polar = (mask[xy[..., 1], xy[..., 0]] > 0) & on
    # From outside to the middle: the first run of ink on each ray.
    inward = polar[:, ::-1]
    first = inward.argmax(1)
    outer = len(steps) - 1 - first
    ended = (~inward) & (np.arange(len(steps)) > first[:, None])
    width = np.where(ended.any(1), ended.argmax(1) - first, len(steps))
    drawn = inward.any(1) & (steps[outer] > 1 - 1.6 * MAX_STRAY)
    if drawn.mean() < MIN_TURN:
        return None
    thickness = float(np.median(width[drawn]))
    if thickness > MAX_LINE * 2 * radius + 1:
        return None
    thick = drawn & (width > 1.7 * thickness + 1.5)
    level = _median_round(np.where(drawn, outer, np.median(outer[drawn])))
    smooth = np.abs(outer - level) <= 2 + 0.04 * radius
    outline = np.array([cx, cy]) + rays * (steps[level.astype(int)] + 1.5 / radius)[:, None]
    inner = np.array([cx, cy]) + rays * (steps[level.astype(int)] - (thickness + 1) / radius)[:, None]
    x, y, w, h = box
    part = np.ascontiguousarray(mask[y : y + h, x : x + w])
    count, labels = cv2.connectedComponents(part, connectivity=8)
    band = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(band, [np.rint(outline - [x, y]).astype(np.int32)], 1)
    cv2.fillPoly(band, [np.rint(inner - [x, y]).astype(np.int32)], 0)
    ring = int(np.bincount(labels[(band & part) > 0], minlength=count)[1:].argmax()) + 1
    core = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(core, [np.rint((inner - [cx, cy]) * 0.8 + [cx - x, cy - y]).astype(np.int32)], 1)
    touches = bool((core[labels == ring] > 0).any())
    rows = np.flatnonzero((core & part).any(1))
    if not len(rows) or np.ptp(rows) < (MIN_TOUCHING_CONTENT if touches else MIN_CONTENT) * h:
        return None
    good = drawn & smooth & ~thick
    if good.mean() < (MIN_TURN if not touches else MIN_TURN - 0.08) or (touches and drawn.mean() < MIN_TOUCHED_TURN):
        return None
    if touches:
        arcs = int((thick & ~np.roll(thick, 1)).sum())
        if arcs > 1 or thick.mean() > 0.3:
            return None
        gone = band & part & ~_sectors(part.shape, (cx - x, cy - y), rays, thick)
    else:
        gone = (labels == ring).astype(np.uint8)
    ink = np.zeros_like(mask)
    ink[y : y + h, x : x + w] = gone
    return ink, outline


def _median_round(values: np.ndarray) -> np.ndarray:
    """Median of each value and the four on each side of it, round the turn: (n,) -> (n,)."""
    return np.median(np.stack([np.roll(values, k) for k in range(-4, 5)]), 0)


def _sectors(shape: tuple[int, ...], centre: tuple[float, float], rays: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Mask uint8 (h, w) of the sectors round some of the rays."""
    out = np.zeros(shape, np.uint8)
    for k in np.flatnonzero(where):
        wedge = np.array([[0, 0], rays[k - 1] * 1.5, rays[k] * 1.5, rays[(k + 1) % len(rays)] * 1.5]) + centre
        cv2.fillConvexPoly(out, np.rint(wedge).astype(np.int32), 1)
    return out
