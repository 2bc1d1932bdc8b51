"""Pictures in one folder per class, whose name is the class's text, as arrays."""

import re
from dataclasses import replace

import numpy as np
from PIL import Image

from ocrgen.datasets.alphabet import AlphabetError, check_classes, folder_text, normalise, noun
from ocrgen.datasets.base import SIZE, DataError
from ocrgen.datasets.formats.archive import Files
from ocrgen.datasets.formats.arrays import RawArrays, join_parts
from ocrgen.imaging.decoding import ImageError, open_image
from ocrgen.imaging.geometry import Frame, ink_is_white, to_digit, to_frame

EXPECTED = (
    "expected one folder per class, named after its digit, letter or word, with images in it; an .npz with images and "
    "labels; or IDX files of images and labels"
)
_SAMPLE, _SAMPLE_SIDE = 1000, 112  # pictures by which polarity and frame are decided, and their side in pixels
_PART = re.compile(r"(train|test)(?:ing)?", re.IGNORECASE)
_LEAST = 3


def read_pictures(files: Files) -> RawArrays:
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
            f"{source}: the folder {empty[0]} holds no picture; expected at least {_LEAST} in the folder "
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
