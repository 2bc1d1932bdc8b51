"""How a data set lays out a character in 28x28 pixels, and how a picture of one character is brought there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from PIL import Image

from ocrgen.imaging.decoding import ImageError

SIZE, BOX = 28, 20
INK = 64  # grey level from which a pixel counts as ink
MIN_BOX = 12  # pixels: letters that are typically smaller than that in 28 x 28 can hardly be told apart


@dataclass(frozen=True)
class Geometry:
    """How a data set lays out its characters in 28 x 28 pixels; characters from elsewhere are normalised to it.

    box: longer side of the ink's bounding box, pixels. centre: where the centre of mass goes, (row, column).
    min_stroke: pixels; thinner strokes are thickened to it. min_height: relative to the typical height on a page;
    lower components are not digits (the Arabic zero is a dot). single: whether a picture holds one character, to which
    all its ink belongs, as the dots of a letter do; otherwise each connected piece is a character, or, where they may
    be `touching`, several, which are cut apart as digits are: a W would be read as VV. sizes: the least and the
    greatest usual longer side, pixels: between them, a character keeps the size that it has in its picture, since
    letters differ in size; None if all are brought to `box`.
    """

    box: int = BOX
    centre: tuple[float, float] = (SIZE / 2, SIZE / 2)
    min_stroke: float = 2.0
    min_height: float = 0.35
    single: bool = False
    touching: bool = True
    sizes: tuple[float, float] | None = None

    def __post_init__(self):
        values = (self.box - 1, *self.centre, self.min_stroke, *(size - 1 for size in self.sizes or ()))
        if not (all(0 <= v < SIZE for v in values) and 0 <= self.min_height <= 1):  # NaN fails this test, too
            raise ValueError(f"a character cannot lie so in {SIZE} x {SIZE} pixels: {self}")

    @classmethod
    def of(cls, images: np.ndarray) -> Self:
        """The geometry of letters, one a picture, measured over images uint8 (N, 28, 28), white ink on black."""
        inked = images > INK
        images, inked = images[inked.any((1, 2))], inked[inked.any((1, 2))]
        if not len(images):
            return cls(single=True)
        sides = []
        for axis in (1, 2):
            line = np.asarray(inked.any(3 - axis))
            sides.append(SIZE - line.argmax(1) - line[:, ::-1].argmax(1))
        mass = images.sum((1, 2), dtype=np.float64)
        centre = [float((images.sum(3 - axis) @ np.arange(SIZE) / mass).mean()) for axis in (1, 2)]
        low, box, high = np.quantile(np.maximum(*sides), [0.01, 0.5, 0.99])
        # Only what would hardly be seen is to be thickened.
        thin = 0.75 * float(np.quantile(stroke_widths(images), 0.01))
        return cls(int(box), (centre[0], centre[1]), thin, single=True, sizes=(float(low), float(high)))


def stroke_widths(images: np.ndarray) -> np.ndarray:
    """Mean stroke widths, pixels, of some 300 of the images uint8 (N, 28, 28), evenly spread, blank ones left out."""
    images = images[(images > INK).any((1, 2))]
    return np.array([_stroke_width(image) for image in images[:: max(1, len(images) // 300)]])


def _stroke_width(image: np.ndarray) -> float:
    """Mean stroke width of an image uint8 (28, 28), pixels: twice the area of the ink over the length of its outline.

    Measured on the image enlarged, since a stroke of one pixel is all outline.
    """
    zoom = 6
    large = np.asarray(Image.fromarray(image).resize((SIZE * zoom, SIZE * zoom), Image.Resampling.BICUBIC))
    inked = np.pad(large > np.percentile(image[image > INK], 70) / 2, 1)
    inner = inked[1:-1, 1:-1] & inked[2:, 1:-1] & inked[:-2, 1:-1] & inked[1:-1, 2:] & inked[1:-1, :-2]
    area = int(inked.sum())
    return 2 * area / max(1, area - int(inner.sum())) / zoom


# Measured over the training images (median longest side, mean centre of mass, fifth percentile of the stroke width):
# MNIST 20, 13.99 and 14.00, 1.6; MADBase 20, 12.98 and 13.00, 1.4; scikit-learn's digits 20.5, 14.00 and 14.02, 3.0.
GEOMETRIES = {
    "mnist": Geometry(),
    "arabic": Geometry(centre=(SIZE / 2 - 1, SIZE / 2 - 1), min_height=0.08),
    "digits": Geometry(min_stroke=3.0),
}


def border(grey: np.ndarray) -> np.ndarray:
    """The outermost pixels of images (..., H, W): (..., P)."""
    sides = grey[..., 0, :], grey[..., -1, :], grey[..., 1:-1, 0], grey[..., 1:-1, -1]
    return np.concatenate(sides, axis=-1)


def ink_is_white(grey: np.ndarray) -> np.ndarray:
    """Polarity of images (..., H, W): bool (...), True if the mean of the border is nearer to the minimum."""
    flat = grey.reshape(*grey.shape[:-2], -1)
    return 2 * border(grey).mean(-1) < flat.min(-1).astype(float) + flat.max(-1)


def to_digit(grey: np.ndarray, ink_is_white: bool, geometry: Geometry = GEOMETRIES["mnist"]) -> np.ndarray:
    """Normalise one digit to a data set's geometry: uint8 (28, 28), white ink on black, with a maximum of 255.

    grey: (H, W), 0 to 255. The median of the border, the paper, becomes 0; the longer side of the ink's bounding box
    becomes `geometry.box`, for MNIST 20 pixels; the centre of mass moves to `geometry.centre`, for MNIST the image's
    centre (LeCun, Cortes & Burges, "The MNIST database"). ImageError if the image is smaller than 8 x 8 or blank.
    """
    if grey.ndim != 2 or min(grey.shape) < 8:
        raise ImageError(f"the picture is {' x '.join(map(str, grey.shape))} pixels; expected at least 8 x 8.")
    ink = grey.astype(np.float32)
    # Finer detail is lost in 28 pixels anyway, and a photograph would take a hundred times as long.
    if (factor := min(grey.shape) // 256) > 1:
        ink = np.asarray(Image.fromarray(ink).reduce(factor))
    ink = ink if ink_is_white else 255 - ink
    ink = np.clip(ink - np.median(border(ink)), 0, None)
    if ink.max() < 24:
        raise ImageError("the picture is blank; expected one digit that stands out from its paper.")
    ink *= 255 / ink.max()
    rows, columns = (np.flatnonzero((ink > INK).any(axis)) for axis in (1, 0))
    # One pixel of paper around the bounding box, so that enlarged strokes fade out instead of being cut off.
    ink = np.pad(ink, 1)[rows[0] : rows[-1] + 3, columns[0] : columns[-1] + 3]
    scale = geometry.box / (max(ink.shape) - 2)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    # Bilinear, which in Pillow averages over all source pixels when it shrinks, does not ring as bicubic does.
    ink = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR))
    ink = ink * (255 / ink.max())
    return place(ink, geometry.centre)


@dataclass(frozen=True)
class Frame:
    """Which part of its square picture a set of letters is cut to before it is shrunk to 28 x 28 pixels.

    top, left, side: of the window, relative to the side of the picture; it is smaller than the picture only if the
    letters are tiny in it. loose: whether each picture is cut to its own ink instead, since the letters of the set
    stand anywhere in pictures that are much larger.
    """

    top: float = 0.0
    left: float = 0.0
    side: float = 1.0
    loose: bool = False

    @classmethod
    def of(cls, pictures: Sequence[np.ndarray], ink_is_white: bool) -> Self:
        """The frame of a set of which `pictures` (H, W), 0 to 255, are a sample."""
        boxes = [_ink_box(square) for picture in pictures if (square := _square(picture, ink_is_white)).max() > 0]
        if not boxes:
            return cls()
        low, high = np.array(boxes).transpose(1, 0, 2)  # each (n, 2): rows and columns
        size = float(np.median((high - low).max(1)))
        if size * SIZE >= MIN_BOX:
            return cls()
        first, last = np.quantile(low, 0.02, axis=0), np.quantile(high, 0.98, axis=0)
        side = min(1.0, float((last - first).max()) * SIZE / (SIZE - 4))
        if size / side * SIZE < MIN_BOX:
            return cls(loose=True)
        top, left = (first + last - side) / 2
        return cls(float(top), float(left), side)


def to_frame(grey: np.ndarray, ink_is_white: bool, frame: Frame = Frame()) -> np.ndarray:
    """A picture of one letter with its frame kept, shrunk by area: uint8 (28, 28), white ink on black.

    grey: (H, W), 0 to 255; it is padded to a square with paper, whose level is the median of the border. The place of
    the ink in the frame, such as that of a dot, stays what it was; ink outside `frame` widens it. ImageError if smaller
    than 8 x 8 or blank.
    """
    if grey.ndim != 2 or min(grey.shape) < 8:
        raise ImageError(f"the picture is {' x '.join(map(str, grey.shape))} pixels; expected at least 8 x 8.")
    square = _square(grey, ink_is_white)
    if not square.max():
        raise ImageError("the picture is blank; expected one character that stands out from its paper.")
    if frame != Frame():
        square = _cut(square, frame)
    small = shrink(square[None])[0] if len(square) >= SIZE else _enlarge(square)
    return np.rint(small * (255 / small.max())).astype(np.uint8)


def _square(grey: np.ndarray, ink_is_white: bool) -> np.ndarray:
    """The ink of a picture (H, W), 0 to 255, padded to a square: float32 (S, S), 0 everywhere if it is blank."""
    ink = grey.astype(np.float32)
    ink = ink if ink_is_white else 255 - ink
    ink = np.clip(ink - np.median(border(ink)), 0, None)
    if ink.max() < 24:
        ink[:] = 0
    height, width = ink.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    return np.pad(ink, ((top, side - height - top), (left, side - width - left)))


def _ink_box(square: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last (row, column) of the ink of a square that is not blank, relative to its side; without specks."""
    low, high = np.zeros(2, int), np.array(square.shape)
    # The mean over larger fields, in which specks vanish, then every pixel within the box that these give.
    for factor in (max(1, len(square) // 56), 1):
        part = square[low[0] : high[0], low[1] : high[1]]
        part = np.asarray(Image.fromarray(part).reduce(factor)) if factor > 1 else part
        inked = part > part.max() * INK / 255
        rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
        last = low + factor * (np.array([rows[-1], columns[-1]]) + 1)
        low, high = low + factor * np.array([rows[0], columns[0]]), np.minimum(high, last)
    return low / len(square), high / len(square)


def _cut(square: np.ndarray, frame: Frame) -> np.ndarray:
    """The part of a square of ink (S, S) that `frame` keeps, with all the ink: again a square."""
    low, high = _ink_box(square)
    if frame.loose:
        side = float((high - low).max()) * SIZE / BOX
    else:
        first = np.array([frame.top, frame.left])
        low, high = np.minimum(low, first), np.maximum(high, first + frame.side)
        side = float((high - low).max())
    pixels = max(8, round(side * len(square)))
    top, left = (round(v) for v in (low + high) / 2 * len(square) - pixels / 2)
    part = square[max(0, top) : max(0, top + pixels), max(0, left) : max(0, left + pixels)]
    cut = np.zeros((pixels, pixels), np.float32)
    cut[max(0, -top) :, max(0, -left) :][: part.shape[0], : part.shape[1]] = part
    return cut


def shrink(images: np.ndarray) -> np.ndarray:
    """Square images (N, S, S), S >= 28, as float32 (N, 28, 28): each pixel is the mean over the area that it covers."""
    side = images.shape[1]
    edges = np.linspace(0, side, SIZE + 1)
    low, high = np.arange(side), np.arange(1, side + 1)
    # weights[i, j]: the share of output pixel i that input pixel j covers.
    overlap = np.minimum(edges[1:, None], high) - np.maximum(edges[:-1, None], low)
    weights = (np.clip(overlap, 0, None) * SIZE / side).astype(np.float32)
    return weights @ images.astype(np.float32) @ weights.T


def _enlarge(square: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(square).resize((SIZE, SIZE), Image.Resampling.BILINEAR)).clip(0)


def place(ink: np.ndarray, centre: tuple[float, float]) -> np.ndarray:
    """Ink (h, w), 0 to 255, placed so that its centre of mass is at `centre` to the nearest pixel: uint8 (28, 28)."""
    # Crop 28 x 28 pixels out of the padded ink, without cutting any ink off. MNIST's centre is pixel 14, not 13.5.
    height, width = ink.shape
    mass = ink.sum()
    top = round(float(ink.sum(1) @ np.arange(height) / mass) - centre[0])
    left = round(float(ink.sum(0) @ np.arange(width) / mass) - centre[1])
    top = SIZE + int(np.clip(top, min(height - SIZE, 0), 0))
    left = SIZE + int(np.clip(left, min(width - SIZE, 0), 0))
    return np.rint(np.pad(ink, SIZE)[top : top + SIZE, left : left + SIZE]).astype(np.uint8)
