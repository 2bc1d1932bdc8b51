"""Characters that somebody types, as a data set: rendered, so that a reader learns them without a labelled image."""

import cv2
import numpy as np

from ocrgen.datasets import Characters, Splits
from ocrgen.datasets.alphabet import are_digits, split_characters
from ocrgen.generators.base import GenerativeModel
from ocrgen.generators.sampling import draw_total
from ocrgen.generators.untrained import ready
from ocrgen.imaging.geometry import INK, Geometry

HELD_OUT = 2000  # images to choose the weights by, and as many to grade them on
LEAST_PER_CLASS = 500
STYLES = ("pens", "print")  # these readers are for pictures: of what pens of any kind have written, and printers
APART = 0.3  # share of a class's images in more than one piece, from which a picture holds one character


def typed_characters(text: str, n: int, seed: int, style: str = "", fonts: str = "") -> Splits:
    """Rendered images of the characters that `text` names: n for training, at least 500 a class, and others held out.

    style: a preset of the renderer's, STYLES in equal parts if "". fonts: a folder with fonts of the user's.
    UserError if there are less than two characters, or no font holds them all.
    """
    classes, styles = split_characters(text), (style,) if style else STYLES
    models = [ready("rendered", classes, preset=each, fonts=fonts) for each in styles]
    n = max(n, LEAST_PER_CLASS * len(classes))
    return Splits(*(_drawn(models, m, 3 * seed + i) for i, m in enumerate((n, HELD_OUT, HELD_OUT))))


def _drawn(models: list[GenerativeModel], n: int, seed: int) -> Characters:
    """n images, by each of the models as many."""
    parts = [draw_total(model, -(-n // len(models)), seed, "rendered") for model in models]
    images, labels = (np.concatenate([getattr(p, name) for p in parts]) for name in ("images", "labels"))
    return Characters(images, labels, parts[0].classes, "rendered")


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
