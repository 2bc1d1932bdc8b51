"""Decimal points and commas between digits: found, and kept out of the digits beside them."""

import numpy as np

from ocrgen.imaging.components import Component, components_of, cropped

# Relative to the height of the digits: the least size of a point, the largest height and width of a comma. Relative to
# the digits beside it: how far down it begins at least, and ends at most.
MIN_SIZE, MAX_HEIGHT, MAX_WIDTH = 0.04, 0.5, 0.35
HIGHEST, LOWEST = 0.62, 1.5


def set_points_apart(mask: np.ndarray, digits: list[Component]) -> tuple[list[Component], list[int], int]:
    """Digits in reading order without decimal points and commas, and after how many digits each of these stands.

    mask: of all ink, bool (H, W). A point is a small mark at the foot of a line, between two digits: joined to one of
    them, taken for a digit itself, or left out already; the last value is the number of the latter.
    """
    if len(digits) < 2:
        return digits, [], 0
    typical = float(np.median([digit.height for digit in digits]))
    digits, marks = _without_joined(digits, typical)
    rest = mask.copy()
    for digit in digits:
        rest[digit.top : digit.bottom, digit.left : digit.right] &= ~digit.mask
    loose = [part for part in components_of(rest) if part.size >= MIN_SIZE * typical]
    kept = []
    for i, digit in enumerate(digits):
        around = [digits[k] for k in (i - 1, i + 1) if 0 <= k < len(digits)]
        is_mark = 0 < i < len(digits) - 1 and all(_below(digit, other, typical) for other in around)
        (marks if is_mark else kept).append(digit)
    apart, left_out = ({_place(m, kept, typical) for m in found} - {0} for found in (marks, loose))
    if len(loose) > 2 * len(left_out):  # most marks stand elsewhere: the paper is dirty
        left_out = set()
    return kept, sorted(apart | left_out), len(left_out - apart)


def _without_joined(digits: list[Component], typical: float) -> tuple[list[Component], list[Component]]:
    """The digits without small marks beside their foot, and these marks."""
    kept, marks = [], []
    for digit in digits:
        parts = sorted(components_of(digit.mask), key=lambda part: -part.mask.sum())
        mask = digit.mask.copy()
        for part in parts[1:]:
            beside = part.left >= parts[0].right or part.right <= parts[0].left
            if beside and _below(part, parts[0], typical):
                mask[part.top : part.bottom, part.left : part.right] &= ~part.mask
                y, x = digit.top, digit.left
                marks.append(Component(part.top + y, part.bottom + y, part.left + x, part.right + x, part.mask))
        kept.append(digit if mask.sum() == digit.mask.sum() else cropped(Component(
            digit.top, digit.bottom, digit.left, digit.right, mask
        )))  # fmt: skip
    return kept, marks


def _below(mark: Component, digit: Component, typical: float) -> bool:
    """Whether a mark is small, and stands at the foot of a digit's line."""
    small = mark.height <= MAX_HEIGHT * typical and mark.width <= MAX_WIDTH * typical
    foot = (mark.top - digit.top) / digit.height
    return small and foot >= HIGHEST and mark.bottom - digit.top <= LOWEST * digit.height


def _place(mark: Component, digits: list[Component], typical: float) -> int:
    """After how many digits a mark stands as a point between two of one line; 0 if it does not."""
    middle = mark.left + mark.right
    for i, (one, other) in enumerate(zip(digits, digits[1:], strict=False), 1):
        between = one.left + one.right < middle < other.left + other.right
        if between and _below(mark, one, typical) and _below(mark, other, typical):
            return i
    return 0
