"""Labels as people store them (whole numbers, one-hot rows, texts, bytes) as indices into class texts."""

from collections.abc import Mapping, Sequence

import numpy as np

from ocrgen.datasets.alphabet import DIGITS, MAX_CLASSES, MIN_CLASSES, AlphabetError, check_classes, normalise
from ocrgen.datasets.base import DataError
from ocrgen.datasets.formats.names import digits_in


def as_integers(source: str, what: str, values: np.ndarray) -> np.ndarray:
    """Whole numbers of any type as int64. DataError if they are none."""
    if values.dtype.kind not in "buif" or (values.dtype.kind == "f" and not (values == np.rint(values)).all()):
        raise DataError(f"{source}: {what} are not whole numbers; expected an integer array.")
    if values.dtype.kind in "uf" and values.size and not np.abs(values).max() < 2.0**62:
        raise DataError(f"{source}: {what} go up to {values.max():g}; expected smaller numbers.")
    return values.astype(np.int64)


def as_texts(source: str, values: np.ndarray, what: str = "classes") -> tuple[str, ...]:
    """An array of texts or whole numbers (K,) as texts. DataError if it is none."""
    if values.ndim != 1 or values.dtype.kind not in "UiuS":
        raise DataError(f"{source}: {what} are {values.dtype} {values.shape}; expected one text for each label (K,).")
    if what == "classes" and len(values) > MAX_CLASSES:
        raise DataError(f"{source}: holds {len(values):,} classes; expected {MIN_CLASSES} to {MAX_CLASSES}.")
    try:
        if values.dtype.kind == "S":
            values = np.char.decode(values, "utf-8")
        return tuple(str(value) for value in values)
    except ValueError as error:
        raise DataError(f"{source}: {what} are no texts in UTF-8; expected an array of texts.") from error


def one_each(source: str, n: int, labels: np.ndarray, of: str = "") -> np.ndarray:
    """Labels of `n` images as one dimension: (N,) of (N,), (N, 1), (1, N) or one-hot rows (N, K). DataError if none."""
    if labels.ndim == 2 and labels.size == n:
        labels = labels.reshape(-1)
    if labels.ndim == 2 and labels.dtype.kind in "buif" and labels.shape[1] <= MAX_CLASSES and len(labels) == n:
        if ((labels == 0) | (labels == 1)).all() and (labels.sum(1) == 1).all():
            return labels.argmax(1)
        raise DataError(
            f"{source}: labels {labels.shape} are no one-hot rows; expected one label each, or rows with a single 1."
        )
    if labels.shape != (n,):
        raise DataError(f"{source}: {n:,} {of}images but labels {labels.shape}; expected one label each.")
    return labels


def ranked(texts: Sequence[str]) -> list[str]:
    """Class texts in their order: numbers first, by value, then in Unicode's order."""

    def rank(text: str) -> tuple[bool, int, str]:
        text = normalise(text)
        return not text.isdecimal(), int(text) if text.isdecimal() and len(text) < 10 else 0, text

    return sorted(texts, key=rank)


def named_digits(texts: Sequence[str], what: str) -> tuple[list[str], tuple[str, ...]]:
    """Distinct class texts, those that clearly name digits as these; and a note if they were taken so."""
    if digits := digits_in(texts):
        first, last = (texts[digits.index(d)] for d in (min(digits), max(digits)))
        return digits, (f"{what} {first} to {last} were taken as the digits {min(digits)} to {max(digits)}.",)
    return list(texts), ()


def indexed(
    source: str,
    labels: np.ndarray,
    classes: tuple[str, ...] | None = None,
    mapping: Mapping[int, str] | None = None,
    ten_is_zero: bool = False,
) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """Labels (N,) as indices int64 (N,) into class texts; the texts; and notes on what was understood.

    classes: the text of each index, if the source has them. mapping: the text of each number, if it has that.
    ten_is_zero: whether 10 means 0 where the labels are 1 to 10, as in MATLAB, whose indices begin at 1.
    """
    if labels.dtype.kind in "US":
        return _indexed_texts(source, labels, classes)
    numbers = as_integers(source, "labels", labels)
    low, high = int(numbers.min()), int(numbers.max())
    if classes is not None:
        if low == 1 and high == len(classes):
            return numbers - 1, classes, (f"The labels count from 1: 1 is {classes[0]}, {high} is {classes[-1]}.",)
        if low < 0 or high >= len(classes):
            raise DataError(f"{source}: labels go from {low} to {high}; expected 0 to {len(classes) - 1}.")
        return numbers, classes, ()
    present = np.unique(numbers)
    if mapping is not None:
        if absent := [label for label in present.tolist() if label not in mapping]:
            raise DataError(f"{source}: label {absent[0]} is not in the mapping, which names {len(mapping)} labels.")
        texts, notes = named_digits([mapping[label] for label in present.tolist()], "The labels")
        if not notes and texts != list(map(str, present.tolist())):
            notes = (f"The labels {low} to {high} are named by the source: {texts[0]} to {texts[-1]}.",)
        return np.searchsorted(present, numbers), _checked(source, texts), notes
    if ten_is_zero and low == 1 and high == 10:
        return numbers % 10, DIGITS, ("The label 10 was taken as the digit 0.",)
    if low < 0 or (low == 1 and high == 10):
        raise DataError(
            f"{source}: labels go from {low} to {high}; expected 0 to 9, or an array `classes` with the text that each "
            "label stands for."
        )
    if len(present) == 1:
        raise DataError(f"{source}: all images are of digit {low}; expected 2 classes or more.")
    notes = ()
    if high > 9:
        notes = (f"The labels {low} to {high} have no names: each class is called by its number.",)
    return np.searchsorted(present, numbers), _checked(source, list(map(str, present.tolist()))), notes


def _indexed_texts(
    source: str, labels: np.ndarray, classes: tuple[str, ...] | None
) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    present, index = np.unique(labels, return_inverse=True)
    texts = list(as_texts(source, present, "labels"))
    if classes is not None:
        if absent := [text for text in texts if normalise(text) not in classes]:
            raise DataError(f"{source}: label {absent[0][:40]!r} is not among the classes.")
        return np.array([classes.index(normalise(text)) for text in texts])[index], classes, ()
    if len(texts) == 1:
        raise DataError(f"{source}: all images are of {texts[0][:40]!r}; expected 2 classes or more.")
    named, notes = named_digits(texts, "The labels")
    order = ranked(named)
    place = np.array([order.index(text) for text in named], np.int64)
    return place[index], _checked(source, order), notes


def _checked(source: str, texts: list[str]) -> tuple[str, ...]:
    try:
        return check_classes(texts)
    except AlphabetError as error:
        raise DataError(f"{source}: {error}") from error


def parse_mapping(source: str, text: bytes) -> dict[int, str]:
    """EMNIST's mapping.txt, a line a label: the label, then the code of its character, or of both its cases."""
    try:
        rows = [[int(word) for word in line.split()] for line in text.decode("ascii").splitlines() if line.strip()]
        return mapping_of(source, rows)
    except ValueError as error:
        raise DataError(f"{source}: is no mapping; expected lines of a label and the code of its character.") from error


def mapping_of(source: str, rows: Sequence[Sequence[int]]) -> dict[int, str]:
    """The text of each label, of rows of the label and the code of its character, or of both its cases.

    The first code, the capital, names the class.
    """
    try:
        return {int(row[0]): chr(int(row[1])) for row in rows}
    except (ValueError, IndexError, OverflowError, TypeError) as error:
        raise DataError(f"{source}: is no mapping; expected rows of a label and the code of its character.") from error
