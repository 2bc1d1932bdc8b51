"""Arabic letters (AHCD) with the published test set, to compare with what others report."""

from dataclasses import replace
from pathlib import Path

from ocrgen.datasets import arabic_letters
from ocrgen.datasets.base import Splits, hold_out

NAME = "arabic-letters-published"
TITLE = "Arabic letters (published)"
CLASSES = arabic_letters.CLASSES
ABOUT = (
    "The same 16,800 Arabic letters with the test set that their authors published. All 60 writers are in the training "
    "and in the test set, so accuracies are those of known writers, and higher than in use."
)
missing = arabic_letters.missing


def load(root: Path) -> Splits:
    """12,320 / 1,120 / 3,360 images; validation images are by the writers of training images, as the test set's are.

    DataError if files are missing or damaged.
    """
    train, test = (replace(part, name=NAME) for part in arabic_letters.read(root))
    known = replace(train, writers=None)  # split by letter, not by writer
    return Splits(*hold_out(known), test)
