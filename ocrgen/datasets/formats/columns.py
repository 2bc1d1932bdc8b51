"""Which column of a table of pixels is what, by its header and its first rows."""

import re
from dataclasses import dataclass, field

from ocrgen.datasets.base import DataError
from ocrgen.datasets.formats.levels import is_image

MAX_COLUMNS = 3 * 256 * 256 + 8
MAX_LINE = 8 * MAX_COLUMNS  # bytes: fractions of six digits and their commas
MAX_LABEL_COLUMNS = 63  # more columns than these are pixels, from 8 x 8
_LABELS = ("label", "labels", "class", "classes", "target", "y", "digit", "letter", "character", "char", "symbol")
_NUMBERS_OF_ROWS = ("", "unnamed: 0", "index", "id", "imageid")
SNIFFED = 50  # rows by which the columns are understood
EXPECTED = "expected a column of labels and 784, 1,024 or another square number of columns of levels 0 to 255"


@dataclass
class Layout:
    """Which column is what: `label`, by its index, `ends` if it is the first or the last; `used`: all but numbers."""

    columns: int
    used: list[int]
    label: int | None = None
    ends: bool = False
    fractions: bool = False
    pixels: list[int] = field(default_factory=list)


def number(text: str) -> float | None:
    """The number that a text is; None if it is none."""
    try:
        return float(text)
    except ValueError:
        return None


def is_header(table: list[list[str]]) -> bool:
    """Whether the first row names the columns: by words, by their numbers, or as pandas numbers repeated names."""
    first = table[0]
    numbers = [number(text) for text in first]
    if numbers.count(None) * 2 > len(first):
        return True
    tail = [value for value in numbers[1:] if value is not None]
    if len(first) == 1 or len(tail) < len(first) - 2:
        return len(first) == 1 and numbers[0] is None and len(table) > 1 and number(table[1][0]) is not None
    if len(tail) > 8 and all(b - a == 1 for a, b in zip(tail, tail[1:], strict=False)):
        return True
    # Kaggle's A-Z: "0,0.1,0.2,…,0.648", a first row of zeros that pandas took for names.
    return len(first) > 8 and sum(text == f"0.{i}" for i, text in enumerate(first)) > len(first) / 4


def layout_of(table: list[list[str]], header: bool, about: str) -> Layout:
    """What the columns are, by the first rows; header: whether the first is none. DataError if they are no images."""
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
    layout = Layout(columns, used, named[0] if named else None)
    texts = [i for i in used if number(rows[0][i]) is None]
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
