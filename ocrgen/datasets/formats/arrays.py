"""Convert arrays of characters as people store them (any layout, scale, size or polarity) to Characters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ocrgen.datasets.alphabet import noun
from ocrgen.datasets.base import SIZE, Characters, DataError
from ocrgen.datasets.formats.labels import as_integers, indexed, one_each
from ocrgen.datasets.formats.levels import as_grey, to_uint8
from ocrgen.datasets.formats.polarity import decide, votes
from ocrgen.imaging.decoding import ImageError
from ocrgen.imaging.geometry import Frame, to_digit, to_frame

_SAMPLE = 1000  # pictures by which the frame of letters is decided


@dataclass(frozen=True)
class RawArrays:
    """Images, labels and optionally writers as they were stored, before any check.

    source: where they come from, for messages. parts: int8 (N,), 0 training, 1 validation, 2 test; None if the source
    does not say. classes: the text of each index, if the labels are such; mapping: the text of each label, if the
    source has one. ink: whether the ink is white, if that is known. ten_is_zero: see `labels.indexed`. notes: on what
    was understood so far. told: whether these tell all, as those of a file of our own.
    """

    source: str
    images: np.ndarray
    labels: np.ndarray
    writers: np.ndarray | None = None
    parts: np.ndarray | None = None
    classes: tuple[str, ...] | None = None
    mapping: Mapping[int, str] | None = None
    ink: bool | None = None
    ten_is_zero: bool = False
    notes: tuple[str, ...] = ()
    told: bool = False

    def characters(self, name: str) -> tuple[Characters, tuple[str, ...]]:
        """Characters named `name`, 28 x 28 pixels, 0..255, white ink on black; and notes on all that was understood.

        DataError if the arrays do not fit. Images of 28 x 28 are taken as they are; digits of other sizes are brought
        to MNIST's geometry, and other characters keep their place in the frame.
        """
        images = as_grey(self.source, self.images, max(self.labels.shape, default=0))
        labels = one_each(self.source, len(images), self.labels)
        labels, classes, notes = indexed(self.source, labels, self.classes, self.mapping, self.ten_is_zero)
        writers = self.writers
        if writers is not None:
            writers = writers.reshape(-1) if writers.size == len(labels) else writers
            if writers.shape != labels.shape:
                raise DataError(f"{self.source}: {len(images):,} images but writers {writers.shape}.")
            writers = as_integers(self.source, "writers", writers)
        if not self.told or images.dtype != np.uint8:
            images = to_uint8(self.source, images)
        images, more = _normalised(images, noun(classes) == "digit", self.ink)
        try:
            made = Characters(images, labels.astype(np.int64), classes, name, writers)
        except DataError as error:
            raise DataError(f"{self.source}: {str(error).removeprefix(f'{name}: ')}") from error
        return made, self.notes if self.told else (*self.notes, *notes, *more)


def _normalised(grey: np.ndarray, digits: bool, ink: bool | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Grey images uint8 (N, H, W) as uint8 (N, 28, 28), white ink on black, and notes on polarity and size."""
    if ink is None:
        white, notes = decide(votes(grey))
    else:
        white, notes = np.full(len(grey), ink), ()
    if not white.all():
        grey = 255 - grey if not white.any() else np.where(white[:, None, None], grey, 255 - grey)
    if grey.shape[1:] == (SIZE, SIZE):
        return np.ascontiguousarray(grey), notes
    height, width = grey.shape[1:]
    frame = Frame() if digits else Frame.of(list(grey[:: max(1, len(grey) // _SAMPLE)]), True)
    images = np.empty((len(grey), SIZE, SIZE), np.uint8)
    blank = 0
    for i, picture in enumerate(grey):
        try:
            images[i] = to_digit(picture, True) if digits else to_frame(picture, True, frame)
        except ImageError:  # of such sizes, only a blank one is refused
            images[i], blank = 0, blank + 1
    if blank:
        notes += (f"{blank:,} of {len(grey):,} images {'is' if blank == 1 else 'are'} blank.",)
    how = "each digit was brought to MNIST's size and place" if digits else "each was shrunk whole"
    if not digits and max(height, width) < SIZE:
        how = "each was enlarged whole"
    return images, (*notes, f"The images are {height} x {width} pixels: {how}.")


@dataclass(frozen=True)
class Piece:
    """Images and labels of one part (0 training, 1 validation, 2 test, None if not said), as they were stored."""

    part: int | None
    images: np.ndarray
    labels: np.ndarray
    writers: np.ndarray | None = None


def join(source: str, pieces: Sequence[Piece]) -> RawArrays:
    """All pieces, training first, so that scale and polarity are decided for all at once. DataError if they differ."""
    pieces = sorted(pieces, key=lambda piece: piece.part or 0)
    if len(pieces) == 1:
        (piece,) = pieces
        return RawArrays(source, piece.images, piece.labels, piece.writers)
    grey, labels = [], []
    for piece in pieces:
        of = ("", "train ", "validation ", "test ")[0 if piece.part is None else piece.part + 1]
        grey.append(as_grey(source, piece.images, max(piece.labels.shape, default=0)))
        labels.append(one_each(source, len(grey[-1]), piece.labels, of))
    if len({images.shape[1:] for images in grey}) > 1:
        sizes = " and ".join(sorted({"{} x {}".format(*images.shape[1:]) for images in grey}))
        raise DataError(f"{source}: its images are of {sizes} pixels; expected one size in all files and parts.")
    if len({float(images.max()) <= 1 for images in grey}) > 1:
        parts = " and ".join(dict.fromkeys(("train", "validation", "test")[piece.part or 0] for piece in pieces))
        raise DataError(f"{source}: {parts} images differ in scale; expected all 0 to 255, or all 0 to 1.")
    if len({values.dtype.kind in "US" for values in labels}) > 1:
        raise DataError(f"{source}: some labels are texts and some are numbers; expected the same in all parts.")
    known = [piece.writers.reshape(-1) for piece in pieces if piece.writers is not None]
    writers = np.concatenate(known) if len(known) == len(pieces) else None
    raw = RawArrays(source, np.concatenate(grey), np.concatenate(labels), writers)
    return replace(raw, parts=parts_of([piece.part for piece in pieces], list(map(len, grey))))


def parts_of(parts: Sequence[int | None], lengths: Sequence[int]) -> np.ndarray | None:
    """The part of each image, int8 (N,), where those of one part follow one another; None if all are of one."""
    if len(set(parts)) == 1:
        return None
    return np.repeat(np.array([part or 0 for part in parts], np.int8), lengths)
