"""The user's own digits: a folder or zip with one folder per digit, an .npz, or IDX files."""

import re
from pathlib import Path

import numpy as np

from ocrgen.datasets.base import CLASSES, SIZE, DataError, Digits, Splits, hold_out
from ocrgen.datasets.formats.archive import Files, open_files
from ocrgen.datasets.formats.arrays import Raw, join, read_npz
from ocrgen.datasets.formats.idx import check_pair, parse_idx
from ocrgen.imaging.digits import ImageError, ink_is_white, open_image, to_digit

EXPECTED = "expected one folder per digit 0 to 9, an .npz with images and labels, or IDX files of images and labels"
# Three, so that train, validation and test can hold one each.
MIN_PER_CLASS = 3
_VOTERS = 1000
_IN_CLASS = re.compile(r"(?:(train|test)(?:ing)?/)?([0-9])/[^/]+")
_IDX = re.compile(r"(.*)(images|labels)[.-]idx[13]([.-]ubyte)?(\.gz)?")


def read(path: Path) -> Digits:
    """All the digits at `path`, for training or testing alike; `load` says what forms they may have.

    Raises DataError, which names the file, the fault and what is expected; nothing is loaded by half.
    """
    return _read(Path(path))[0]


def load(path: Path) -> Splits:
    """Train, validation and test from the user's own data at `path`:

    - a folder or zip with one folder per digit, 0 to 9, of pictures (these in turn perhaps in train/ and test/): 28x28
      pictures are taken as they are, others are brought to MNIST's geometry; one folder may wrap them all;
    - an .npz with images (N, 28, 28), labels (N,) and perhaps writer (N,), or with Keras' x_train, y_train, x_test,
      y_test; levels 0 to 255 or 0 to 1;
    - a folder or zip with IDX files of images and labels, perhaps gzipped; t10k or test in the name marks the test.

    Images must be upright; the polarity is found by majority. Where no test part is given, a sixth of the images
    becomes it: by writer where writers are known, else stratified by label. Raises DataError as `read` does.
    """
    digits, n_train = _read(Path(path))
    if n_train is None:
        rest, test = hold_out(digits, 1 / 6, seed=1)
    else:
        rest, test = digits[:n_train], digits[n_train:]
    splits = Splits(*(hold_out(rest) if len(rest) else (rest, rest)), test)
    for part, held in splits._asdict().items():
        if absent := np.flatnonzero(np.bincount(held.labels, minlength=CLASSES) == 0).tolist():
            needed = "more images" if digits.writers is None else "more writers, or no writer key to split by"
            raise DataError(f"{path}: no images of digit {absent[0]} are left for {part}; expected {needed}.")
    return splits


def _read(path: Path) -> tuple[Digits, int | None]:
    with open_files(path) as files:
        raw = _raw(files)
    digits = raw.digits(path.name)
    for digit, count in enumerate(np.bincount(digits.labels, minlength=CLASSES)):
        if count < MIN_PER_CLASS:
            raise DataError(
                f"{path}: digit {digit} has {count} images; expected at least {MIN_PER_CLASS} of each digit."
            )
    return digits, raw.train


def _raw(files: Files) -> Raw:
    if any(name.endswith(".npy") for name in files.names) and not files.source.is_dir():
        return read_npz(files)
    if any(_IDX.fullmatch(name) for name in files.names):
        return _read_idx(files)
    return _read_pictures(files)


def _read_idx(files: Files) -> Raw:
    # Sorted, a plain file comes before its own .gz, and torchvision leaves both in one folder.
    found = {}
    for name in files.names:
        if match := _IDX.fullmatch(name):
            found.setdefault((match[1], match[2]), name)
    parts = {"train": [], "test": []}
    for stem in sorted({stem for stem, _ in found}):
        for kind, other in (("images", "labels"), ("labels", "images")):
            if (stem, kind) not in found:
                raise DataError(f"{files.source}: {found[stem, other]} has no file of {kind} beside it; expected both.")
        names = [found[stem, kind] for kind in ("images", "labels")]
        pair = [parse_idx(files.read(name), f"{files.source}: {name}") for name in names]
        check_pair(*pair, [f"{files.source}: {name}" for name in names])
        parts["test" if re.search(r"t10k|test", stem.rpartition("/")[2]) else "train"].append(pair)
    train, test = ([np.concatenate(arrays) for arrays in zip(*pairs, strict=True)] for pairs in parts.values())
    if train and test:
        return join(str(files.source), train, test)
    return Raw(str(files.source), *(train or test))


def _read_pictures(files: Files) -> Raw:
    source, names = str(files.source), files.names
    wraps = {name.partition("/")[0] for name in names}
    wrap = f"{wraps.pop()}/" if len(wraps) == 1 and not re.fullmatch(r"[0-9]/.*", names[0]) else ""
    classes = [_IN_CLASS.fullmatch(name.removeprefix(wrap)) for name in names]
    if None in classes:
        raise DataError(f"{source}: {names[classes.index(None)]} is in no digit's folder; {EXPECTED}.")

    def grey(name: str) -> np.ndarray:
        try:
            return np.asarray(open_image(files.read(name), name))
        except ImageError as error:
            raise DataError(f"{source}: {error}") from error

    # Polarity comes before geometry, so some of every class vote first, and large pictures are never held together.
    votes = [ink_is_white(grey(name)) for name in names[:: max(1, len(names) // _VOTERS)]]
    white = np.mean(votes) >= 0.5
    images = np.empty((len(names), SIZE, SIZE), np.uint8)
    for image, name in zip(images, names, strict=True):
        picture = grey(name)
        try:
            image[:] = _fit(picture, white)
        except ImageError as error:
            raise DataError(f"{source}: {name}: {error}") from error
    labels = np.array([int(match[2]) for match in classes])
    is_test = np.array([match[1] == "test" for match in classes])
    if is_test.all() or not is_test.any():
        return Raw(source, images, labels)
    return join(source, (images[~is_test], labels[~is_test]), (images[is_test], labels[is_test]))


def _fit(picture: np.ndarray, white: bool) -> np.ndarray:
    if picture.shape == (SIZE, SIZE):
        return picture if white else 255 - picture
    return to_digit(picture, white)
