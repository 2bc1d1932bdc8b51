"""Marks on a page -> digits in reading order: strokes joined, specks left out, touching digits parted."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

# Shares of a digit's height: how near a loose part may be to belong to it, and how tall it may be to be a part at all.
NEAR, PART = 0.13, 0.7
# What is wider than this many heights may be two digits that touch, if each has nearly the full height.
WIDE, WHOLE = 1.3, 0.8


@dataclass(frozen=True)
class Mark:
    """The ink of one digit, or of a part of one: its box on the page, and which pixels in the box are its own.

    top, bottom, left, right: pixels, ends excluded. own: bool (bottom - top, right - left).
    """

    top: int
    bottom: int
    left: int
    right: int
    own: np.ndarray

    @property
    def height(self) -> int:
        """Pixels."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Pixels."""
        return self.right - self.left

    @property
    def longest(self) -> int:
        """Pixels."""
        return max(self.height, self.width)


def find_marks(marks: np.ndarray, least: int, smallest: float) -> tuple[list[Mark], int]:
    """Digits among marks bool (H, W), in reading order, and how many marks were left out as too small.

    least: the height, pixels, below which nothing is a digit. smallest: the same, as a share of the usual height.
    """
    strokes = _strokes(marks, max(3, least // 4))
    if not strokes:
        return [], 0
    usual = _usual(strokes)
    # Specks are no parts either: a dirty page would pull every box apart.
    parts = [s for s in strokes if s.longest >= max(3, 0.07 * usual)]
    whole = _joined(parts, usual)
    usual = _usual(whole)
    digits = [m for m in whole if m.height >= max(least, smallest * usual)]
    left_out = len(whole) - len(digits)
    return _ordered([part for mark in digits for part in _parted(mark, usual)]), left_out


def stroke_width(inked: np.ndarray) -> float:
    """Mean width of the strokes in bool (H, W), pixels: a stroke's area over half of its outline."""
    outline = inked & ~ndimage.binary_erosion(inked)
    return 2 * float(inked.sum()) / max(1, int(outline.sum()))


def _usual(marks: list[Mark]) -> float:
    """The height of the mark that holds the middle of the ink: digits outweigh specks, however many there are."""
    heights, areas = np.array([(m.longest, m.own.sum()) for m in marks]).T
    order = np.argsort(heights)
    return float(heights[order][np.searchsorted(np.cumsum(areas[order]), areas.sum() / 2)])


def _strokes(marks: np.ndarray, least: int) -> list[Mark]:
    """Connected strokes, at least `least` pixels long, that breaks narrower than a third of their width don't part."""
    reach = int(np.clip(round(stroke_width(marks) / 6), 1, 6))
    labels, _ = ndimage.label(ndimage.maximum_filter(marks, 2 * reach + 1), np.ones((3, 3)))
    labels[~marks] = 0
    found = []
    for i, box in enumerate(ndimage.find_objects(labels), 1):
        if box is not None and max(s.stop - s.start for s in box) >= least:
            found.append(Mark(box[0].start, box[0].stop, box[1].start, box[1].stop, labels[box] == i))
    return found


def _joined(parts: list[Mark], usual: float) -> list[Mark]:
    """Every loose part joined to the stroke it belongs to: the bar of a 5, the stem of a 4."""
    whole = sorted(parts, key=lambda m: -m.longest)
    # So many marks are no page of digits.
    if len(whole) > 300:
        return whole
    k = len(whole) - 1
    while k > 0:
        fits = [(distance, i) for i, m in enumerate(whole[:k]) if (distance := _apart(whole[k], m, usual)) is not None]
        if fits:
            i = min(fits)[1]
            whole[i] = _union(whole[i], whole[k])
            del whole[k]
            whole.sort(key=lambda m: -m.longest)
            k = len(whole)
        k -= 1
    return whole


def _apart(part: Mark, mark: Mark, usual: float) -> float | None:
    """How far a part is from the larger mark that it may belong to, in usual heights; None if it does not."""
    across = max(part.left, mark.left) - min(part.right, mark.right)
    down = max(part.top, mark.top) - min(part.bottom, mark.bottom)
    near = max(across, down)
    if near > 0.3 * usual:
        return None
    height = max(part.bottom, mark.bottom) - min(part.top, mark.top)
    width = max(part.right, mark.right) - min(part.left, mark.left)
    # Together they are one digit in size: else they are neighbours, or in lines below each other.
    tall, wide = (1.6, 1.5) if part.height < 0.45 * usual else (1.25, 1.2)
    if height > tall * max(usual, mark.height) or width > max(wide * usual, mark.width):
        return None
    distance = float(np.hypot(max(across, 0), max(down, 0))) / usual
    if part.longest <= PART * max(usual, mark.longest):
        above = -across > 0.4 * part.width and distance < 0.25
        return distance if above or distance < NEAR else None
    # Two large parts make one digit only where a stroke broke: one ends where the other begins, over or inside it.
    if -across < 0.3 * min(part.width, mark.width):
        return None
    both = _union(part, mark)
    y, x = part.top - both.top, part.left - both.left
    away = np.ones(both.own.shape, bool)
    away[mark.top - both.top :, mark.left - both.left :][: mark.height, : mark.width] &= ~mark.own
    gap = ndimage.distance_transform_edt(away)[y : y + part.height, x : x + part.width][part.own].min()
    return distance if gap <= stroke_width(mark.own) else None


def _union(a: Mark, b: Mark) -> Mark:
    top, left = min(a.top, b.top), min(a.left, b.left)
    bottom, right = max(a.bottom, b.bottom), max(a.right, b.right)
    own = np.zeros((bottom - top, right - left), bool)
    for m in (a, b):
        own[m.top - top : m.bottom - top, m.left - left : m.right - left] |= m.own
    return Mark(top, bottom, left, right, own)


def _parted(mark: Mark, usual: float) -> list[Mark]:
    """The mark, or the two or more that it is made of if it is clearly too wide and has a thin place to cut it."""
    if mark.width < WIDE * mark.height or mark.height < 0.6 * usual:
        return [mark]
    ink = ndimage.uniform_filter1d(mark.own.sum(0).astype(float), max(1, mark.height // 40))
    low, high = round(0.35 * mark.height), mark.width - round(0.35 * mark.height)
    if high <= low:
        return [mark]
    # A cut in the middle is worth a little more ink than one that leaves a sliver.
    off = np.abs(np.arange(low, high) - mark.width / 2) / mark.width
    at = low + int(np.argmin(ink[low:high] + 0.1 * mark.height * off))
    # Touching digits share one stroke's width of ink; a cut through a wide 0 crosses it twice.
    crossed = np.diff(mark.own[:, at].astype(np.int8), prepend=0) == 1
    if ink[at] > 1.5 * stroke_width(mark.own) or crossed.sum() > 1:
        return [mark]
    halves = [_cropped(replace(mark, right=mark.left + at, own=mark.own[:, :at]))]
    halves.append(_cropped(replace(mark, left=mark.left + at, own=mark.own[:, at:])))
    # The tail of a wide 2 is no digit.
    if min(half.height for half in halves) < WHOLE * mark.height:
        return [mark]
    return [part for half in halves for part in _parted(half, usual)]


def _cropped(mark: Mark) -> Mark:
    """Its box drawn tightly around its own pixels."""
    rows, columns = (np.flatnonzero(mark.own.any(axis)) for axis in (1, 0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    own = mark.own[top:bottom, left:right]
    return Mark(mark.top + top, mark.top + bottom, mark.left + left, mark.left + right, own)


def _ordered(digits: list[Mark]) -> list[Mark]:
    """Line by line from the top, each from the left; lines may slope."""
    lines: list[list[Mark]] = []
    for digit in sorted(digits, key=lambda m: m.left + m.right):
        # A sloping line is followed from neighbour to neighbour: its ends may share no row.
        def shared(line: list[Mark], digit: Mark = digit) -> float:
            last = line[-1]
            both = min(digit.bottom, last.bottom) - max(digit.top, last.top)
            return both / min(digit.height, last.height)

        best = max(lines, key=shared, default=None)
        if best is not None and shared(best) > 0.35:
            best.append(digit)
        else:
            lines.append([digit])
    lines.sort(key=lambda line: np.mean([m.top + m.bottom for m in line]))
    return [digit for line in lines for digit in line]
