"""The user's own characters: pictures in folders, arrays, tables, IDX or MATLAB files, as other people store them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import numpy as np

from ocrgen.datasets.alphabet import noun, shown
from ocrgen.datasets.base import Characters, DataError, Splits, hold_out
from ocrgen.datasets.formats.archive import Files, open_files
from ocrgen.datasets.formats.arrays import RawArrays
from ocrgen.datasets.formats.idx import IDX, read_idx
from ocrgen.datasets.formats.labels import parse_mapping
from ocrgen.datasets.formats.mat import read_mat
from ocrgen.datasets.formats.names import PARTS, set_of
from ocrgen.datasets.formats.npy import read_npz
from ocrgen.datasets.formats.parquet import read_parquet
from ocrgen.datasets.formats.pictures import read_pictures
from ocrgen.datasets.formats.tables import read_tables
from ocrgen.utils.files import write_atomically

# So that the training, validation and test set can have one each.
MIN_PER_CLASS = 3
_MAX_MAPPING = 2**16  # bytes
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
# How names of files end, how these are read, and what they are called; tables beside pictures are none of these.
_DOORS: tuple[tuple[re.Pattern[str], Callable[[Files, list[str]], RawArrays], str], ...] = (
    (re.compile(r"\.np[yz]$"), read_npz, "arrays of NumPy"),
    (IDX, read_idx, "IDX files"),
    (re.compile(r"\.parquet$"), read_parquet, "Parquet"),
    (re.compile(r"\.mat$"), read_mat, "MATLAB's arrays"),
    (re.compile(r"\.(csv|tsv|data|tra|tes)(\.gz)?$"), read_tables, "CSV"),
)
UNPARTED = "The source does not part itself into training and test: a sixth is held out for the test."
TURNED = "Every picture was turned: its rows became columns."
INVERTED = "Every picture was inverted: its ink became paper, and its paper ink."


@dataclass(frozen=True, eq=False)
class OwnData:
    """A user's own data.

    name: as the user named it, for messages; never a path on a server. whole: all characters. parts: int8 (N,), the
    part that the source puts each of them in: 0 training, 1 validation, 2 test; None if it does not say. notes: whole
    sentences on what was understood and decided.
    """

    name: str
    whole: Characters
    parts: np.ndarray | None
    notes: tuple[str, ...]

    def splits(self) -> Splits:
        """Training, validation and test set. DataError if a class would be missing in one of them.

        What the source does not set apart is held out: for the test a sixth, for validation a twelfth of the rest.
        """
        rest, validation, test = self.whole, None, None
        if self.parts is not None:
            rest, validation, test = (self.whole[self.parts == part] for part in range(len(PARTS)))
        if test is None or not len(test):
            rest, test = hold_out(rest, 1 / 6, seed=1)
        if validation is None or not len(validation):
            rest, validation = hold_out(rest) if len(rest) else (rest, rest)
        splits = Splits(rest, validation, test)
        for part, subset in splits._asdict().items():
            if (absent := np.flatnonzero(subset.counts == 0)).size:
                needed = "more images" if self.whole.writers is None else "more writers, or no writer key to split by"
                named = _named(self.whole.classes, absent[0])
                raise DataError(f"{self.name}: no images of {named} are left for {part}; expected {needed}.")
        return splits

    def turned(self) -> Self:
        """Every image mirrored at its diagonal, as files that hold images column by column need it."""
        return self._changed(np.ascontiguousarray(self.whole.images.transpose(0, 2, 1)), TURNED)

    def inverted(self) -> Self:
        """Every image with ink and paper exchanged."""
        return self._changed(255 - self.whole.images, INVERTED)

    def _changed(self, images: np.ndarray, note: str) -> Self:
        """With other images, and a note of the change; without the note if it is undone."""
        notes = tuple(n for n in self.notes if n != note) if note in self.notes else (*self.notes, note)
        return replace(self, whole=replace(self.whole, images=images), notes=notes)


def read(path: Path) -> Characters:
    """All characters at `path`, training and test images alike, in any of the formats of `load`.

    DataError, which names the file, what is wrong and what is expected, if any part of the data is unusable.
    """
    return open_data(path).whole


def load(path: Path) -> Splits:
    """Training, validation and test set from the user's own data at `path`, which is one of:

    - a folder, zip or tar of pictures in one folder per class, whose name is the class's text (digit_0 to digit_9 and
      zero to nine are digits), inside any number of other folders;
    - an .npz, .npy files or a .mat file (before 7.3) with images and labels under any usual key: images and labels, X
      and y, x_train and y_train …, and perhaps writer, classes (the text of each index), mapping (as EMNIST has it),
      part (0, 1, 2 or train, val, test) and ink (white or black);
    - CSV files, plain or gzipped: a row an image, the label first, last or under its name, or in a file of its own;
    - Parquet files with pictures, lists or columns of pixels, as Hugging Face has them;
    - IDX files in pairs, plain or gzipped.

    Arrays have any layout (channels first or last, grey, RGB, flat), levels of 0 to 255 or 0 to 1, and labels that are
    numbers, one-hot rows or texts; numbers over 9 are class texts as they are, unless a mapping.txt or `classes` names
    them. Train, validation and test are known by folders, file names or keys; otherwise a sixth of the images is held
    out for the test, by writer where writers are known, else stratified by label. Images of 28 x 28 are taken as they
    are, digits of other sizes are normalised to MNIST's geometry, and anything else keeps the frame of its set, since
    the place of a dot has a meaning (`Frame`). The polarity is decided by majority, or for each picture where a set is
    mixed; nothing is turned (`OwnData.turned`). DataError as for `read`.
    """
    return open_data(path).splits()


def open_data(path: Path, least: int = MIN_PER_CLASS, named: str = "") -> OwnData:
    """All characters at `path`, with at least `least` images of each class. DataError as for `read`.

    named: what the user calls it, for messages; the path if empty.
    """
    path = Path(path)
    named = named or str(path)
    with open_files(path, named) as files:
        raw, what = _read_raw(files)
        if (mapping := _mapping(files)) and raw.classes is None:
            raw = replace(raw, mapping=mapping)
        whole, notes = raw.characters(Path(named).name)
    for label, count in enumerate(whole.counts.tolist()):
        if count < least:
            raise DataError(
                f"{named}: {_named(whole.classes, label)} has {count} image{'s' * (count != 1)}; expected at "
                f"least {least} of each {noun(whole.classes)}."
            )
    parts = raw.parts if raw.parts is not None and (raw.parts == 0).any() and raw.parts.any() else None
    if not raw.told:
        parted = UNPARTED if parts is None else f"The source parts itself: {_counts(parts)}."
        notes = (f"{len(whole):,} images of {whole.n_classes} classes were read from {what}.", *notes, parted)
    return OwnData(named, whole, parts, notes)


def _counts(parts: np.ndarray) -> str:
    counts = np.bincount(parts, minlength=len(PARTS)).tolist()
    *told, last = [f"{count:,} for {part}" for part, count in zip(PARTS, counts, strict=True) if count]
    return f"{', '.join(told)} and {last}" if told else last


def _read_raw(files: Files) -> tuple[RawArrays, str]:
    """The images and labels, by what the names of the files say that they are; and what they are called."""
    names = {name: f"file{files.suffix}" if files.suffix else name.lower() for name in files.names}
    pictured = any(lower.endswith(_PICTURES) for lower in names.values())
    for pattern, read, what in _DOORS:
        found = [name for name, lower in names.items() if pattern.search(lower)]
        if found and not (pictured and read in (read_parquet, read_mat, read_tables)):
            raw = read(files, found)
            others = [name for name in files.names if name not in {*found}]
            if others and not raw.told:
                note = f"{others[0]}{f' and {len(others) - 1:,} other files' * (len(others) > 1)} were passed over."
                raw = replace(raw, notes=(*raw.notes, note.replace("were", "was") if len(others) == 1 else note))
            return raw, what
    return read_pictures(files), "pictures in a folder for each class"


def _mapping(files: Files) -> dict[int, str] | None:
    """What a mapping.txt beside the data, as EMNIST has it, says of the labels; None if there is none, or several."""
    sets = {f"{set_of(name)}mapping" for name in files.names}
    if files.suffix and files.local:
        beside = [file for file in files.local.parent.glob("*-mapping.txt") if set_of(file.name) in sets]
        return parse_mapping(beside[0].name, beside[0].read_bytes()[:_MAX_MAPPING]) if len(beside) == 1 else None
    found = [name for name in files.notes if name.lower().endswith("mapping.txt")]
    found = found if len(found) == 1 else [name for name in found if set_of(name) in sets]
    return parse_mapping(files.about(found[0]), files.read(found[0])[:_MAX_MAPPING]) if len(found) == 1 else None


def save(data: OwnData, file: Path) -> None:
    """Write an .npz that `open_data` reads back as it is: images, labels, classes, writer, part, notes and ink."""
    whole = data.whole
    arrays: dict[str, Any] = {
        "images": whole.images,
        "labels": whole.labels,
        "classes": np.array(whole.classes),
        "ink": np.array("white"),
        "notes": np.array(data.notes, dtype=str),
    }
    if whole.writers is not None:
        arrays["writer"] = whole.writers
    if data.parts is not None:
        arrays["part"] = data.parts
    stream = BytesIO()
    np.savez_compressed(stream, **arrays)
    write_atomically(file, stream.getvalue())


def _named(classes: tuple[str, ...], label: int) -> str:
    return f"{noun(classes)} {shown(classes[label])}"
