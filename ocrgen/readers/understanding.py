"""What a user's own data were understood as, in words and figures: page and command line show the same."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocrgen.datasets import existing_path, kept, sources
from ocrgen.datasets.alphabet import are_digits, noun, shown, summary
from ocrgen.datasets.base import SIZE, Characters, DataError, Splits
from ocrgen.datasets.own import OwnData, open_data
from ocrgen.imaging.render import tile, to_png
from ocrgen.readers.orientation import TRANSPOSED, Orientation, find_orientation, righted
from ocrgen.runs.store import RunStore

PARTS = {"train": "for training", "validation": "for validation", "test": "for the test"}
INVERT = "inverted"  # beside the keys of `TURNS`
EACH = 6  # pictures of a class on the sheet


@dataclass(frozen=True, eq=False)
class Understanding:
    """What data were understood as.

    counts: int (K, 3), images of each class for training, validation and test; all in the first column where they
    cannot be parted, and `fault` says why. notes: whole sentences on how the files were read. sample: uint8
    (K, EACH, 28, 28), the first images of each class, black where it has no more.
    """

    name: str
    classes: tuple[str, ...]
    counts: np.ndarray
    headline: str
    notes: tuple[str, ...]
    orientation: Orientation
    fault: str
    sample: np.ndarray

    @property
    def lines(self) -> list[str]:
        """All that is told, a sentence or two each."""
        return [self.headline, *self.notes, self.orientation.told, *filter(None, [self.fault])]

    @property
    def table(self) -> list[dict]:
        """A row a class: its text, and how many images it has in each part."""
        return [
            {noun(self.classes): shown(text), **dict(zip(PARTS, row, strict=True))}
            for text, row in zip(self.classes, self.counts.tolist(), strict=True)
        ]

    def to_json(self) -> dict:
        """All but the pictures, as JSON values."""
        rows = self.counts.tolist()
        counts = {text: dict(zip(PARTS, row, strict=True)) for text, row in zip(self.classes, rows, strict=True)}
        return {
            "name": self.name,
            "classes": list(self.classes),
            "counts": counts,
            "notes": list(self.notes),
            "orientation": asdict(self.orientation) | {"told": self.orientation.told},
            "fault": self.fault,
        }

    def picture(self) -> bytes:
        """The sample as a PNG file: a row for each class, its text before it where the font has it, else its number."""
        rows = [np.hstack([_label(self.classes[i], i), *row]) for i, row in enumerate(self.sample)]
        return to_png(tile(np.stack(rows), 1, gap=2, paper=48), zoom=2)


def _label(text: str, number: int) -> np.ndarray:
    page = Image.new("L", (3 * SIZE, SIZE))
    words = text if text.isascii() else f"no. {number + 1}"
    ImageDraw.Draw(page).text((SIZE // 8, SIZE // 2), words[:12], 255, ImageFont.load_default(SIZE // 2), "lm")
    return np.asarray(page)


def understand(data: OwnData) -> Understanding:
    """What the data were understood as."""
    whole, fault = data.whole, ""
    try:
        splits = data.splits()
        counts = np.stack([part.counts for part in splits], axis=1)
        headline = headline_of(splits)
    except DataError as problem:
        counts = np.pad(whole.counts[:, None], ((0, 0), (0, 2)))
        headline, fault = f"Understood as {_named(whole)}. Images: {len(whole):,}.", str(problem)
    sample = np.zeros((whole.n_classes, EACH, SIZE, SIZE), np.uint8)
    for label, of_class in enumerate(sample):
        first = whole.images[np.flatnonzero(whole.labels == label)[:EACH]]
        of_class[: len(first)] = first
    orientation = find_orientation(whole)
    return Understanding(data.name, whole.classes, counts, headline, data.notes, orientation, fault, sample)


def headline_of(splits: Splits) -> str:
    """What a data set was understood as: its classes, and images of each part, in all and of each class."""
    parts = []
    for part, data in splits._asdict().items():
        low, high = data.counts.min(), data.counts.max()
        each = f"{low:,}" if low == high else f"{low:,} to {high:,}"
        parts.append(f"{len(data):,} {PARTS[part]} ({each} of each {noun(data.classes)})")
    return f"Understood as {_named(splits.train)}. Images: {'; '.join(parts)}."


def _named(characters: Characters) -> str:
    classes = characters.classes
    return summary(classes) + ("" if are_digits(classes) else f" ({', '.join(map(shown, classes))})")


def changed(data: OwnData, changes: tuple[str, ...]) -> OwnData:
    """The data after one change after the other, each a key of `TURNS` or INVERT."""
    for change in changes:
        data = data.inverted() if change == INVERT else righted(data, change)
    return data


def upright_copy(name: str, transpose: bool, store: RunStore) -> tuple[str, str]:
    """The data set to be used for what a user named, and what to tell of it, empty if nothing.

    A path becomes absolute, since the work may be done in another folder. With `transpose`, data at a path are
    transposed, and their copy beside the runs is used; without it, it is told if they look as if they should be.
    DataError if the data cannot be read, or if what is to be transposed is none of a user's own.
    """
    path = existing_path(name)
    if name in sources() or path is None:
        if transpose:
            raise DataError(f"--transpose is for your own data by path; {name!r} is none, and is not transposed.")
        return name, ""
    path = path.resolve()
    data = open_data(path, least=0)
    if transpose:
        return str(kept.keep(changed(data, (TRANSPOSED,)), store)), ""
    looks = find_orientation(data.whole)
    if looks.upright:
        return str(path), ""
    advice = "--transpose transposes them." if looks.looks == TRANSPOSED else "Make them upright first."
    return str(path), f"{name}: {looks.told} {advice}"


def open_named(path: Path, changes: tuple[str, ...] = (), named: str = "") -> OwnData:
    """The data at a path after changes, for all that only looks at them."""
    return changed(open_data(path, least=0, named=named), changes)
