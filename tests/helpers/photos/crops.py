"""Pictures cropped to a digit, with hardly any paper or none, in either polarity; and hollow digits."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from ocrgen.datasets import Characters
from ocrgen.imaging.components import connected_components
from tests.helpers.photos import Draw, Photo
from tests.helpers.photos.pen import develop, paint, pick, put, stroke


def _shown(rng: np.random.Generator, pen: np.ndarray, text: str, light: bool | None = None) -> Photo:
    """Ink (H, W), 0 to 1, in any two colours of clearly different lightness, dark on light or light on dark."""
    light = bool(rng.random() < 0.5) if light is None else light
    if rng.random() < 0.5:
        return develop(rng, paint(rng, pen, light), text)
    # Both coloured: a marker on a coloured card, chalk on a green board, white on a red sign.
    dark, pale = rng.uniform(0, 110, 3), rng.uniform(170, 255, 3)
    ink, paper = (pale, dark) if light else (dark, pale)
    return develop(rng, paper * (1 - pen[..., None]) + ink * pen[..., None], text)


def _tight(image: np.ndarray, height: int) -> np.ndarray:
    """The ink of a digit (28, 28) at that height, cropped to its box: (height, w), 0 to 1."""
    ink = stroke(image, height)
    rows, columns = (np.flatnonzero((ink > 0.5).any(axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _padded(ink: np.ndarray, margins: np.ndarray) -> np.ndarray:
    """Ink (h, w) with paper on its four sides: top, bottom, left, right, in pixels."""
    top, bottom, left, right = (int(m) for m in np.rint(margins))
    return np.pad(ink, ((top, bottom), (left, right)))


@dataclass(frozen=True)
class Crop:
    """A digit's ink at a height drawn from `sizes`, `change`d, with margins in pixels or as a share of its size."""

    sizes: tuple[int, int] = (80, 600)
    pixels: int = 0
    share: float = 0.0
    light: bool | None = None
    change: Callable[[np.random.Generator, np.ndarray], np.ndarray] | None = None

    def __call__(self, rng: np.random.Generator, pool: Characters) -> Photo:
        image, text = pick(rng, pool)
        ink = _tight(image, round(float(np.exp(rng.uniform(*np.log(self.sizes))))))
        if self.change:
            ink = self.change(rng, ink)
        sides = np.repeat(ink.shape, 2)
        margins = rng.uniform(0, self.pixels, 4) + rng.uniform(0, self.share, 4) * sides
        # Some sides have no margin at all.
        margins *= rng.random(4) > 0.25
        pen = _padded(ink, margins)
        if max(pen.shape) < 8 or min(pen.shape) < 8:
            pen = np.pad(pen, 8 - min(pen.shape))
        return _shown(rng, pen, text, self.light)


def _stretched(rng: np.random.Generator, ink: np.ndarray) -> np.ndarray:
    """Squeezed to 28 by 28, or to another small square."""
    side = int(rng.choice([28, 28, 32, 48, 64]))
    return np.asarray(Image.fromarray(ink).resize((side, side), Image.Resampling.BOX))


def _holes(inked: np.ndarray) -> int:
    return int(connected_components(np.asarray(ndimage.binary_fill_holes(inked), bool) & ~inked).max())


def _thick(rng: np.random.Generator, ink: np.ndarray) -> np.ndarray:
    """Strokes so thick that the ink covers about half of its box, or more; the holes that had area stay open."""
    reach = max(ink.shape)
    inked = np.pad(ink > 0.5, round(reach * 0.06))
    holes = _holes(inked)
    for _ in range(int(rng.integers(2, 6))):
        wider = np.asarray(ndimage.binary_dilation(inked, iterations=max(1, reach // 80)), bool)
        if wider.mean() > 0.62 or _holes(wider) < holes:
            break
        inked = wider
    rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
    soft = ndimage.gaussian_filter(inked.astype(np.float32), 1)
    return soft[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def stored(rng: np.random.Generator, pool: Characters) -> Photo:
    """An image of the data set as it is, 28 by 28, or cropped to its box; white on black, or black on white."""
    image, text = pick(rng, pool)
    if rng.random() < 0.5:
        rows, columns = (np.flatnonzero((image > 32).any(axis)) for axis in (1, 0))
        image = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        image = np.pad(image, ((0, max(0, 8 - image.shape[0])), (0, max(0, 8 - image.shape[1]))))
    level = image if rng.random() < 0.5 else 255 - image
    return develop(rng, np.repeat(level[..., None], 3, 2).astype(np.float32), text, str(rng.choice(["PNG", "JPEG"])))


def hollow(rng: np.random.Generator, pool: Characters) -> Photo:
    """A digit drawn as the outline of its stroke; the inside is paper."""
    image, text = pick(rng, pool)
    side = int(rng.integers(240, 900))
    height = int(side * rng.uniform(0.35, 0.75))
    ink = _tight(image, height)
    # A hollow stroke is a thick one: its inside is at least as wide as its line.
    line = max(2.0, height * rng.uniform(0.008, 0.03))
    inked = np.pad(ink > 0.5, round(height * 0.12))
    depth = np.asarray(ndimage.distance_transform_edt(inked))
    grow = max(0.0, 2.2 * line - float(np.percentile(depth[depth > 0], 90)))
    distance = np.asarray(ndimage.distance_transform_edt(~inked)) - depth - grow
    distance = ndimage.gaussian_filter(distance, height / 90)
    pen = np.clip(line / 2 - np.abs(distance) + 0.5, 0, 1).astype(np.float32)
    page = np.zeros((side, max(side, pen.shape[1] + 8)), np.float32)
    free = np.array(page.shape) - pen.shape
    put(page, pen, *(int(rng.uniform(0.1, 0.9) * f) for f in free))
    return develop(rng, paint(rng, page, bool(rng.random() < 0.2)), text)


CONDITIONS: dict[str, Draw] = {
    "tight": Crop(pixels=12),
    "tight, light ink": Crop(pixels=12, light=True),
    "tight, no margin": Crop(),
    "tight, some margin": Crop(share=0.12),
    "tight, stretched": Crop(change=_stretched),
    "tight, thick": Crop(pixels=12, change=_thick),
    "tight, small": Crop(sizes=(16, 64), pixels=3),
    "tight, large": Crop(sizes=(600, 1500), pixels=12),
    "data set's image": stored,
    "hollow": hollow,
}
