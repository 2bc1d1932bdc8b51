"""CSV files of pixels, a row an image, read in blocks: with or without header, the labels first, last or by name."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain

import numpy as np

from ocrgen.datasets.base import DataError
from ocrgen.datasets.formats.levels import MAX_IMAGES, Collector, is_image

MAX_COLUMNS = 3 * 256 * 256 + 8
MAX_LINE = 8 * MAX_COLUMNS  # bytes: fractions of six digits and their commas
MAX_LABEL_COLUMNS = 63  # more columns than these are pixels, from 8 x 8
_LABELS = ("label", "labels", "class", "classes", "target", "y", "digit", "letter", "character", "char", "symbol")
_NUMBERS_OF_ROWS = ("", "unnamed: 0", "index", "id", "imageid")
_SNIFFED = 50  # rows by which the columns are understood
EXPECTED = "expected a column of labels and 784, 1,024 or another square number of columns of levels 0 to 255"


@dataclass
class _Layout:
    """Which column is what: `label`, by its index, `ends` if it is the first or the last; `used`: all but numbers."""

    columns: int
    used: list[int]
    label: int | None = None
    ends: bool = False
    fractions: bool = False
    pixels: list[int] = field(default_factory=list)


def read_csv(blocks: Iterator[bytes], about: str) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The images uint8 (N, P) and the labels (N,), numbers or texts, or one-hot rows, of a CSV file; None if absent.

    blocks: the content. about: what a message calls the file. DataError, which names the first faulty row, unless all
    rows have equally many columns and all pixels are 0 to 255 or, all over, 0 to 1.
    """
    lines = _lines(blocks, about)
    first = next(lines, b"")
    rows = _sniffed(first, about)
    delimiter = max(",;\t| ", key=rows[0].count)
    if not rows[0].count(delimiter):
        delimiter = ","
    table = list(csv.reader(rows, delimiter=delimiter, skipinitialspace=True))
    header = _is_header(table)
    if header:
        first = first.split(b"\n", 1)[1] if b"\n" in first else b""
    layout = _layout(table, header, about)
    reader = _Reader(layout, delimiter, about, 2 if header else 1)
    for block in chain((first,), lines):
        if block.strip():
            reader.add(block)
    return reader.result()


def _lines(blocks: Iterator[bytes], about: str) -> Iterator[bytes]:
    """The same content in blocks of whole lines."""
    rest = b""
    for block in blocks:
        if b"\r" in block and b"\n" not in block:
            block = block.replace(b"\r", b"\n")
        rest += block
        whole, newline, rest = rest.rpartition(b"\n")
        if newline:
            yield whole + newline
        if len(rest) > MAX_LINE:
            raise DataError(f"{about}: has a row of more than {MAX_LINE:,} bytes; {EXPECTED}.")
    if rest:
        yield rest


def _sniffed(block: bytes, about: str) -> list[str]:
    try:
        lines = block.removeprefix(b"\xef\xbb\xbf")[: 60 * MAX_LINE].decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{about}: is no text in UTF-8; save it as CSV in UTF-8.") from error
    rows = [line for line in lines if line.strip()][: _SNIFFED + 1]
    if not rows or "\0" in block[:1000].decode("latin-1"):
        raise DataError(f"{about}: {'holds no rows' if not rows else 'is no text'}; {EXPECTED}.")
    if len(rows[0]) > MAX_LINE:
        raise DataError(f"{about}: has a row of more than {MAX_LINE:,} bytes; {EXPECTED}.")
    return rows


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_header(table: list[list[str]]) -> bool:
    """Whether the first row names the columns: by words, by their numbers, or as pandas numbers repeated names."""
    first = table[0]
    numbers = [_number(text) for text in first]
    if numbers.count(None) * 2 > len(first):
        return True
    tail = [value for value in numbers[1:] if value is not None]
    if len(first) == 1 or len(tail) < len(first) - 2:
        return len(first) == 1 and numbers[0] is None and len(table) > 1 and _number(table[1][0]) is not None
    if len(tail) > 8 and all(b - a == 1 for a, b in zip(tail, tail[1:], strict=False)):
        return True
    # Kaggle's A-Z: "0,0.1,0.2,…,0.648", a first row of zeros that pandas took for names.
    return len(first) > 8 and sum(text == f"0.{i}" for i, text in enumerate(first)) > len(first) / 4


def _layout(table: list[list[str]], header: bool, about: str) -> _Layout:
    columns = len(table[0])
    if columns > MAX_COLUMNS:
        raise DataError(f"{about}: has {columns:,} columns; {EXPECTED}.")
    rows = [row for row in table[header:] if len(row) == columns]
    if not rows:
        raise DataError(f"{about}: holds no rows of {columns:,} columns; {EXPECTED}.")
    names = [name.strip().casefold() for name in table[0]] if header else []
    used = list(range(columns))
    if header:
        used = [i for i in used if names[i] not in _NUMBERS_OF_ROWS]
    elif all(row[-1] == "" for row in rows):  # a comma at the end of each row
        used = used[:-1]
    named = [i for name in _LABELS for i in used if header and names[i] == name]
    layout = _Layout(columns, used, named[0] if named else None)
    texts = [i for i in used if _number(rows[0][i]) is None]
    if layout.label is None and len(texts) == 1:
        layout.label = texts[0]
    if layout.label is None and len(used) == 1:
        layout.label = used[0]
    layout.pixels = [i for i in used if i != layout.label]
    if layout.label is None and is_image(len(used) - 1) and not is_image(len(used)):
        layout.ends, layout.pixels = True, used[1:]
    one_hot = layout.label is None and len(used) <= MAX_LABEL_COLUMNS
    if layout.pixels and not is_image(len(layout.pixels)) and not one_hot:
        raise DataError(f"{about}: has {len(layout.pixels):,} columns beside the labels; {EXPECTED}.")
    layout.fractions = any(not re.fullmatch(r"\s*\d+\s*", row[i]) for row in rows for i in layout.pixels[:-1])
    return layout


class _Reader:
    """Collects the images and labels of a table whose layout is known, block by block."""

    def __init__(self, layout: _Layout, delimiter: str, about: str, row: int):
        self.layout, self.delimiter, self.about = layout, delimiter, about
        self.row = row  # the number of the next row
        self.pixels = Collector()
        self.first: list[np.ndarray] = []
        self.last: list[np.ndarray] = []

    def add(self, block: bytes) -> None:
        """Read a block of whole lines."""
        import pandas as pd

        layout = self.layout
        kind = np.float32 if layout.fractions else np.uint8
        texts = {layout.used[0], layout.used[-1]} if layout.ends else {layout.label}
        try:
            table = pd.read_csv(
                BytesIO(block),
                header=None,
                sep=self.delimiter,
                usecols=layout.used,
                dtype={i: object if i in texts else kind for i in layout.used},
                na_filter=False,
                skipinitialspace=True,
                low_memory=False,
            )
        except (ValueError, OverflowError, MemoryError) as error:  # pandas' ParserError is a ValueError
            raise DataError(f"{self.about}: {self._fault(block)}; {EXPECTED}.") from error
        if self.row + len(table) > MAX_IMAGES + 2:
            raise DataError(f"{self.about}: holds more than {MAX_IMAGES:,} rows; expected fewer.")
        if layout.ends:
            self.first.append(table[layout.used[0]].to_numpy(str))
            self.last.append(table[layout.used[-1]].to_numpy(str))
            middle = self._levels(table[layout.used[1:-1]].to_numpy(), block)
            last = self._perhaps_levels(self.last[-1])
            self.pixels.content += np.column_stack([middle, last]).tobytes()
        else:
            if layout.label is not None:
                self.first.append(table[layout.label].to_numpy(str))
            if layout.pixels:
                self.pixels.content += self._levels(table[layout.pixels].to_numpy(), block).tobytes()
        self.row += len(table)

    def _levels(self, values: np.ndarray, block: bytes) -> np.ndarray:
        if (levels := self.pixels.as_levels(values)) is None:
            raise DataError(f"{self.about}: {self._fault(block)}; {EXPECTED}.")
        return levels

    def _perhaps_levels(self, texts: np.ndarray) -> np.ndarray:
        """A column that may hold labels or pixels, as levels; 0 where it can hold none."""
        try:
            values = texts.astype(np.float32) * np.float32(self.pixels.scale or 1)
        except ValueError:
            return np.zeros(len(texts), np.uint8)
        return np.rint(np.where((values >= 0) & (values <= 255), values, 0)).astype(np.uint8)

    def _fault(self, block: bytes) -> str:
        """What is wrong with a block that is no part of such a table."""
        layout = self.layout
        top = 255 / (self.pixels.scale or 1)
        pixels = layout.pixels[:-1] if layout.ends else layout.pixels
        lines = block.decode("utf-8", "replace").splitlines()
        rows: Iterator[Sequence[str]] = csv.reader(lines, delimiter=self.delimiter, skipinitialspace=True)
        for number, row in enumerate((row for row in rows if row), start=self.row):
            if len(row) != layout.columns:
                return f"row {number:,} has {len(row):,} columns, not {layout.columns:,}"
            for i in pixels:
                value = _number(row[i])
                if value is None or not 0 <= value <= top or (not layout.fractions and value != int(value)):
                    return f"row {number:,} holds {row[i][:20]!r} in column {i + 1:,}"
        return f"is no table of numbers from row {self.row:,} on"

    def result(self) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Images and labels."""
        labels = np.concatenate(self.first) if self.first else None
        images = None
        if self.pixels.content:
            images = self.pixels.images(len(self.layout.pixels))
        if images is not None and not is_image(images.shape[1]):
            return None, images  # one-hot rows
        if self.layout.ends and labels is not None and images is not None:
            last = np.concatenate(self.last)
            if _modal_share(last) < _modal_share(labels):
                levels = self._perhaps_levels(labels)
                for start in range(0, len(images), 4096):  # in blocks: each shift holds a copy
                    some = images[start : start + 4096]
                    some[:, 1:] = some[:, :-1].copy()
                    some[:, 0] = levels[start : start + 4096]
                labels = last
        if images is None and labels is None:
            raise DataError(f"{self.about}: holds no rows; {EXPECTED}.")
        return images, None if labels is None else _as_numbers(labels, self.about)


def _modal_share(values: np.ndarray) -> float:
    """How much of a column is its most frequent value: nearly all of a corner of the pictures, but not of labels."""
    return float(np.unique(values, return_counts=True)[1].max() / len(values))


def _as_numbers(labels: np.ndarray, about: str) -> np.ndarray:
    """Labels that were read as texts, as numbers if all are such."""
    labels = np.char.strip(labels)
    texts, index = np.unique(labels, return_inverse=True)
    if texts[0] == "":
        raise DataError(f"{about}: row {int(np.argmax(index == 0)) + 1:,} has no label; expected one in each row.")
    numbers = [_number(text) for text in texts.tolist()]
    return labels if None in numbers else np.array(numbers, np.float64)[index]
