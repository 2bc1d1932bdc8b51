"""The digits that come with scikit-learn: real handwriting without any download."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from ocrgen.datasets.base import DataError, Digits, Splits, hold_out
from ocrgen.imaging.digits import to_digit

NAME = "digits"
TITLE = "Digits"
ABOUT = (
    "1,797 digits by 13 people, 8x8 pixels enlarged to 28x28, bundled with scikit-learn "
    "(UCI Optical Recognition of Handwritten Digits, Alpaydin & Kaynak 1998; CC BY 4.0)."
)
_TEST = 360


def _file() -> Path | None:
    # Importing scikit-learn takes seconds, and all we need of it is this one file.
    spec = find_spec("sklearn")
    return Path(spec.submodule_search_locations[0], "datasets", "data", "digits.csv.gz") if spec else None


def missing(root: Path) -> str | None:
    """None if the bundled file is there, else what to do; `root` plays no part."""
    if (file := _file()) and file.is_file():
        return None
    return (
        "The bundled digits are part of scikit-learn: install it with `pip install scikit-learn`. "
        "Other data sets and your own data work without it."
    )


def load(root: Path) -> Splits:
    """1,317 / 120 / 360 images; `root` plays no part. Raises DataError if scikit-learn is not installed.

    The source is ordered by writer but does not name them, so test is its end: writers that train does not hold.
    """
    if fault := missing(root):
        raise DataError(fault)
    images, labels = map(np.copy, _read(_file()))
    digits = Digits(images, labels, NAME)
    return Splits(*hold_out(digits[:-_TEST]), digits[-_TEST:])


@cache
def _read(file: Path) -> tuple[np.ndarray, np.ndarray]:
    table = np.loadtxt(file, delimiter=",", dtype=np.float32)
    images = np.stack([_enlarge(field) for field in table[:, :64].reshape(-1, 8, 8) / 16])
    return images, table[:, 64].astype(np.int64)


def _enlarge(field: np.ndarray) -> np.ndarray:
    """(8, 8), 0 to 1, to a digit in MNIST's geometry.

    A cell counts the ink of 4x4 black or white pixels, so half-full cells are where strokes end: interpolating, then
    doubling the contrast about one half, brings the strokes back (and clips what the bicubic overshoots).
    """
    field = np.pad(field, 2)
    smooth = np.asarray(Image.fromarray(field).resize((60, 60), Image.Resampling.BICUBIC))
    return to_digit(255 * np.clip(2 * smooth - 0.5, 0, 1), ink_is_white=True)
