"""The digits that are bundled with scikit-learn: real handwriting without a download."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from ocrgen.datasets.alphabet import DIGITS
from ocrgen.datasets.base import Characters, DataError, Splits, hold_out
from ocrgen.imaging.geometry import to_digit

NAME = "digits"
CLASSES = DIGITS
TITLE = "Digits"
ABOUT = (
    "1,797 digits by 13 people, 8x8 pixels enlarged to 28x28, bundled with scikit-learn "
    "(UCI Optical Recognition of Handwritten Digits, Alpaydin & Kaynak 1998; CC BY 4.0)."
)
_TEST = 360


def _file() -> Path | None:
    # Importing scikit-learn would take seconds, and only this file of it is needed.
    spec = find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0], "datasets", "data", "digits.csv.gz")


def missing(root: Path) -> str | None:
    """None if scikit-learn's file exists, else a message that says what to do; `root` is not used."""
    if (file := _file()) and file.is_file():
        return None
    return (
        "The bundled digits are part of scikit-learn: install it with `pip install scikit-learn`. "
        "Other data sets and your own data work without it."
    )


def load(root: Path) -> Splits:
    """1,317 / 120 / 360 images; `root` is not used. DataError if scikit-learn is not installed.

    The source is ordered by writer but does not name the writers. The test set is its last part, so that its writers,
    except perhaps one, are not among the training images.
    """
    if message := missing(root):
        raise DataError(message)
    images, labels = map(np.copy, _read(_file()))
    digits = Characters(images, labels, CLASSES, NAME)
    return Splits(*hold_out(digits[:-_TEST]), digits[-_TEST:])


@cache
def _read(file: Path) -> tuple[np.ndarray, np.ndarray]:
    table = np.loadtxt(file, delimiter=",", dtype=np.float32)
    images = np.stack([_enlarge(image) for image in table[:, :64].reshape(-1, 8, 8) / 16])
    return images, table[:, 64].astype(np.int64)


def _enlarge(image: np.ndarray) -> np.ndarray:
    """An image float32 (8, 8) in [0, 1] in MNIST's geometry: uint8 (28, 28).

    Each pixel is the fraction of ink in a cell of 4 x 4 binary pixels, so strokes end where it is one half: bicubic
    interpolation, then twice the contrast around one half, restores them, and clipping removes the overshoot.
    """
    image = np.pad(image, 2)
    smooth = np.asarray(Image.fromarray(image).resize((60, 60), Image.Resampling.BICUBIC))
    return to_digit(255 * np.clip(2 * smooth - 0.5, 0, 1), ink_is_white=True)
