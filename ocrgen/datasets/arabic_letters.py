"""Arabic letters (AHCD) from the authors' four CSV files or their zip, with test writers that no training image has."""

import io
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ocrgen.datasets.base import Characters, DataError, Splits, hold_out
from ocrgen.datasets.formats.archive import open_files
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
_WORKS = "The bundled digits and your own data work without them."


def _names(part: str) -> tuple[str, str]:
    return f"csv{part}Images {COUNTS[part]}x{SIDE * SIDE}.csv", f"csv{part}Label {COUNTS[part]}x1.csv"


def _all_names() -> list[str]:
    return [name for part in COUNTS for name in _names(part)]


def _key(name: str) -> str:
    """A file's name without what downloads and other systems change: capitals, spaces and their substitutes."""
    return re.sub(r"%20|[\s_+-]", "", name).lower()


def is_letters_file(name: str) -> bool:
    """Whether a file is named as one of the four CSV files of this data set."""
    return _key(name) in map(_key, _all_names())


def _find(root: Path) -> tuple[dict[str, tuple[Path, str]], Path | None]:
    """Where each CSV file is, by its name: a file, and the name within it if it is a zip; and a damaged zip, if any.

    The data root is walked once. The zips are looked into if not all four files lie in folders.
    """
    wanted = {_key(name): name for name in _all_names()}
    found: dict[str, tuple[Path, str]] = {}
    zips: list[Path] = []
    damaged = None
    for folder, folders, files in os.walk(root):
        folders.sort()
        for file in sorted(files):
            if (key := _key(file)) in wanted:
                found.setdefault(wanted[key], (Path(folder, file), ""))
            elif key.endswith(".zip"):
                zips.append(Path(folder, file))
    for file in zips if len(found) < len(wanted) else ():
        try:
            with zipfile.ZipFile(file) as archive:
                inside = {_key(name.rpartition("/")[2]): name for name in archive.namelist()}
        except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
            damaged = damaged or file
            continue
        if wanted.keys() <= inside.keys():
            return {name: (file, inside[key]) for key, name in wanted.items()}, None
    return found, damaged


def missing(root: Path) -> str | None:
    """None if the four CSV files or the zip that holds them are somewhere under `root`, else what to do."""
    return _missing(root, *_find(root))


def _missing(root: Path, found: dict[str, tuple[Path, str]], damaged: Path | None) -> str | None:
    absent = [name for name in _all_names() if name not in found]
    if not absent:
        return None
    advice = (
        "put the authors' zip (Arabic Handwritten Characters Dataset CSV.zip) or its four CSV files anywhere under it"
    )
    if found:
        beside = next(iter(found.values()))[0].parent
        return f"Of the Arabic letters, {', '.join(absent)} is not in {root}: put it into {beside}. {_WORKS}"
    if damaged:
        advice += f" ({damaged} is damaged, or no zip: if it is theirs, get it again)"
    return f"The Arabic letters are not in {root}: {advice}. {_WORKS}"


def read(root: Path) -> tuple[Characters, Characters]:
    """Training and test images as published, upright, with their writers 0 to 59. DataError if missing or damaged.

    The writers are None in a part whose rows are not in their published order.
    """
    files, damaged = _find(root)
    if message := _missing(root, files, damaged):
        raise DataError(message)
    return _read(files, "Train"), _read(files, "Test")


def _read(files: dict[str, tuple[Path, str]], part: str) -> Characters:
    images_name, labels_name = _names(part)
    rows = _table(files[images_name], SIDE * SIDE, COUNTS[part])
    labels = _table(files[labels_name], 1, COUNTS[part])[:, 0].astype(np.int64) - 1
    if not 0 <= labels.min() <= labels.max() < len(CLASSES):
        raise DataError(
            f"{_about(files[labels_name])}: labels go from {labels.min() + 1} to {labels.max() + 1}; expected 1 to "
            f"{len(CLASSES)}."
        )
    # The authors store each image column by column.
    upright = rows.reshape(-1, SIDE, SIDE).transpose(0, 2, 1)
    images = np.rint(shrink(upright)).astype(np.uint8)
    # Each writer's images follow one another; the writers of a shuffled table are unknown.
    order = np.arange(COUNTS[part])
    per_letter = PER_LETTER[part]
    in_order = bool((labels == order // per_letter % len(CLASSES)).all())
    writers = order // (per_letter * len(CLASSES))
    return Characters(images, labels, CLASSES, NAME, writers if in_order else None)


def _about(place: tuple[Path, str]) -> str:
    file, inside = place
    return f"{file}: {inside}" if inside else str(file)


def _table(place: tuple[Path, str], columns: int, rows: int) -> np.ndarray:
    """A CSV file as uint8 (rows, columns). DataError if it cannot be read, or is another table."""
    file, inside = place
    if inside:
        with open_files(file) as files:  # refuses what unpacks to too much
            return _parse(lambda: io.BytesIO(files.read(inside)), _about(place), columns, rows)
    return _parse(lambda: file, _about(place), columns, rows)


def _parse(source: Callable[[], Path | io.BytesIO], about: str, columns: int, rows: int) -> np.ndarray:
    import pandas as pd

    try:
        # One row more than expected, so that a longer file is noticed without being read to its end.
        table = pd.read_csv(source(), header=None, dtype=np.uint8, nrows=rows + 1).to_numpy()
    except (ValueError, OverflowError, OSError) as error:  # pandas' ParserError is a ValueError
        raise DataError(f"{about}: not a table of whole numbers 0 to 255 ({' '.join(str(error).split())}).") from error
    if table.shape != (rows, columns):
        more = "or more " if len(table) > rows else ""
        raise DataError(
            f"{about}: is {table.shape[0]:,} {more}x {table.shape[1]:,}; expected {rows:,} x {columns:,}: get it again."
        )
    return table


def load(root: Path) -> Splits:
    """12,040 / 1,400 / 3,360 images by 43, 5 and 12 writers, no writer in two parts. DataError if missing or damaged.

    The published parts are joined and split anew by writer.
    """
    train, test = read(root)
    if train.writers is None or test.writers is None:
        raise DataError(
            f"{root}: the rows of the Arabic letters are not in their published order, so their writers are unknown: "
            "get the files again, or take arabic-letters-published."
        )
    images, labels, writers = (
        np.concatenate([getattr(part, name) for part in (train, test)]) for name in ("images", "labels", "writers")
    )
    whole = Characters(images, labels, CLASSES, NAME, writers)
    n_writers = len(np.unique(writers))
    rest, held_out = hold_out(whole, TEST_WRITERS / n_writers, seed=1)
    return Splits(*hold_out(rest, VALIDATION_WRITERS / (n_writers - TEST_WRITERS)), held_out)
