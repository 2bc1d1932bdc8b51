"""CSV files of pixels, a row an image, read in blocks: with or without header, the labels first, last or by name."""

import csv
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import chain

import numpy as np

from ocrgen.datasets.base import DataError
from ocrgen.datasets.formats.columns import EXPECTED, MAX_LINE, SNIFFED, Layout, is_header, layout_of, number
from ocrgen.datasets.formats.levels import MAX_IMAGES, Collector, is_image


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
    header = is_header(table)
    if header:
        first = first.split(b"\n", 1)[1] if b"\n" in first else b""
    layout = layout_of(table, header, about)
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
    rows = [line for line in lines if line.strip()][: SNIFFED + 1]
    if not rows or "\0" in block[:1000].decode("latin-1"):
        raise DataError(f"{about}: {'holds no rows' if not rows else 'is no text'}; {EXPECTED}.")
    if len(rows[0]) > MAX_LINE:
        raise DataError(f"{about}: has a row of more than {MAX_LINE:,} bytes; {EXPECTED}.")
    return rows


class _Reader:
    """Collects the images and labels of a table whose layout is known, block by block."""

    def __init__(self, layout: Layout, delimiter: str, about: str, row: int):
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
            raise self._refusal(block) from error
        # pandas leaves out what is beyond the last column. Where delimiters are quoted or repeated, the rows decide.
        if block.count(self.delimiter.encode()) != len(table) * (layout.columns - 1) and self._fault(block):
            raise self._refusal(block)
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
            raise self._refusal(block)
        return levels

    def _perhaps_levels(self, texts: np.ndarray) -> np.ndarray:
        """A column that may hold labels or pixels, as levels; 0 where it can hold none."""
        try:
            values = texts.astype(np.float32) * np.float32(self.pixels.scale or 1)
        except ValueError:
            return np.zeros(len(texts), np.uint8)
        return np.rint(np.where((values >= 0) & (values <= 255), values, 0)).astype(np.uint8)

    def _refusal(self, block: bytes) -> DataError:
        fault = self._fault(block) or f"is no table of numbers from row {self.row:,} on"
        return DataError(f"{self.about}: {fault}; {EXPECTED}.")

    def _fault(self, block: bytes) -> str | None:
        """What is wrong with a block that is no part of such a table; None if nothing is."""
        layout = self.layout
        top = 255 / (self.pixels.scale or 1)
        pixels = layout.pixels[:-1] if layout.ends else layout.pixels
        lines = block.decode("utf-8", "replace").splitlines()
        rows: Iterator[Sequence[str]] = csv.reader(lines, delimiter=self.delimiter, skipinitialspace=True)
        for place, row in enumerate((row for row in rows if row), start=self.row):
            if len(row) != layout.columns:
                return f"row {place:,} has {len(row):,} columns, not {layout.columns:,}"
            for i in pixels:
                value = number(row[i])
                if value is None or not 0 <= value <= top or (not layout.fractions and value != int(value)):
                    return f"row {place:,} holds {row[i][:20]!r} in column {i + 1:,}"
        return None

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
    numbers = [number(text) for text in texts.tolist()]
    return labels if None in numbers else np.array(numbers, np.float64)[index]
