"""Characters that somebody types, as a data set: rendered, so that a reader learns them without a labelled image."""

import cv2
import numpy as np

from ocrgen.datasets import Characters, Splits
from ocrgen.datasets.alphabet import are_digits, split_characters
from ocrgen.generators.sampling import draw_total
from ocrgen.generators.untrained import ready
from ocrgen.imaging.geometry import INK, Geometry

HELD_OUT = 2000  # images to choose the weights by, and as many to grade them on
LEAST_PER_CLASS = 500
STYLE = "pens"  # these readers are for pictures, which people write with pens of any kind
APART = 0.3  # share of a class's images in more than one piece, from which a picture holds one character


def typed_characters(text: str, n: int, seed: int, style: str = "", fonts: str = "") -> Splits:
    """Rendered images of the characters that `text` names: n for training, at least 500 a class, and others held out.

    style: a preset of the renderer's, STYLE if "". fonts: a folder with fonts of the user's. UserError if there are
    less than two characters, or no font holds them all.
    """
    model = ready("rendered", split_characters(text), preset=style or STYLE, fonts=fonts)
    n = max(n, LEAST_PER_CLASS * len(model.classes))
    seeds = [3 * seed + i for i in range(3)]
    return Splits(*(draw_total(model, m, s, "rendered") for m, s in zip((n, HELD_OUT, HELD_OUT), seeds, strict=True)))


def typed_geometry(characters: Characters) -> Geometry:
    """How pictures are brought to the layout of rendered characters: one a picture where some are of several pieces."""
    if are_digits(characters.classes):
        return Geometry()
    pieces = np.array([_pieces(image) for image in characters.images[:HELD_OUT]])
    labels = characters.labels[:HELD_OUT]
    apart = [(pieces[labels == c] > 1).mean() for c in range(characters.n_classes) if (labels == c).any()]
    return Geometry(single=bool(max(apart) > APART), touching=False)


def _pieces(image: np.ndarray) -> int:
    """Connected pieces of the ink of an image uint8 (28, 28)."""
    return cv2.connectedComponents((image > INK).astype(np.uint8))[0] - 1
