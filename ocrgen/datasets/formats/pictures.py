"""Pictures in one folder per class, whose name is the class's text, as arrays."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ocrgen.datasets.alphabet import AlphabetError, check_classes, folder_text, noun
from ocrgen.datasets.base import SIZE, DataError
from ocrgen.datasets.formats.archive import Files, common_folder
from ocrgen.datasets.formats.arrays import RawArrays
from ocrgen.datasets.formats.labels import named_digits, ranked
from ocrgen.datasets.formats.names import part_of
from ocrgen.datasets.formats.polarity import decide, is_mixed, votes
from ocrgen.imaging.decoding import ImageError, open_image
from ocrgen.imaging.geometry import Frame, ink_is_white, to_digit, to_frame

EXPECTED = "expected one folder per class, named after its digit, letter or word, with images in it"
_SAMPLE, _SAMPLE_SIDE = 1000, 112  # pictures by which polarity and frame are decided, and their side in pixels


@dataclass(frozen=True)
class Pictures:
    """`n` pictures, of which `read` gives the content of one by its index, and `about` what a message calls it."""

    n: int
    read: Callable[[int], bytes]
    about: Callable[[int], str]

    def grey(self, i: int) -> Image.Image:
        """Picture `i` in grey levels. DataError if it cannot be read."""
        try:
            return open_image(self.read(i), self.about(i))
        except ImageError as error:
            raise DataError(str(error)) from error

    def normalised(self, digits: bool) -> tuple[np.ndarray, tuple[str, ...]]:
        """All pictures in the geometry of digits or of letters, uint8 (N, 28, 28), white ink on black; and notes."""
        # Polarity and frame are needed to normalise the geometry, so a sample of all is read for them first; the
        # pictures are read twice rather than kept, since they may be large.
        sample = [_small(self.grey(i)) for i in range(0, self.n, max(1, self.n // _SAMPLE))]
        white = np.array([ink_is_white(picture) for picture in sample])
        light, mixed = bool(white.mean() >= 0.5), is_mixed(white)
        taken = white if mixed else np.full(len(sample), light)
        inked = [picture if w else 255 - picture for picture, w in zip(sample, taken, strict=True)]
        frame = Frame() if digits else Frame.of(inked, True)
        images = np.empty((self.n, SIZE, SIZE), np.uint8)
        white, standard, sides = np.empty(self.n, bool), np.zeros(self.n, bool), set()
        for i in range(self.n):
            grey = self.grey(i)
            picture = np.asarray(grey)
            if picture.shape == (SIZE, SIZE):
                images[i], standard[i] = picture, True
                continue
            sides.add(grey.size)
            white[i] = ink_is_white(_small(grey))
            try:
                ink = bool(white[i]) if mixed else light
                images[i] = to_digit(picture, ink) if digits else to_frame(picture, ink, frame)
            except ImageError as error:
                raise DataError(f"{self.about(i)}: {error}") from error
        if standard.any():
            white[standard] = votes(images[standard])
        taken, notes = decide(white, mixed)
        dark = standard & ~taken
        images[dark] = 255 - images[dark]
        return images, (*notes, *_about_sizes(sides, int(standard.sum()), digits, frame))


def _small(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.reduce(max(1, max(picture.size) // _SAMPLE_SIDE)))


def _about_sizes(sides: set[tuple[int, int]], standard: int, digits: bool, frame: Frame) -> tuple[str, ...]:
    if not sides:
        return ()
    ordered = sorted(sides, key=lambda size: size[0] * size[1])
    least, most = (f"{width} x {height}" for width, height in (ordered[0], ordered[-1]))
    sizes = least if len(sides) == 1 else f"{least} to {most}"
    how = "each digit was brought to MNIST's size and place"
    if not digits:
        how = "they keep their place in the frame" if frame == Frame() else "wide margins were cut off"
    others = f", beside {standard:,} of 28 x 28 that were taken as they are" if standard else ""
    return (f"The pictures are {sizes} pixels{others}: {how}.",)


def read_pictures(files: Files) -> RawArrays:
    """The pictures of all classes, one folder each, which may be inside others and in folders of parts."""
    source, names = files.source, files.names
    folders = [name.split("/")[:-1] for name in names]
    folders = _unwrapped(folders)
    parts = [part_of(path[0]) if len(path) > 1 else None for path in folders]
    numbers = None
    if None not in parts and len(set(parts)) > 1:
        numbers = np.array(parts, np.int8)
        inner: list[list[str]] = [[] for _ in folders]
        for top in {path[0] for path in folders}:
            index = [i for i, path in enumerate(folders) if path[0] == top]
            for i, path in zip(index, _unwrapped([folders[i][1:] for i in index]), strict=True):
                inner[i] = path
        folders = inner
    for name, path in zip(names, folders, strict=True):
        if len(path) != 1:
            where = "in no class's folder" if not path else "in a folder within a class's folder"
            raise DataError(f"{source}: {name} is {where}; {EXPECTED}.")
    beside = {name.rpartition("/")[0].rpartition("/")[0] for name in names}  # where the folders of the classes are
    if empty := [folder for folder in files.empty if folder.rpartition("/")[0] in beside]:
        raise DataError(
            f"{source}: the folder {empty[0]} holds no picture; expected at least 3 in the folder of each class: fill "
            "it, or remove it."
        )
    classes, labels, notes = _classes_of(source, [path[0] for path in folders])
    if numbers is not None:  # training first
        order = np.argsort(numbers, kind="stable")
        numbers, labels, names = numbers[order], labels[order], [names[i] for i in order]
    pictures = Pictures(len(names), lambda i: files.read(names[i]), lambda i: files.about(names[i]))
    images, more = pictures.normalised(noun(classes) == "digit")
    return RawArrays(source, images, labels, parts=numbers, classes=classes, ink=True, notes=(*notes, *more))


def _unwrapped(folders: list[list[str]]) -> list[list[str]]:
    """Paths of folders without those that all of them are in, as a zip of a folder has them."""
    depth = len(common_folder(folders))
    return [path[depth:] for path in folders]


def _classes_of(source: str, folders: list[str]) -> tuple[tuple[str, ...], np.ndarray, tuple[str, ...]]:
    """The class texts that folders' names stand for, in order, the labels, and notes on names that mean digits."""
    names = sorted(set(folders))
    texts, notes = named_digits([folder_text(name) for name in names], "The folders")
    order = ranked(texts)
    try:
        classes = check_classes(order)
    except AlphabetError as error:
        raise DataError(f"{source}: {error} A folder's name is the text of its class.") from error
    index = {name: order.index(text) for name, text in zip(names, texts, strict=True)}
    return classes, np.array([index[name] for name in folders], np.int64), notes
