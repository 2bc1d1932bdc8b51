"""Find the sheet of paper, card or board that a photograph shows on its background, and straighten it."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from ocrgen.imaging.quadrilateral import filled, quadrilateral, sides_of

# The search works on the photograph at about this longest side: a sheet's edge is one or two pixels wide there. A
# smaller picture than the other bound is a crop of one character.
SEARCH_SIDE, SMALLEST = 256, 96
# Shares of the photograph's area: what is smaller is a box on paper or a label, what is larger has no background.
MIN_AREA, MAX_AREA = 0.12, 0.985
MAX_ASPECT = 4.0  # a longer region is a stroke or a ruler
# Steps of brightness, of 255, that part two regions; several, since paper in shade meets the table with a small step.
STEPS = (14, 26, 8, 48)
# The least share of a sheet that is bare paper, and of its area that may belong to it beyond its corners.
MIN_PAPER, MAX_BEYOND = 0.72, 0.12
# The least share of a side along which its tone changes; a hand may cover one side in part.
MIN_SIDE, MIN_COVERED_SIDE = 0.7, 0.3
# The share of the change of tone that happens within two pixels: shadows have softer edges than paper.
MIN_SHARPNESS = 0.5
# Where the tone of the paper returns beyond so many of the edge's points, the edge was a line drawn on it.
MAX_RETURN = 0.6
# Red, green and blue are dimmed alike by a shadow, and not to less than this share.
SHADOW, SHADOW_TINT = 0.5, 0.08
# The margin inside a sheet's edge that holds its shadow and the error of its corners, relative to its shorter side.
MARGIN = 0.02
# What covers the edge of a sheet and is wider than this, relative to its shorter side, is a hand: pens are thinner.
FINGER = 0.06
SAME_TONE = 40  # of 255: so much the light on a hand changes across the edge of the sheet


@dataclass(frozen=True)
class Sheet:
    """A sheet on a photograph.

    corners: float (4, 2), its corners (x, y) in pixels of the photograph, clockwise from its top left one; they may lie
    outside of it. image: uint8 (H, W, 3), the sheet alone, straightened. matrix: float (3, 3), the homography that
    takes pixels of `image` to those of the photograph.
    """

    corners: np.ndarray
    image: np.ndarray
    matrix: np.ndarray

    def box(self, box: tuple[int, int, int, int], shape: tuple[int, ...]) -> tuple[int, int, int, int]:
        """The upright box (x, y, width, height) on the photograph (H, W, ...) round a box on `image`."""
        x, y, width, height = box
        corners = np.array([[[x, y], [x + width, y], [x + width, y + height], [x, y + height]]], np.float64)
        there = cv2.perspectiveTransform(corners, self.matrix)[0]
        left, top = np.clip(np.floor(there.min(0)).astype(int), 0, np.array(shape[1::-1]) - 1)
        right, bottom = np.clip(np.ceil(there.max(0)).astype(int), (left + 1, top + 1), shape[1::-1])
        return int(left), int(top), int(right - left), int(bottom - top)


def find_paper(rgb: np.ndarray) -> Sheet | None:
    """The sheet of paper that a photograph uint8 (H, W, 3) shows on another background; None if there is no such sheet.

    A sheet is a large even region with straight sides and square corners, most of which can be seen, and beyond them
    another tone: a printed box has the same paper on both sides of its lines, and so has a thick 0.
    """
    if min(rgb.shape[:2]) < SMALLEST:
        return None
    factor = max(1, round(max(rgb.shape) / SEARCH_SIDE))
    width, height = rgb.shape[1] // factor, rgb.shape[0] // factor
    whole = rgb[: height * factor, : width * factor]
    small = cv2.medianBlur(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), 3)
    seen: list[np.ndarray] = []
    for region in _regions(small):
        corners = quadrilateral(region)
        if corners is None or not _fills(region, corners):
            continue
        if any(np.abs(corners - other).max() < 1.5 for other in seen):
            continue
        seen.append(corners)
        if _stands_out(small, corners):
            return _straightened(rgb, factor, region, corners, small)
    return None


def _regions(small: np.ndarray) -> Iterator[np.ndarray]:
    """Masks uint8 (h, w) of even regions of a picture (h, w, 3) that may be paper, ink left open."""
    kernel, wide = np.ones((3, 3), np.uint8), np.ones((5, 5), np.uint8)
    tried: list[np.ndarray] = []
    # Closing takes dark ink and rules from light paper, opening takes light ones from a board.
    closed = cv2.morphologyEx(small, cv2.MORPH_CLOSE, wide)
    for version in (closed, small, cv2.morphologyEx(small, cv2.MORPH_OPEN, wide)):
        red, *others = cv2.split(cv2.morphologyEx(version, cv2.MORPH_GRADIENT, kernel))
        gradient = cv2.max(red, cv2.max(*others))
        for step in STEPS:
            for region in _large_parts((gradient < step).view(np.uint8), tried):
                yield cv2.dilate(region, kernel)
    lab = cv2.cvtColor(closed, cv2.COLOR_RGB2LAB)
    for channel in cv2.split(lab):
        if np.ptp(channel) < 12:
            continue
        _, light = cv2.threshold(channel, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        for mask in (light, 1 - light):
            yield from _large_parts(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), tried)


def _large_parts(mask: np.ndarray, tried: list[np.ndarray]) -> Iterator[np.ndarray]:
    """The two largest 4-connected parts of a mask uint8 (h, w), if they are large enough.

    tried: left, top, width, height and root of the area of those that were found before, and are not found again.
    """
    if cv2.countNonZero(mask) < 0.6 * MIN_AREA * mask.size:
        return
    _, labels = cv2.connectedComponents(mask, connectivity=4)
    areas = np.bincount(labels.ravel())[1:]  # OpenCV's own statistics of all parts take three times as long
    for k in np.argsort(-areas)[:2]:
        if not 0.6 * MIN_AREA * mask.size <= areas[k] < MAX_AREA * mask.size:
            continue
        part = (labels == k + 1).view(np.uint8)
        size = np.array([*cv2.boundingRect(part), np.sqrt(areas[k])])
        if not any(np.abs(size - other).max() <= 1.5 for other in tried):
            tried.append(size)
            yield part


def _fills(region: np.ndarray, corners: np.ndarray) -> bool:
    """Whether a region uint8 (h, w) fills the quadrilateral (4, 2) round it, but for ink and what covers the edge."""
    inside = filled(corners, region.shape)
    area = int(inside.sum())
    if not MIN_AREA * inside.size < area < MAX_AREA * inside.size:
        return False
    if (region & inside).sum() < MIN_PAPER * area or (region & (1 - inside)).sum() > MAX_BEYOND * area:
        return False
    lengths = np.linalg.norm(np.roll(corners, -1, 0) - corners, axis=1)
    if max(lengths) > MAX_ASPECT * min(lengths):
        return False
    # Its corners are square: those of a thick stroke or of a 0 are round. A hand may hide one.
    near = corners + (corners.mean(0) - corners) * 0.1
    x, y = np.rint(near).astype(int).T
    visible = (x >= 0) & (y >= 0) & (x < region.shape[1]) & (y < region.shape[0])
    return bool(visible.sum() >= 1 and region[y[visible], x[visible]].sum() >= min(visible.sum(), 3))


def _stands_out(small: np.ndarray, corners: np.ndarray) -> bool:
    """Whether the sides of a quadrilateral (4, 2) part the sheet from another tone, in a picture uint8 (h, w, 3)."""
    short = min(np.linalg.norm(np.roll(corners, -1, 0) - corners, axis=1))
    far = [round(share * short) for share in (0.08, 0.12, 0.18, 0.25, 0.35)]
    shares, returned, ratios = [], [], []
    seen_sides = []
    for k, (points, out) in enumerate(sides_of(corners, small.shape)):
        if len(points) < 8:
            continue
        paper = np.median([_tones(small, points - out * d)[0] for d in (3, 5, 8)], axis=0)
        edge = np.array([_tones(small, points + out * d)[0] for d in range(-4, 5)])
        change = np.abs(edge[-2] - paper).max(1)
        grain = float(np.median(np.abs(edge[1] - paper).max(1)))
        parted = change > max(8.0, 2 * grain)
        shares.append(float(parted.mean()))
        seen_sides.append(k)
        if not parted.any():
            continue
        total = np.abs(edge[-1] - edge[0]).max(1)[parted]
        within = np.abs(edge[2:] - edge[:-2]).max(0).max(1)[parted]
        if float(np.median(within / np.maximum(total, 1))) < MIN_SHARPNESS:
            return False
        for d in far:
            tones, valid = _tones(small, points + out * d)
            back = np.abs(tones - paper).max(1) < 0.4 * change
            returned.append((d, back[valid & parted]))
        ratios.append((edge[-1] / np.maximum(paper, 1))[parted])
    if not _enough_sides(shares, seen_sides):
        return False
    for d in far:
        back = np.concatenate([values for distance, values in returned if distance == d])
        if len(back) > 20 and back.mean() > MAX_RETURN:
            return False
    ratio = 1 / np.maximum(np.median(np.concatenate(ratios), axis=0), 1e-3)
    # Darker than its surround in all colours alike: the shadow of the phone that takes the picture.
    return not (SHADOW < ratio.mean() < 1 and np.ptp(ratio) < SHADOW_TINT)


def _enough_sides(shares: list[float], which: list[int]) -> bool:
    """Whether the sides that can be seen suffice: all four, three, or two that meet, of which a hand may cover one."""
    good = sum(share >= MIN_SIDE for share in shares)
    if len(shares) < 2 or min(shares) < MIN_COVERED_SIDE or good < len(shares) - (len(shares) > 3):
        return False
    return len(shares) > 2 or (which[1] - which[0]) % 2 == 1


def _tones(small: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The tones float (n, 3) of a picture at points (n, 2), and whether they lie on it, bool (n,)."""
    x, y = np.rint(points).astype(int).T
    valid = (x >= 0) & (y >= 0) & (x < small.shape[1]) & (y < small.shape[0])
    return small[y.clip(0, small.shape[0] - 1), x.clip(0, small.shape[1] - 1)].astype(np.float32), valid


def _straightened(rgb: np.ndarray, factor: int, region: np.ndarray, corners: np.ndarray, small: np.ndarray) -> Sheet:
    """The sheet, at the photograph's resolution and without a margin.

    factor: by which the photograph was reduced to `small` uint8 (h, w, 3). region, corners: of the sheet, there.
    """
    full = (corners + 0.5) * factor - 0.5
    lengths = np.linalg.norm(np.roll(full, -1, 0) - full, axis=1)
    width, height = (max(16, round(max(lengths[k], lengths[k + 2]))) for k in (0, 1))
    margin = max(2.0, MARGIN * min(width, height))
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - np.float32(margin)
    matrix = cv2.getPerspectiveTransform(flat, full.astype(np.float32))
    size = round(width - 2 * margin), round(height - 2 * margin)
    flags, mode = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.BORDER_REPLICATE
    image = cv2.warpPerspective(rgb, matrix, size, flags=flags, borderMode=mode)
    cover = _covering(small, region, corners)
    if cover is not None:
        to_small = np.diag([1 / factor, 1 / factor, 1]) @ matrix
        cover = cv2.warpPerspective(cover, to_small, size, flags=flags, borderMode=mode)[..., None]
        paper = cv2.warpPerspective(_paper_tone(small, region), to_small, size, flags=flags, borderMode=mode)
        image = np.where(cover > 0, paper, image)
    return Sheet(full, image, matrix)


def _covering(small: np.ndarray, region: np.ndarray, corners: np.ndarray) -> np.ndarray | None:
    """Mask uint8 (h, w) of hands and other things that lie on the edge of a sheet; None if there are none."""
    inside = filled(corners, region.shape)
    short = min(np.linalg.norm(np.roll(corners, -1, 0) - corners, axis=1))
    side = 2 * round(FINGER * short / 2) + 1
    thick = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    # Beyond the sheet there is no paper, so that whatever reaches over its edge is thick there.
    bare = region & inside
    blobs = cv2.morphologyEx(1 - bare, cv2.MORPH_OPEN, thick)
    near = np.ones((5, 5), np.uint8)
    core, beyond = cv2.erode(inside, near), 1 - cv2.dilate(inside, near)
    cover = np.zeros_like(inside)
    count, labels = cv2.connectedComponents(cv2.bitwise_and(blobs, core), connectivity=4, ltype=cv2.CV_16U)
    for k in range(1, count):
        blob = (labels == k).astype(np.uint8)
        # A hand goes on beyond the edge, and ink ends there.
        rim = blob & (1 - cv2.erode(core, near, iterations=2))
        across = cv2.dilate(rim, np.ones((11, 11), np.uint8)) & beyond
        if blob.sum() < 0.002 * inside.sum() or rim.sum() < side or across.sum() < side:
            continue
        tones = [np.median(small[part > 0], axis=0) for part in (rim, across)]
        if np.abs(tones[0] - tones[1]).max() < SAME_TONE:
            cover |= blob
    return cv2.dilate(cover, thick) if cover.any() else None


def _paper_tone(small: np.ndarray, region: np.ndarray) -> np.ndarray:
    """The paper of a region (h, w) as it would be without what lies on it: uint8 (h, w, 3)."""
    weight = cv2.erode(region, np.ones((5, 5), np.uint8)).astype(np.float32)
    sigma = max(small.shape) / 12
    near = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    tone = cv2.GaussianBlur(small * weight[..., None], (0, 0), sigma) / np.maximum(near, 1e-6)
    return np.where(near > 1e-4, tone, small[weight > 0].mean(0)).astype(np.uint8)
