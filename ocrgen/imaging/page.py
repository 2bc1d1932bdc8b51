"""What was found on a picture of a page."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

# Probabilities (N, K) of the classes of images uint8 (N, 28, 28): a reader, handed down to judge candidate cuts.
Judge = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class PageCharacter:
    """A character on a page: image uint8 (28, 28), white on black; box (x, y, width, height) in pixels of the page.

    cell: index of the form's box in which it stands, in reading order, None outside of all.
    """

    image: np.ndarray
    box: tuple[int, int, int, int]
    cell: int | None = None


@dataclass(frozen=True)
class Page:
    """A page that was read: image uint8 (H, W, 3), upright, at most 1280 pixels a side; characters in reading order.

    notes: whole sentences on what was left out or changed, for the user. outline: the corners float (4, 2) of the sheet
    of paper on the image, (x, y) clockwise from its top left, which may lie outside of it; None if no sheet was found.
    """

    image: np.ndarray
    characters: list[PageCharacter]
    notes: list[str] = field(default_factory=list)
    outline: np.ndarray | None = None
