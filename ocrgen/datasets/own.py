"""The user's own digits, from a folder or zip with one folder per digit, an .npz, or IDX files."""

import re
from pathlib import Path

import numpy as np

from ocrgen.datasets.base import CLASSES, SIZE, DataError, Digits, Splits, hold_out
from ocrgen.datasets.formats.archive import Files, open_files
from ocrgen.datasets.formats.arrays import RawArrays, join_parts, read_npz
from ocrgen.datasets.formats.idx import check_pair, parse_idx
from ocrgen.imaging.decoding import ImageError, open_image
from ocrgen.imaging.digits import ink_is_white, to_digit

EXPECTED = "expected one folder per digit 0 to 9, an .npz with images and labels, or IDX files of images and labels"
# So that the training, validation and test set can have one each.
MIN_PER_CLASS = 3
_POLARITY_SAMPLE = 1000
_IN_CLASS = re.compile(r"(?:(train|test)(?:ing)?/)?([0-9])/[^/]+")
_IDX = re.compile(r"(.*)(images|labels)[.-]idx[13]([.-]ubyte)?(\.gz)?")


def read(path: Path) -> Digits:
    """All digits at `path`, training and test images alike, in any of the formats of `load`.

    DataError, which names the file, what is wrong and what is expected, if any part of the data is unusable.
    """
    return _read(Path(path))[0]


def load(path: Path) -> Splits:
    """Training, validation and test set from the user's own data at `path`, which is one of:

    - a folder or zip of images in one folder per digit, 0 to 9, which may be inside train/ and test/, and all of them
      inside one more folder; 28x28 images are taken as they are, others are normalised to MNIST's geometry;
    - an .npz with images (N, 28, 28), labels (N,) and optionally writer (N,), or with x_train, y_train, x_test and
      y_test as Keras has them; grey levels 0 to 255 or 0 to 1;
    - a folder or zip with IDX files of images and labels, optionally gzipped; t10k or test in a name means test.

    Images must be upright; the polarity is decided by majority. Without a test part, a sixth of the images is held
    out, by writer where writers are known, else stratified by label. DataError as for `read`.
    """
    digits, n_train = _read(Path(path))
    if n_train is None:
        rest, test = hold_out(digits, 1 / 6, seed=1)
    else:
        rest, test = digits[:n_train], digits[n_train:]
    splits = Splits(*(hold_out(rest) if len(rest) else (rest, rest)), test)
    for part, subset in splits._asdict().items():
        if absent := np.flatnonzero(np.bincount(subset.labels, minlength=CLASSES) == 0).tolist():
            needed = "more images" if digits.writers is None else "more writers, or no writer key to split by"
            raise DataError(f"{path}: no images of digit {absent[0]} are left for {part}; expected {needed}.")
    return splits


def _read(path: Path) -> tuple[Digits, int | None]:
    with open_files(path) as files:
        raw = _read_arrays(files)
    digits = raw.digits(path.name)
    for digit, count in enumerate(np.bincount(digits.labels, minlength=CLASSES)):
        if count < MIN_PER_CLASS:
            raise DataError(
                f"{path}: digit {digit} has {count} images; expected at least {MIN_PER_CLASS} of each digit."
            )
    return digits, raw.train


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
    top_folders = {name.partition("/")[0] for name in names}
    prefix = f"{top_folders.pop()}/" if len(top_folders) == 1 and not re.fullmatch(r"[0-9]/.*", names[0]) else ""
    labels = np.empty(len(names), np.int64)
    is_test = np.zeros(len(names), bool)
    for i, name in enumerate(names):
        match = _IN_CLASS.fullmatch(name.removeprefix(prefix))
        if match is None:
            raise DataError(f"{source}: {name} is in no digit's folder; {EXPECTED}.")
        labels[i], is_test[i] = int(match[2]), match[1] == "test"

    def grey(name: str) -> np.ndarray:
        try:
            return np.asarray(open_image(files.read(name), name))
        except ImageError as error:
            raise DataError(f"{source}: {error}") from error

    # The polarity is needed to normalise the geometry, so a sample of all classes is read for it first; the images are
    # read twice rather than kept, since they may be large.
    votes = [ink_is_white(grey(name)) for name in names[:: max(1, len(names) // _POLARITY_SAMPLE)]]
    white = bool(np.mean(votes) >= 0.5)
    images = np.empty((len(names), SIZE, SIZE), np.uint8)
    for image, name in zip(images, names, strict=True):
        picture = grey(name)
        try:
            image[:] = _to_geometry(picture, white)
        except ImageError as error:
            raise DataError(f"{source}: {name}: {error}") from error
    if is_test.all() or not is_test.any():
        return RawArrays(source, images, labels)
    return join_parts(source, (images[~is_test], labels[~is_test]), (images[is_test], labels[is_test]))


def _to_geometry(picture: np.ndarray, white: bool) -> np.ndarray:
    """A grey image (H, W) as uint8 (28, 28), white ink on black: unchanged if it has that size, else normalised."""
    if picture.shape == (SIZE, SIZE):
        return picture if white else 255 - picture
    return to_digit(picture, white)
