"""Convert arrays of characters as people store them (0..1 or 0..255, flat or square, either polarity) to Characters."""

import math
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np

from ocrgen.datasets.alphabet import DIGITS, MAX_CLASSES, MIN_CLASSES
from ocrgen.datasets.base import SIZE, Characters, DataError
from ocrgen.datasets.formats.archive import MAX_FILE, Files
from ocrgen.imaging.geometry import ink_is_white

MAX_IMAGES = 1_000_000
EXPECTED = "expected images (N, 28, 28), labels (N,) and perhaps classes (K,), or x_train, y_train, x_test and y_test"


@dataclass(frozen=True)
class RawArrays:
    """Images, labels and optionally writers as they were stored, before any check.

    source: where they come from, for messages. train: the number of training images, which come first; None if the
    source does not separate training from test images. classes: the text of each label; None if it has none.
    """

    source: str
    images: np.ndarray
    labels: np.ndarray
    writers: np.ndarray | None = None
    train: int | None = None
    classes: tuple[str, ...] | None = None

    def characters(self, name: str, default: tuple[str, ...] = DIGITS) -> Characters:
        """Characters named `name`: checked, scaled to 0..255, white ink on black. DataError if the arrays do not fit.

        default: the class texts where the source has none.
        """
        classes = default if self.classes is None else self.classes
        images, labels, writers = _as_images(self.source, self.images), self.labels, self.writers
        if labels.shape != (len(images),):
            raise DataError(
                f"{self.source}: {len(images):,} images but labels {labels.shape}; expected one label each."
            )
        labels = _as_integers(self.source, "labels", labels)
        if labels.min() < 0 or labels.max() >= len(classes):
            wanted = f"expected 0 to {len(classes) - 1}"
            if self.classes is None:
                wanted += ", or an array `classes` with the text that each label stands for"
            raise DataError(f"{self.source}: labels go from {labels.min()} to {labels.max()}; {wanted}.")
        if writers is not None:
            if writers.shape != labels.shape:
                raise DataError(f"{self.source}: {len(images):,} images but writers {writers.shape}.")
            writers = _as_integers(self.source, "writers", writers)
        images = to_uint8(self.source, images)
        # The polarity is decided for the whole set, so that a single odd image is not inverted.
        if ink_is_white(images).mean() < 0.5:
            images = 255 - images
        try:
            return Characters(images, labels, classes, name, writers)
        except DataError as error:
            raise DataError(f"{self.source}: {str(error).removeprefix(f'{name}: ')}") from error


def _as_images(source: str, images: np.ndarray) -> np.ndarray:
    square = (len(images) if images.ndim else 0, SIZE, SIZE)
    if images.shape not in (square, (*square, 1), (square[0], SIZE * SIZE)):
        raise DataError(f"{source}: images are {images.shape}; expected (N, 28, 28), (N, 28, 28, 1) or (N, 784).")
    if not 0 < len(images) <= MAX_IMAGES:
        raise DataError(f"{source}: holds {len(images):,} images; expected 1 to {MAX_IMAGES:,}.")
    return images.reshape(square)


def _as_integers(source: str, what: str, values: np.ndarray) -> np.ndarray:
    if values.dtype.kind not in "uif" or (values.dtype.kind == "f" and not (values == np.rint(values)).all()):
        raise DataError(f"{source}: {what} are not whole numbers; expected an integer array.")
    return values.astype(np.int64)


def _as_texts(source: str, values: np.ndarray) -> tuple[str, ...]:
    if values.ndim != 1 or values.dtype.kind not in "UiuS":
        raise DataError(f"{source}: classes are {values.dtype} {values.shape}; expected one text for each label (K,).")
    if len(values) > MAX_CLASSES:
        raise DataError(f"{source}: holds {len(values):,} classes; expected {MIN_CLASSES} to {MAX_CLASSES}.")
    try:
        if values.dtype.kind == "S":
            values = np.char.decode(values, "utf-8")
        return tuple(str(value) for value in values)
    except ValueError as error:
        raise DataError(f"{source}: classes are no texts in UTF-8; expected an array of texts.") from error


def to_uint8(source: str, images: np.ndarray) -> np.ndarray:
    """Scale levels of 0..1 (if the maximum is at most 1) or 0..255 to uint8 0..255. DataError for any other range."""
    if images.dtype.kind not in "buif":
        raise DataError(f"{source}: images are {images.dtype}; expected numbers, 0 to 255 or 0 to 1.")
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= 255):  # NaN fails this test, too
        raise DataError(f"{source}: levels go from {low:g} to {high:g}; expected 0 to 255 or 0 to 1, and no NaN.")
    factor = 255 if high <= 1 else 1
    if low == high:
        raise DataError(f"{source}: every image is blank, of one shade ({low:g}); expected characters.")
    if (high - low) * factor < 128:
        raise DataError(
            f"{source}: levels go from {low:g} to {high:g} only; expected the full scale, 0 to 255 or 0 to 1 "
            "(have they been divided by 255 twice?)."
        )
    if images.dtype.kind == "f":
        return np.rint(images * factor).astype(np.uint8)
    return images.astype(np.uint8) * np.uint8(factor)


def read_npz(files: Files) -> RawArrays:
    """The arrays of an .npz: images, labels and optionally writer; or x_train, y_train, x_test, y_test; maybe classes.

    Nothing is unpickled, and nothing allocated by a declared shape that the data do not fill. DataError otherwise.
    """
    source = str(files.source)
    keys = {name.removesuffix(".npy") for name in files.names if name.endswith(".npy")}

    def get(key: str) -> np.ndarray:
        return _parse_npy(files.read(f"{key}.npy"), f"{source}: {key}")

    classes = _as_texts(source, get("classes")) if "classes" in keys else None
    if {"images", "labels"} <= keys:
        writer = next((key for key in ("writer", "writers") if key in keys), None)
        return RawArrays(source, get("images"), get("labels"), get(writer) if writer else None, classes=classes)
    if not {"x_train", "y_train", "x_test", "y_test"} <= keys:
        raise DataError(f"{source}: holds {', '.join(sorted(keys))[:200]}; {EXPECTED}.")
    parts = ((_as_images(source, get(f"x_{part}")), get(f"y_{part}")) for part in ("train", "test"))
    return replace(join_parts(source, *parts), classes=classes)


def join_parts(source: str, train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]) -> RawArrays:
    """Join (images, labels) for training and for testing, so that scale and polarity are decided for both at once."""
    for part, (images, labels) in (("train", train), ("test", test)):
        if labels.shape != (len(images),):
            raise DataError(f"{source}: {len(images):,} {part} images but labels {labels.shape}; expected one each.")
    if (train[0].max(initial=0) <= 1) != (test[0].max(initial=0) <= 1):
        raise DataError(f"{source}: train and test images differ in scale; expected both 0 to 255, or both 0 to 1.")
    images, labels = (np.concatenate(pair) for pair in zip(train, test, strict=True))
    return RawArrays(source, images, labels, train=len(train[0]))


def _parse_npy(data: bytes, name: str) -> np.ndarray:
    stream = BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, _, dtype = header(stream)
    except Exception as error:  # numpy evaluates the header as Python: a damaged one raises anything
        raise DataError(f"{name}: not an array that numpy can read ({error}).") from error
    if dtype.hasobject:
        raise DataError(f"{name}: holds pickled Python objects, which are never run; expected numbers or texts.")
    if math.prod(shape) * dtype.itemsize != len(data) - stream.tell() or len(data) > MAX_FILE:
        raise DataError(
            f"{name}: declares {shape} of {dtype}, {math.prod(shape) * dtype.itemsize:,} bytes, "
            f"but {len(data) - stream.tell():,} are there."
        )
    stream.seek(0)
    try:
        return np.lib.format.read_array(stream, allow_pickle=False)
    except ValueError as error:
        raise DataError(f"{name}: not an array that numpy can read ({error}).") from error
