"""Separate digits that touch."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import ndimage

from ocrgen.imaging.components import Component, cropped, stroke_width

# A component wider than this many times its height may be several digits that touch, if each of them has nearly its
# full height.
MIN_ASPECT, MIN_SPLIT_HEIGHT = 1.3, 0.8

# Probabilities (N, K) of the classes of N candidate parts.
PartsJudge = Callable[[list[Component]], np.ndarray]


def separate(digit: Component, typical: float, judge: PartsJudge | None = None) -> list[Component]:
    """The component, or the digits that it consists of if it is clearly too wide and has a thin place to cut it."""
    if digit.width < MIN_ASPECT * digit.height or digit.height < 0.6 * typical:
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
    return [part for half in halves for part in separate(half, typical, judge)]
