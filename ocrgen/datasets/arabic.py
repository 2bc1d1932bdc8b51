"""Arabic-Indic digits (MADBase), from two .npz files or the four CSV files of AHDD1."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ocrgen.datasets.alphabet import ARABIC_DIGITS
from ocrgen.datasets.arabic_letters import is_letters_file
from ocrgen.datasets.base import SIZE, Characters, DataError, Splits, hold_out
from ocrgen.datasets.formats.archive import open_files
from ocrgen.datasets.formats.arrays import RawArrays
from ocrgen.datasets.formats.npy import read_npz

NAME = "arabic"
CLASSES = ARABIC_DIGITS
TITLE = "Arabic-Indic"
ABOUT = (
    "70,000 Arabic-Indic digits by 700 people, 28x28 pixels (MADBase, El-Sherif & Abdelazeem 2007, also known as "
    "AHDD1); offered for research by its authors, without a licence file. 56 train images repeat; 13 are in test too."
)
_PARTS = ("train", "test")
_PER_WRITER, _TRAIN_WRITERS = 100, 600


def _npz(root: Path) -> list[Path]:
    return [root / "MAHDBase" / f"{part}.npz" for part in _PARTS]


def _csv(root: Path, part: str) -> list[Path]:
    """The CSV files of the images and of the labels of a part; empty unless both exist."""
    for folder in (root / "AHDD1", root / "MAHDBase", root):
        images, labels = (
            # The CSV files of the Arabic letters begin alike.
            [f for f in sorted(folder.glob(f"csv{part.title()}{kind}*.csv")) if not is_letters_file(f.name)]
            for kind in ("Images", "Label")
        )
        if images and labels:
            return [images[0], labels[0]]
    return []


def missing(root: Path) -> str | None:
    """None if both .npz files or all four CSV files are under `root`, else a message that says what to do."""
    if all(file.is_file() for file in _npz(root)) or all(_csv(root, part) for part in _PARTS):
        return None
    return (
        f"The Arabic-Indic digits are not in {root}: put train.npz and test.npz into {root / 'MAHDBase'}, or the four "
        f"CSV files of AHDD1 (csvTrainImages, csvTrainLabel, csvTestImages, csvTestLabel) into {root / 'AHDD1'}. "
        "The bundled digits and your own data work without them."
    )


def _read_npz(file: Path) -> Characters:
    with open_files(file) as files:
        raw = read_npz(files, files.names)
    return _characters(raw)


def _characters(raw: RawArrays) -> Characters:
    return replace(raw, classes=CLASSES).characters(NAME)[0]


def _read_table(file: Path, columns: int) -> np.ndarray:
    import pandas as pd

    try:
        table = pd.read_csv(file, header=None, dtype=np.uint8).to_numpy()
    except (ValueError, OverflowError, OSError) as error:  # pandas' ParserError is a ValueError
        raise DataError(f"{file}: not a table of whole numbers 0 to 255 ({str(error).strip()}).") from error
    if table.shape[1] != columns:
        raise DataError(f"{file}: has {table.shape[1]} columns; expected {columns}.")
    return table


def _read_csv(root: Path, part: str) -> Characters:
    images_file, labels_file = _csv(root, part)
    images, labels = _read_table(images_file, SIZE * SIZE), _read_table(labels_file, 1)[:, 0].astype(np.int64)
    if len(images) != len(labels):
        raise DataError(f"{labels_file}: has {len(labels):,} labels for {len(images):,} images.")
    # AHDD1 stores each image column by column.
    images = np.ascontiguousarray(images.reshape(-1, SIZE, SIZE).transpose(0, 2, 1))
    # Each writer wrote 0 to 9 ten times, and the rows are in that order; the writers of a shuffled table are unknown.
    rows = np.arange(len(labels))
    writers = rows // _PER_WRITER + 1 + _TRAIN_WRITERS * (part == "test")
    in_order = bool((labels == rows % len(CLASSES)).all())
    return _characters(RawArrays(str(images_file), images, labels, writers if in_order else None))


def load(root: Path) -> Splits:
    """55,000 / 5,000 / 10,000 images, upright, by 550, 50 and 100 writers, with no writer in two parts.

    root: the data root. DataError if files are missing or damaged.
    """
    if message := missing(root):
        raise DataError(message)
    if all(file.is_file() for file in _npz(root)):
        train, test = (_read_npz(file) for file in _npz(root))
    else:
        train, test = (_read_csv(root, part) for part in _PARTS)
    return Splits(*hold_out(train), test)
