"""Pictures of two tones that a character fills: which of the two is the ink."""

from dataclasses import dataclass

import cv2
import numpy as np

from ocrgen.imaging.components import Component, cropped, dilated
from ocrgen.imaging.contrast import shrunk
from ocrgen.imaging.quadrilateral import filled
from ocrgen.imaging.squeezed import squeezed_stroke

# The longest side, in pixels, at which the two tones are judged.
SIDE = 160
# Of two even tones, blurred edges included, Otsu's threshold explains this part of the variance; of a gradient 0.75, of
# noise 0.64. They differ by so many grey levels.
MIN_EXPLAINED, MIN_STEP = 0.82, 25
# Relative to the picture's sides: how much of both the ink spans at least (of one, where it parts the paper: a 1 may
# have room beside it), and how high its main part is.
MIN_SPAN, MIN_CROSSING, MIN_HEIGHT = 0.74, 0.9, 0.35
# The widest place of a stroke, relative to the picture's longest side. MNIST's reach 0.42; only a stroke
# that is squeezed to a square may be wider.
MAX_WIDTH = 0.62
# A sheet of paper fills so much of the smallest rectangle around it (an ellipse 0.79) and is broader than a stroke.
MAX_RECTANGULAR, BROAD = 0.88, 0.45
# What runs along so much of a side, and is narrow, is a table's edge.
EDGE = 0.7
# A character has few parts and few holes.
MAX_PARTS = 8
# The tone that takes this share of the border of a picture is its paper, if the other one leaves it at one place only.
MIN_BORDER = 0.7
# A quadrilateral of one tone is no sheet of paper in such a picture if the other tone takes so much of its inside, as
# the hole of a thick 0 does (writing 0.12 at most), or hardly any, and the same tone so much of what is beyond it: then
# it lies between strokes. A table with a pattern may have the tone of the sheet on it, but not so much of it.
HOLE, BARE, BEYOND, MOSTLY_BEYOND = 0.18, 0.03, 0.2, 0.62


@dataclass(frozen=True)
class _Tone:
    """One of the two tones as the ink: the number of its parts, of those at the border, and if it may be ink at all."""

    parts: int
    at_border: int
    plausible: bool


def crop_contrast(rgb: np.ndarray) -> np.ndarray | None:
    """Ink contrast float32 (H, W), 0 to 1, of an image uint8 (H, W, 3) that its characters fill; None of other images.

    Where no paper surrounds the ink, neither the border nor the neighbourhood tells what is paper. Ink is connected,
    and where it reaches the border it parts the paper: of two tones that divide a rectangle, the one that lies at the
    border in fewer pieces is the ink.
    """
    # In two steps, of which the first is quick: other factors than 2 and 4 are not.
    half = shrunk(rgb, 2 if max(rgb.shape) >= 4 * SIDE else 1)
    small = shrunk(half, max(1, round(max(half.shape) / SIDE))).astype(np.float32)
    shape, small = small.shape[:2], small.reshape(-1, 3)
    centre = small.mean(0)
    centred = small - centre
    axis = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    tone = cv2.GaussianBlur((centred @ axis).reshape(shape), (0, 0), 0.7)
    low, high = float(tone.min()), float(tone.max())
    if high - low < MIN_STEP:
        return None
    level, upper = cv2.threshold(((tone - low) * (255 / (high - low))).astype(np.uint8), 0, 1, cv2.THRESH_OTSU)
    upper = cv2.medianBlur(upper, 3).astype(bool)
    share = float(upper.mean())
    if not 0.02 < share < 0.98:
        return None
    means = float(tone[~upper].mean()), float(tone[upper].mean())
    if share * (1 - share) * (means[1] - means[0]) ** 2 < MIN_EXPLAINED * tone.var():
        return None
    ink = _ink(upper)
    if ink is None:
        return None
    ends = (float(np.median(tone[~upper])), float(np.median(tone[upper])))
    paper, full = ends if ink else ends[::-1]
    gain = 255 / (full - paper)
    # From the paper's tone to the ink's: 0 to 255, along the axis on which they differ most.
    matrix = np.append(axis, -paper - axis @ centre)[None] * gain
    return cv2.transform(rgb, matrix.astype(np.float32)).astype(np.float32).reshape(rgb.shape[:2]) / np.float32(255)


def within_character(rgb: np.ndarray, corners: np.ndarray) -> bool:
    """Whether a quadrilateral, its corners (4, 2), lies between a character's strokes or on one, and is no sheet.

    rgb: uint8 (H, W, 3); only where a character fills it.
    """
    factor = max(1, round(max(rgb.shape) / SIDE))
    contrast = crop_contrast(shrunk(rgb, factor))
    if contrast is None:
        return False
    inked = contrast > 0.5
    inside = filled(corners / factor, inked.shape).astype(bool)
    beyond = ~dilated(inside, max(2, round(0.04 * max(inked.shape))))
    if not inside.any() or not beyond.any():
        return False
    share = float(inked[inside].mean())
    other = min(share, 1 - share)
    same = float((inked[beyond] == (share > 0.5)).mean())
    return other > HOLE or same > MOSTLY_BEYOND or (other < BARE and same > BEYOND)


def _ink(upper: np.ndarray) -> bool | None:
    """Whether a mask bool (h, w) of one tone is the ink, or (False) the other; None where neither fills the image."""
    border = np.concatenate([upper[0], upper[1:-1, -1], upper[-1, ::-1], upper[-2:0:-1, 0]])
    share = float(border.mean())
    tones = {ink: _tone(upper if ink else ~upper) for ink in (True, False)}
    runs = int((border != np.roll(border, 1)).sum()) // 2
    if runs == 0:
        ink = share < 0.5
    elif tones[True].plausible != tones[False].plausible:
        ink = tones[True].plausible
    elif runs == 1:
        if MIN_BORDER > share > 1 - MIN_BORDER:
            return None
        ink = share < 0.5
    else:
        pieces = tones[True].at_border, tones[False].at_border
        ink = share < 0.5 if pieces[0] == pieces[1] else pieces[0] < pieces[1]
    return ink if tones[ink].plausible else None


def _tone(mask: np.ndarray) -> _Tone:
    """What speaks for and against the mask bool (h, w) as the ink."""
    sides = np.array(mask.shape)
    count, labels, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        mask.view(np.uint8), 8, cv2.CV_32S, cv2.CCL_BBDT
    )
    speck = stats[:, cv2.CC_STAT_AREA] < 0.002 * mask.size
    speck[0] = True
    parts = int((~speck).sum())
    edges = labels[0], labels[-1], labels[:, 0], labels[:, -1]
    shares = np.max([np.bincount(edge, minlength=count) / len(edge) for edge in edges], axis=0)
    at_border = int(((shares > 0) & ~speck).sum())
    if not parts or parts > MAX_PARTS or stats[1:, cv2.CC_STAT_AREA][speck[1:]].sum() > 0.1 * mask.sum():
        return _Tone(parts, at_border, False)
    inked = ~speck[np.asarray(labels, np.int32)]
    rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
    span = np.array([rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1]) / sides
    spans = stats[:, [cv2.CC_STAT_HEIGHT, cv2.CC_STAT_WIDTH]]
    narrow = (shares > EDGE) & ~(spans > 0.6 * sides).all(1)
    holes = cv2.connectedComponents((~inked).view(np.uint8), connectivity=4)[0] - 1
    # Outside of the picture there is no ink.
    width = 2 * cv2.distanceTransform(np.pad(inked, 1).astype(np.uint8), cv2.DIST_L2, 3).max()
    crosses = parts == 1 and at_border == 1 and span[0] >= MIN_CROSSING
    fits = (crosses or span.min() >= MIN_SPAN) and spans[~speck, 0].max() >= MIN_HEIGHT * sides[0]
    box = cropped(Component(0, mask.shape[0], 0, mask.shape[1], inked))
    thin = width <= MAX_WIDTH * sides.max() or squeezed_stroke(box, mask.shape)
    plausible = fits and not narrow[~speck].any() and holes <= MAX_PARTS + 4 and thin
    return _Tone(parts, at_border, bool(plausible and not _is_sheet(inked)))


def _is_sheet(inked: np.ndarray) -> bool:
    """Whether the largest part of a mask bool (h, w) is a broad rectangle, whatever is written in it."""
    contours = cv2.findContours(inked.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    largest = max(contours, key=cv2.contourArea)
    width, height = cv2.minAreaRect(largest)[1]
    return cv2.contourArea(largest) > MAX_RECTANGULAR * width * height and min(width, height) > BROAD * max(inked.shape)
