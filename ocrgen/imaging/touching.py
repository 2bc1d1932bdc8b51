"""Separate digits that touch."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import ndimage

from ocrgen.imaging.components import Component, cropped, stroke_width
from ocrgen.imaging.lattice import WHOLE, Lattice

# Probabilities (N, K) of the classes of N candidate parts, each the ink float32 (h, w) within its box, 0 to 1.
PartsJudge = Callable[[list[np.ndarray]], np.ndarray]

# Relative to the typical height of a digit on the page: what is lower is not cut.
MIN_HEIGHT = 0.6
# Width over height, of components that may be several digits, where a reader judges them: two upright strokes side by
# side are no narrower, and what is much wider is no row of digits.
MIN_ASPECT, MAX_ASPECT = 0.45, 5.0
MAX_CUT = 4  # components of a page: the most doubtful ones
DOUBT = 3.0  # a component with a greater score is one digit: so is nearly every single digit
# Where the shape alone decides: a component wider than this many times its height may be several digits that touch, if
# each of them has nearly its full height.
MIN_ASPECT_ALONE, MIN_SPLIT_HEIGHT = 1.3, 0.8


def separate(digits: list[Component], typical: float, judge: PartsJudge | None = None) -> list[Component]:
    """The components, each that holds several digits replaced by these, from left to right.

    typical: longer side of a digit on the page, pixels. judge: what a reader makes of candidate parts; without one, the
    shape decides, and only what is clearly too wide is cut.

    With a judge, this is recognition-based segmentation (Casey and Lecolinet, "A survey of methods and strategies in
    character segmentation", PAMI 18, 1996): a component is over-segmented, and of all ways to put its parts together,
    the whole among them, the one with the greatest score is taken.
    """
    if judge is None:
        return [part for digit in digits for part in _by_shape(digit, typical)]
    # Not `typical`, which a single wide component sets to its width.
    typical = float(np.median([digit.height for digit in digits])) if digits else 0.0
    aspects = [digit.width / digit.height for digit in digits]
    lattices = {
        k: Lattice(digit)
        for k, digit in enumerate(digits)
        if digit.height >= MIN_HEIGHT * typical and MIN_ASPECT <= aspects[k] <= MAX_ASPECT
    }
    if not lattices:
        return digits
    seen = judge([lattice.whole.ink for lattice in lattices.values()])
    whole = {
        k: float(WHOLE @ lattice.whole.features(p)) for (k, lattice), p in zip(lattices.items(), seen, strict=True)
    }
    doubtful = sorted((k for k in whole if whole[k] < DOUBT), key=lambda k: whole[k])[:MAX_CUT]
    found = {k: [digit] for k, digit in enumerate(digits)}
    for k in doubtful:
        lattice = lattices[k]
        if not lattice.parts:
            continue
        judged = judge([part.ink for part in lattice.parts.values()])
        score, cuts = lattice.best(dict(zip(lattice.parts, judged, strict=True)))
        if score > whole[k]:
            found[k] = lattice.divide(cuts)
    return [part for parts in found.values() for part in parts]


def _by_shape(digit: Component, typical: float) -> list[Component]:
    """The component, or the digits that it consists of if it is clearly too wide and has a thin place to cut it."""
    if digit.width < MIN_ASPECT_ALONE * digit.height or digit.height < MIN_HEIGHT * typical:
        return [digit]
    ink = ndimage.uniform_filter1d(digit.mask.sum(0).astype(float), max(1, digit.height // 40))
    low, high = round(0.35 * digit.height), digit.width - round(0.35 * digit.height)
    if high <= low:
        return [digit]
    # A cut near the middle may cross a little more ink than one that leaves a sliver.
    off_centre = np.abs(np.arange(low, high) - digit.width / 2) / digit.width
    cut = low + int(np.argmin(ink[low:high] + 0.1 * digit.height * off_centre))
    # Touching digits share one stroke's width of ink; a cut through a wide 0 crosses two strokes.
    crossings = np.diff(digit.mask[:, cut].astype(np.int8), prepend=0) == 1
    if ink[cut] > 1.5 * stroke_width(digit.mask) or crossings.sum() > 1:
        return [digit]
    halves = [cropped(replace(digit, right=digit.left + cut, mask=digit.mask[:, :cut]))]
    halves.append(cropped(replace(digit, left=digit.left + cut, mask=digit.mask[:, cut:])))
    # The tail of a wide 2 is not a digit.
    if min(half.height for half in halves) < MIN_SPLIT_HEIGHT * digit.height:
        return [digit]
    return [part for half in halves for part in _by_shape(half, typical)]
