"""Arabic letters (AHCD) from the authors' four CSV files or their zip, with test writers that no training image has."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from ocrgen.datasets.base import Characters, DataError, Splits, hold_out
from ocrgen.imaging.geometry import shrink

NAME = "arabic-letters"
TITLE = "Arabic letters"
# The first is alef with hamza: so it was written in nearly all images, and so should it be read.
CLASSES = tuple("أبتثجحخدذرزسشصضطظعغفقكلمنهوي")
ABOUT = (
    "16,800 Arabic letters, 28 classes, by 60 people, 32x32 pixels shrunk to 28x28 (AHCD: El-Sawy, Loey & El-Bakry "
    "2017); offered for research by its authors, without a licence file. Here 12 writers are held out for the test; "
    "the published test set, whose writers are those of the training set, is arabic-letters-published."
)
SIDE = 32
PER_LETTER = {"Train": 8, "Test": 2}  # images of a letter by each writer
COUNTS = {"Train": 13_440, "Test": 3_360}
TEST_WRITERS, VALIDATION_WRITERS = 12, 5


def _names(part: str) -> tuple[str, str]:
    return f"csv{part}Images {COUNTS[part]}x{SIDE * SIDE}.csv", f"csv{part}Label {COUNTS[part]}x1.csv"


def _find(root: Path) -> dict[str, tuple[Path, str]]:
    """Where each CSV file is, by its name: a file, and the name within it if it is a zip. Incomplete if some lack."""
    wanted = {name for part in COUNTS for name in _names(part)}
    if not root.is_dir():
        return {}
    found = {file.name: (file, "") for file in root.rglob("csvT*.csv") if file.name in wanted}
    if len(found) == len(wanted):
        return found
    for file in sorted(root.rglob("*.zip")):
        try:
            with zipfile.ZipFile(file) as archive:
                inside = {name.rpartition("/")[2]: name for name in archive.namelist()}
        except (OSError, zipfile.BadZipFile, NotImplementedError):
            continue
        if wanted <= inside.keys():
            return {name: (file, inside[name]) for name in wanted}
    return found


def missing(root: Path) -> str | None:
    """None if the four CSV files or the zip that holds them are somewhere under `root`, else what to do."""
    if len(_find(root)) == 2 * len(COUNTS):
        return None
    return (
        f"The Arabic letters are not in {root}: put the authors' zip (Arabic Handwritten Characters Dataset CSV.zip) "
        "or its four CSV files anywhere under it. The bundled digits and your own data work without them."
    )


def read(root: Path) -> tuple[Characters, Characters]:
    """Training and test images as published, upright, with their writers 0 to 59. DataError if missing or damaged."""
    files = _find(root)
    if message := missing(root):
        raise DataError(message)
    return _read(files, "Train"), _read(files, "Test")


def _read(files: dict[str, tuple[Path, str]], part: str) -> Characters:
    images_name, labels_name = _names(part)
    rows = _table(files[images_name], SIDE * SIDE, COUNTS[part])
    labels = _table(files[labels_name], 1, COUNTS[part])[:, 0].astype(np.int64) - 1
    if not 0 <= labels.min() <= labels.max() < len(CLASSES):
        raise DataError(f"{files[labels_name][0]}: {labels_name} has labels other than 1 to {len(CLASSES)}.")
    # The authors store each image column by column.
    upright = rows.reshape(-1, SIDE, SIDE).transpose(0, 2, 1)
    images = np.rint(shrink(upright)).astype(np.uint8)
    # Each writer's images follow one another; the writers of a shuffled table are unknown.
    order = np.arange(COUNTS[part])
    per_letter = PER_LETTER[part]
    in_order = (labels == order // per_letter % len(CLASSES)).all()
    writers = order // (per_letter * len(CLASSES))
    return Characters(images, labels, CLASSES, NAME, writers if in_order else None)


def _table(place: tuple[Path, str], columns: int, rows: int) -> np.ndarray:
    file, inside = place
    about = f"{file}: {inside}" if inside else str(file)
    try:
        if inside:
            with zipfile.ZipFile(file) as archive, archive.open(inside) as content:
                table = pd.read_csv(content, header=None, dtype=np.uint8).to_numpy()
        else:
            table = pd.read_csv(file, header=None, dtype=np.uint8).to_numpy()
    except (ValueError, OverflowError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{about}: not a table of whole numbers 0 to 255 ({str(error).strip()}).") from error
    if table.shape != (rows, columns):
        raise DataError(f"{about}: is {table.shape[0]:,} x {table.shape[1]:,}; expected {rows:,} x {columns:,}.")
    return table


def load(root: Path) -> Splits:
    """12,040 / 1,400 / 3,360 images by 43, 5 and 12 writers, no writer in two parts. DataError if missing or damaged.

    The published parts are joined and split anew by writer.
    """
    train, test = read(root)
    if train.writers is None or test.writers is None:
        raise DataError(f"{root}: the rows of the Arabic letters are not in their published order of writers.")
    images, labels, writers = (
        np.concatenate([getattr(part, name) for part in (train, test)]) for name in ("images", "labels", "writers")
    )
    whole = Characters(images, labels, CLASSES, NAME, writers)
    n_writers = len(np.unique(writers))
    rest, held_out = hold_out(whole, TEST_WRITERS / n_writers, seed=1)
    return Splits(*hold_out(rest, VALIDATION_WRITERS / (n_writers - TEST_WRITERS)), held_out)
