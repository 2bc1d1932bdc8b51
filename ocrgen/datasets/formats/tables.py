"""Tables of pixels, a row an image: which files of a folder belong together."""

import re
from dataclasses import dataclass

import numpy as np

from ocrgen.datasets.base import DataError
from ocrgen.datasets.formats.archive import Files
from ocrgen.datasets.formats.arrays import Piece, RawArrays, join
from ocrgen.datasets.formats.columns import EXPECTED
from ocrgen.datasets.formats.delimited import read_csv
from ocrgen.datasets.formats.names import part_of, set_of
from ocrgen.datasets.formats.sets import one_set

_SUBMISSION = re.compile(r"submission", re.IGNORECASE)  # Kaggle's example of an answer, whose labels are made up


@dataclass(frozen=True)
class Table:
    """What a CSV file holds: images uint8 (N, P) or None, labels (N,) of numbers or texts or None; its name."""

    name: str
    images: np.ndarray | None
    labels: np.ndarray | None

    def __len__(self) -> int:
        values = self.labels if self.images is None else self.images
        return 0 if values is None else len(values)


def read_tables(files: Files, names: list[str]) -> RawArrays:
    """The images and labels of CSV files, one a part, or images and labels in files of their own."""
    notes = [f"{name} was left out: it is an example of an answer." for name in names if _SUBMISSION.search(name)]
    names = [name for name in names if not _SUBMISSION.search(name)]
    one_set(files.source, names)
    tables = [Table(name, *read_csv(files.blocks(name), files.about(name))) for name in names]
    pieces = [Piece(part_of(t.name), t.images, t.labels) for t in tables if not (t.images is None or t.labels is None)]
    pictures = [table for table in tables if table.labels is None]
    labels = {_about(table.name): table for table in tables if table.images is None}
    for table in pictures:
        images = table.images
        beside = labels.pop(_about(table.name), None)
        if beside and images is not None and beside.labels is not None:
            if len(beside) != len(table):
                raise DataError(
                    f"{files.about(beside.name)}: has {len(beside):,} labels for {len(table):,} images; expected one "
                    "each."
                )
            pieces.append(Piece(part_of(table.name), images, beside.labels))
        elif len(tables) > 1:
            notes.append(f"{table.name} was left out: its images have no labels.")
    for table in labels.values():
        notes.append(f"{table.name} was left out: it has no images.")
    if not pieces:
        what = "no column of labels" if pictures else "no columns of pixels"
        about = files.about(tables[0].name) if tables else files.source
        raise DataError(f"{about}: has {what}; {EXPECTED}.")
    raw = join(files.source, pieces)
    return RawArrays(raw.source, raw.images, raw.labels, parts=raw.parts, notes=tuple(notes))


def _about(name: str) -> tuple[str, int | None]:
    return set_of(name), part_of(name)
