"""The user's own characters, from a folder or zip with one folder per class, an .npz, or IDX files."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from ocrgen.datasets.alphabet import DIGITS, AlphabetError, check_classes, folder_text, normalise, noun, shown
from ocrgen.datasets.base import SIZE, Characters, DataError, Splits, hold_out
from ocrgen.datasets.formats.archive import Files, open_files
from ocrgen.datasets.formats.arrays import RawArrays, join_parts, read_npz
from ocrgen.datasets.formats.idx import check_pair, parse_idx
from ocrgen.imaging.decoding import ImageError, open_image
from ocrgen.imaging.geometry import Frame, ink_is_white, to_digit, to_frame

EXPECTED = (
    "expected one folder per class, named after its digit, letter or word, with images in it; an .npz with images and "
    "labels; or IDX files of images and labels"
)
# So that the training, validation and test set can have one each.
MIN_PER_CLASS = 3
_SAMPLE, _SAMPLE_SIDE = 1000, 112  # pictures by which polarity and frame are decided, and their side in pixels
_PART = re.compile(r"(train|test)(?:ing)?", re.IGNORECASE)
_IDX = re.compile(r"(.*)(images|labels)[.-]idx[13]([.-]ubyte)?(\.gz)?")


@dataclass(frozen=True)
class OwnData:
    """A user's own data: all characters, of which the first `n_train` are for training; None if that is not said."""

    path: Path
    whole: Characters
    n_train: int | None

    def splits(self) -> Splits:
        """Training, validation and test set. DataError if a class would be missing in one of them."""
        if self.n_train is None:
            rest, test = hold_out(self.whole, 1 / 6, seed=1)
        else:
            rest, test = self.whole[: self.n_train], self.whole[self.n_train :]
        splits = Splits(*(hold_out(rest) if len(rest) else (rest, rest)), test)
        for part, subset in splits._asdict().items():
            if (absent := np.flatnonzero(subset.counts == 0)).size:
                needed = "more images" if self.whole.writers is None else "more writers, or no writer key to split by"
                named = _named(self.whole.classes, absent[0])
                raise DataError(f"{self.path}: no images of {named} are left for {part}; expected {needed}.")
        return splits


def read(path: Path) -> Characters:
    """All characters at `path`, training and test images alike, in any of the formats of `load`.

    DataError, which names the file, what is wrong and what is expected, if any part of the data is unusable.
    """
    return open_data(path).whole


def load(path: Path) -> Splits:
    """Training, validation and test set from the user's own data at `path`, which is one of:

    - a folder or zip of images in one folder per class, whose name is the class's text; these may be inside train/ and
      test/, and all of them inside one more folder; 28x28 images are taken as they are, digits of other sizes are
      normalised to MNIST's geometry, and anything else keeps the frame of its set, since the place of a dot has a
      meaning (`Frame`);
    - an .npz with images (N, 28, 28), labels (N,) and optionally writer (N,), or with x_train, y_train, x_test and
      y_test as Keras has them; grey levels 0 to 255 or 0 to 1; labels are the digits 0 to 9 or some of them, or,
      with an array of texts `classes` (K,), indices into it;
    - a folder or zip with IDX files of images and labels, optionally gzipped; t10k or test in a name means test.

    Images must be upright; the polarity is decided by majority. Without a test part, a sixth of the images is held
    out, by writer where writers are known, else stratified by label. DataError as for `read`.
    """
    return open_data(path).splits()


def open_data(path: Path, least: int = MIN_PER_CLASS) -> OwnData:
    """All characters at `path`, with at least `least` images of each class. DataError as for `read`."""
    path = Path(path)
    with open_files(path) as files:
        raw = _read_arrays(files)
    characters = raw.characters(path.name)
    if raw.classes is None:
        present = np.flatnonzero(characters.counts)
        if len(present) == 1:
            raise DataError(f"{path}: all images are of digit {present[0]}; expected 2 classes or more.")
        characters = characters.relabelled(tuple(DIGITS[label] for label in present))
    for label, count in enumerate(characters.counts.tolist()):
        if count < least:
            raise DataError(
                f"{path}: {_named(characters.classes, label)} has {count} image{'s' * (count != 1)}; expected at least "
                f"{least} of each {noun(characters.classes)}."
            )
    return OwnData(path, characters, raw.train)


def _named(classes: tuple[str, ...], label: int) -> str:
    return f"{noun(classes)} {shown(classes[label])}"


def _read_arrays(files: Files) -> RawArrays:
    if any(name.endswith(".npy") for name in files.names) and not files.source.is_dir():
        return read_npz(files)
    if any(_IDX.fullmatch(name) for name in files.names):
        return _read_idx(files)
    return _read_pictures(files)


def _read_idx(files: Files) -> RawArrays:
    # torchvision leaves a file and its .gz in one folder; the names are sorted, so that the plain one comes first.
    idx_names: dict[tuple[str, str], str] = {}
    for name in files.names:
        if match := _IDX.fullmatch(name):
            idx_names.setdefault((match[1], match[2]), name)
    train, test = [], []
    for stem in sorted({stem for stem, _ in idx_names}):
        for kind, other in (("images", "labels"), ("labels", "images")):
            if (stem, kind) not in idx_names:
                name = idx_names[stem, other]
                raise DataError(f"{files.source}: {name} has no file of {kind} beside it; expected both.")
        pair = _read_idx_pair(files, idx_names[stem, "images"], idx_names[stem, "labels"])
        (test if re.search(r"t10k|test", stem.rpartition("/")[2]) else train).append(pair)
    if train and test:
        return join_parts(str(files.source), _concatenate(train), _concatenate(test))
    images, labels = _concatenate(train or test)
    return RawArrays(str(files.source), images, labels)


def _read_idx_pair(files: Files, images_name: str, labels_name: str) -> tuple[np.ndarray, np.ndarray]:
    names = f"{files.source}: {images_name}", f"{files.source}: {labels_name}"
    images, labels = parse_idx(files.read(images_name), names[0]), parse_idx(files.read(labels_name), names[1])
    check_pair(images, labels, names)
    return images, labels


def _concatenate(pairs: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([images for images, _ in pairs]), np.concatenate([labels for _, labels in pairs])


def _read_pictures(files: Files) -> RawArrays:
    source, names = str(files.source), files.names
    folders = [name.split("/")[:-1] for name in names]
    # All classes may be inside one more folder, as a zip of a folder has them.
    if len({tuple(parts[:1]) for parts in folders}) == 1 and any(len(parts) > 1 for parts in folders):
        folders = [parts[1:] for parts in folders]
    parts_named = all(parts and _PART.fullmatch(parts[0]) for parts in folders)
    is_test = np.array([parts_named and parts[0].lower().startswith("test") for parts in folders])
    if parts_named:
        folders = [parts[1:] for parts in folders]
    for name, parts in zip(names, folders, strict=True):
        if len(parts) != 1:
            where = "in no class's folder" if not parts else "in a folder within a class's folder"
            raise DataError(f"{source}: {name} is {where}; {EXPECTED}.")
    beside = {name.rpartition("/")[0].rpartition("/")[0] for name in names}  # where the folders of the classes are
    if empty := [folder for folder in files.empty if folder.rpartition("/")[0] in beside]:
        raise DataError(
            f"{source}: the folder {empty[0]} holds no picture; expected at least {MIN_PER_CLASS} in the folder "
            "of each class: fill it, or remove it."
        )
    classes, labels = _classes_of(source, [parts[0] for parts in folders])
    images = _read_images(files, noun(classes) == "digit")
    if is_test.all() or not is_test.any():
        return RawArrays(source, images, labels, classes=classes)
    raw = join_parts(source, (images[~is_test], labels[~is_test]), (images[is_test], labels[is_test]))
    return replace(raw, classes=classes)


def _classes_of(source: str, folders: list[str]) -> tuple[tuple[str, ...], np.ndarray]:
    """The class texts that folders' names stand for, digits first by value, then in Unicode's order; and labels."""
    texts = {name: folder_text(name) for name in set(folders)}

    def rank(name: str) -> tuple[bool, int, str]:
        text = normalise(texts[name])
        return not text.isdecimal(), int(text) if text.isdecimal() and len(text) < 10 else 0, text

    names = sorted(texts, key=rank)
    try:
        classes = check_classes([texts[name] for name in names])
    except AlphabetError as error:
        raise DataError(f"{source}: {error} A folder's name is the text of its class.") from error
    index = {name: label for label, name in enumerate(names)}
    return classes, np.array([index[name] for name in folders], np.int64)


def _read_images(files: Files, digits: bool) -> np.ndarray:
    """All pictures, in the geometry of digits or of letters: uint8 (N, 28, 28), white ink on black."""

    def grey(name: str) -> Image.Image:
        try:
            return open_image(files.read(name), name)
        except ImageError as error:
            raise DataError(f"{files.source}: {error}") from error

    # Polarity and frame are needed to normalise the geometry, so a sample of all classes is read for them first; the
    # pictures are read twice rather than kept, since they may be large.
    sample = []
    for name in files.names[:: max(1, len(files.names) // _SAMPLE)]:
        picture = grey(name)
        sample.append(np.asarray(picture.reduce(max(1, max(picture.size) // _SAMPLE_SIDE))))
    white = bool(np.mean([ink_is_white(picture) for picture in sample]) >= 0.5)
    frame = Frame() if digits else Frame.of(sample, white)
    images = np.empty((len(files.names), SIZE, SIZE), np.uint8)
    for image, name in zip(images, files.names, strict=True):
        picture = np.asarray(grey(name))
        try:
            if picture.shape == (SIZE, SIZE):
                image[:] = picture if white else 255 - picture
            else:
                image[:] = to_digit(picture, white) if digits else to_frame(picture, white, frame)
        except ImageError as error:
            raise DataError(f"{files.source}: {name}: {error}") from error
    return images
