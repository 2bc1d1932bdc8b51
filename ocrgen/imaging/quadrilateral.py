"""The four straight sides of a region of a picture."""

import cv2
import numpy as np

# Opposite sides may differ by so many degrees (perspective), and neighbouring ones from a right angle.
MAX_SKEW = 32.0
# How far a side may bend, relative to the picture's sides together.
TOLERANCE = 0.01
MAX_LINES = 12  # of a contour, the longest ones: those of a sheet are among them
BORDER = 3  # pixels at the picture's border that are no side

Side = tuple[np.ndarray, float]  # unit normal (2,) of a straight line, and its offset along it


def quadrilateral(region: np.ndarray) -> np.ndarray | None:
    """Corners float (4, 2), (x, y) clockwise from the top left, round a region uint8 (h, w) with straight sides.

    Its sides are those that can be seen best, so that something may cover a part or a corner may lie outside of the
    picture. A side that cannot be seen is put where the picture ends. None if two sides that meet are not seen.
    """
    height, width = region.shape
    contours, _ = cv2.findContours(region, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=len)[:, 0]
    sides = _sides(contour, region.shape, TOLERANCE * (height + width))
    return _corners(sides, contour.astype(np.float64), min(height, width)) if len(sides) > 1 else None


def sides_of(corners: np.ndarray, shape: tuple[int, ...]) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each side of a quadrilateral (4, 2): points (n, 2) along it on the picture (h, w), and the outer normal."""
    found = []
    for k in range(4):
        a, b = corners[k], corners[(k + 1) % 4]
        points = a + (b - a) * np.linspace(0.04, 0.96, 48)[:, None]
        out = np.array([b[1] - a[1], a[0] - b[0]]) / np.linalg.norm(b - a)
        seen = ((points > BORDER + 1) & (points < np.array(shape[1::-1]) - BORDER - 2)).all(1)
        found.append((points[seen], out))
    return found


def filled(corners: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Mask uint8 (h, w) of the inside of a polygon (n, 2)."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 1)
    return mask


def _sides(contour: np.ndarray, shape: tuple[int, ...], tolerance: float) -> list[Side]:
    """Straight lines along a closed contour int (n, 2) that are not the picture's border, the longest first."""
    polygon = cv2.approxPolyDP(contour[:, None], tolerance, True)[:, 0]
    starts = np.flatnonzero(np.isin(contour @ (1, shape[1]), polygon @ (1, shape[1])))
    inside = np.asarray(((contour >= BORDER) & (contour < np.array(shape[1::-1]) - BORDER)).all(1))
    lines: list[np.ndarray] = []
    for a, b in zip(starts, [*starts[1:], starts[0] + len(contour)], strict=True):
        trim = (b - a) // 12  # the corners of a region are round
        index = np.arange(a + trim, b - trim + 1) % len(contour)
        index = index[inside[index]]
        if len(index) >= max(6, 2 * tolerance):
            lines.append(contour[index].astype(np.float32))
    merged: list[tuple[Side, list[np.ndarray]]] = []
    for points in sorted(lines, key=len, reverse=True)[:MAX_LINES]:
        for (normal, offset), pieces in merged:
            if np.abs(points @ normal - offset).max() < 1.2 * tolerance:
                pieces.append(points)
                break
        else:
            merged.append((_line(points), [points]))
    wholes = [np.concatenate(pieces) for _, pieces in merged]
    return [_line(points) for points in sorted(wholes, key=len, reverse=True)]


def _line(points: np.ndarray) -> Side:
    """The straight line through points float32 (n, 2)."""
    vx, vy, x, y = map(float, cv2.fitLine(points, cv2.DIST_L2, 0, 0.01, 0.01).ravel())
    return np.array([-vy, vx]), vx * y - vy * x


def _corners(sides: list[Side], contour: np.ndarray, short: int) -> np.ndarray | None:
    """Corners (4, 2), clockwise from the top left, of the first sides that make a quadrilateral."""
    first, middle = sides[0][0], contour.mean(0)
    pairs: list[list[Side]] = [[], []]
    for normal, offset in sides:
        turn = np.degrees(np.arccos(min(1.0, abs(float(normal @ first)))))
        if MAX_SKEW <= turn <= 90 - MAX_SKEW:
            continue
        pair = pairs[int(turn > 45)]
        if len(pair) == 1:
            # The other side of the region, not another piece of this one.
            (other, distance), sign = pair[0], np.sign(pair[0][0] @ normal)
            if abs((middle @ other - distance) - sign * (middle @ normal - offset)) < 0.25 * short:
                continue
        if len(pair) < 2:
            pair.append((normal, offset))
    if not all(pairs):
        return None
    for pair in pairs:
        if len(pair) == 1:
            normal, offset = pair[0]
            beyond = contour @ normal - offset
            pair.append((normal, offset + float(beyond[np.argmax(np.abs(beyond))])))
    points = []
    for a in pairs[0]:
        for b in pairs[1]:
            system = np.array([a[0], b[0]])
            if abs(np.linalg.det(system)) < 0.5:
                return None
            points.append(np.linalg.solve(system, (a[1], b[1])))
    corners = np.array(points)
    # Clockwise on the screen, where y points down, and from the side that is nearest to level.
    corners = corners[np.argsort(np.arctan2(*(corners - corners.mean(0)).T[::-1]))]
    if not cv2.isContourConvex(corners.astype(np.float32)):
        return None
    along = np.roll(corners, -1, 0) - corners
    top = int(np.argmin(np.abs(np.arctan2(along[:, 1], along[:, 0]))))
    return np.roll(corners, -top, axis=0)
