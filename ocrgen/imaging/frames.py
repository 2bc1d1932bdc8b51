"""Find printed frames on a page: boxes, and the cells of combs and tables, which are rectangles of thin lines."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

# A frame's shorter side in pixels, and its slope; how much of its outline must be straight, on average and on the side
# that a digit crosses (the outline of an ellipse is straight over a fourth of it).
MIN_SIDE, MAX_SLOPE, MIN_STRAIGHT, MIN_CROSSED = 11, 0.21, 0.72, 0.3
# The thickest line, relative to the frame's shorter side, and its blur in pixels: of a frame that holds something, and
# of an empty one with none like it that does, which may be a digit's loop.
MAX_LINE, MAX_EMPTY_LINE, BLUR = 0.15, 0.07, 1.5
# A contour that fills less of its bounding box is no frame's, and a page with more large ones is no form.
MIN_FILL, MAX_CANDIDATES = 0.45, 200
# What a frame holds has at least this height, relative to the frame's.
MIN_CONTENT = 0.22


@dataclass(frozen=True)
class Frame:
    """A quadrangle of lines: corners float (4, 2) as (x, y), the inside of its lines, clockwise from the top left.

    thickness: of the lines in pixels, the same unit. full: whether it holds ink.
    """

    corners: np.ndarray
    thickness: float
    full: bool

    @property
    def sides(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The middle of each line from corner to corner: top, right, bottom, left."""
        centre = self.corners.mean(0)
        out = []
        for k in range(4):
            a, b = self.corners[k], self.corners[(k + 1) % 4]
            normal = np.array([b[1] - a[1], a[0] - b[0]]) / max(1e-6, np.hypot(*(b - a)))
            normal *= np.sign(normal @ (a - centre)) or 1
            shift, along = normal * self.thickness / 2, (b - a) / max(1e-6, np.hypot(*(b - a))) * self.thickness
            out.append((a + shift - along, b + shift + along))
        return out

    @property
    def outline(self) -> np.ndarray:
        """The corners (4, 2) in the middle of the lines: frames that share a line meet there."""
        return self.corners + np.sign(self.corners - self.corners.mean(0)) * self.thickness / 2

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        a, b, c, d = self.corners
        return float(np.hypot(*(b - a) + (c - d)) / 2), float(np.hypot(*(d - a) + (c - b)) / 2)


def find_frames(mask: np.ndarray) -> list[Frame]:
    """The frames in an ink mask uint8 (H, W), 0 or 1; those that hold nothing only where others are like them."""
    contours, hierarchy = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if hierarchy is None:
        return []
    boxes = np.array([cv2.boundingRect(contour) for contour in contours])
    candidates = np.flatnonzero(boxes[:, 2:].min(1) >= MIN_SIDE).tolist()
    if len(candidates) > MAX_CANDIDATES:
        return []
    parents = hierarchy[0, :, 3]
    found: list[Frame] = []
    framed = set()
    # Holes first: where the inside of a frame is found, its outside is not looked at.
    for k in sorted(candidates, key=lambda k: parents[k] < 0):
        if k in framed or cv2.contourArea(contours[k]) < MIN_FILL * boxes[k, 2] * boxes[k, 3]:
            continue
        frame = _frame(mask, contours[k][:, 0].astype(np.float32), parents[k] >= 0)
        if frame is not None:
            found.append(frame)
            framed.add(parents[k])
    return _plausible(found)


def _frame(mask: np.ndarray, points: np.ndarray, hole: bool) -> Frame | None:
    """The frame whose inside (a hole) or outside a contour (n, 2) follows, or None."""
    lines = _sides(points)
    if lines is None:
        return None
    corners = np.array([_crossing(lines[k - 1], lines[k]) for k in range(4)])
    if not np.isfinite(corners).all():
        return None
    width, height = np.ptp(corners, axis=0)
    if min(width, height) < MIN_SIDE or max(width, height) > 12 * min(width, height):
        return None
    thickness = _thickness(mask, corners, hole)
    if thickness is None or thickness > MAX_LINE * min(width, height) + BLUR:
        return None
    if not hole:  # from the outside of the lines to their inside
        corners += np.sign(corners.mean(0) - corners) * thickness
    frame = Frame(corners, thickness, False)
    return replace(frame, full=bool(_content(mask, frame) >= MIN_CONTENT))


def _sides(points: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """A point and a direction of each of the four straight sides of a contour: top, right, bottom, left."""
    (cx, cy), (w, h), angle = cv2.minAreaRect(points)
    turn = np.deg2rad((angle + 45) % 90 - 45)
    if abs(np.tan(turn)) > MAX_SLOPE or min(w, h) < MIN_SIDE:
        return None
    if (angle + 45) % 180 >= 90:
        w, h = h, w
    u, v = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    local = (points - np.array([cx, cy], np.float32)) @ np.stack([u, v], 1).astype(np.float32)
    near, exact = max(2.5, 0.07 * min(w, h)), max(1.3, 0.018 * min(w, h))
    lines, straight = [], []
    for axis, sign, long, short in ((0, -1, w, h), (1, 1, h, w), (0, 1, w, h), (1, -1, h, w)):
        along, across = local[:, axis], local[:, 1 - axis]
        part = (np.abs(along) < 0.46 * long) & (np.abs(across - sign * short / 2) < near)
        if part.sum() < 0.3 * long:
            return None
        fitted = cv2.fitLine(np.stack([along[part], across[part]], 1), cv2.DIST_HUBER, 0, 0.01, 0.01)
        dx, dy, px, py = np.asarray(fitted, float).ravel()
        if abs(dy) > 0.12 * abs(dx):
            return None
        on = np.abs(across[part] - py - (along[part] - px) * dy / dx) < exact
        bins = np.zeros(max(8, int(0.92 * long)), bool)
        bins[((along[part][on] / (0.92 * long) + 0.5) * len(bins)).astype(int).clip(0, len(bins) - 1)] = True
        straight.append(bins.mean())
        axes = (u, v) if axis == 0 else (v, u)
        lines.append((np.array([cx, cy]) + px * axes[0] + py * axes[1], dx * axes[0] + dy * axes[1]))
    return lines if np.mean(straight) >= MIN_STRAIGHT and min(straight) >= MIN_CROSSED else None


def _crossing(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Where two lines, each a point and a direction, meet: (2,)."""
    matrix = np.stack([a[1], -b[1]], 1)
    return a[0] + np.linalg.solve(matrix, b[0] - a[0])[0] * a[1]


def _thickness(mask: np.ndarray, corners: np.ndarray, hole: bool) -> float | None:
    """Median thickness of the lines along a frame's sides, None unless it is even."""
    reach = int(MAX_LINE * np.ptp(corners, axis=0).min()) + 3
    steps = np.arange(-2, reach + 2)
    depths = []
    for k in range(4):
        a, b = corners[k], corners[(k + 1) % 4]
        normal = np.array([b[1] - a[1], a[0] - b[0]]) / max(1e-6, np.hypot(*(b - a)))
        normal *= (np.sign(normal @ (a - corners.mean(0))) or 1) * (1 if hole else -1)
        at = a + (b - a) * np.linspace(0.08, 0.92, 24)[:, None]
        xy = np.rint(at[:, None] + normal * steps[:, None]).astype(int)
        xy = xy.clip(0, np.array(mask.shape[::-1]) - 1)
        ink = mask[xy[..., 1], xy[..., 0]] > 0
        first = ink[:, :6].argmax(1)
        begun = ink[:, :6].any(1)
        end = (~ink & (np.arange(ink.shape[1]) > first[:, None])).argmax(1)
        depths.append(np.where(begun, np.where(end > 0, end - first, reach + 9), 0))
    values = np.concatenate(depths)
    if (values == 0).mean() > 0.3:
        return None
    thickness = float(np.median(values[values > 0]))
    even = np.abs(values[values > 0] - thickness) <= 0.5 * thickness + 1
    return thickness if even.mean() > 0.6 else None


def _content(mask: np.ndarray, frame: Frame) -> float:
    """The height of the ink in a frame, relative to the frame's, away from its lines."""
    width, height = frame.size
    inset = 1.5 + 0.5 * frame.thickness + 0.04 * min(width, height)
    corners = frame.corners + np.sign(frame.corners.mean(0) - frame.corners) * inset
    x0, y0 = np.floor(corners.min(0)).astype(int).clip(0)
    x1, y1 = np.ceil(corners.max(0)).astype(int) + 1
    part = mask[y0:y1, x0:x1]
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(inside, np.rint(corners - [x0, y0]).astype(np.int32), 1)
    rows = np.flatnonzero((part & inside).any(1))
    return (np.ptp(rows) + 1) / height if len(rows) else 0.0


def _plausible(frames: list[Frame]) -> list[Frame]:
    """Frames without the loops of digits: those that hold nothing and are unlike those that do, or thick."""

    def alike(a: Frame, b: Frame) -> bool:
        sizes = np.array([a.size, b.size])
        return bool((np.abs(sizes[0] - sizes[1]) < 0.25 * sizes.max(0) + 2).all())

    full = [f for f in frames if f.full]
    thin = [f for f in frames if not f.full and f.thickness <= MAX_EMPTY_LINE * min(f.size) + BLUR]
    empty = [f for f in frames if not f.full and any(alike(f, g) for g in full)]
    others = [f for f in thin if not any(f is g for g in empty) and any(g is not f and alike(f, g) for g in thin)]
    return full + empty + others
