"""What the photographs have in common: digits as pen strokes, put on paper, and encoded."""

from io import BytesIO

import numpy as np
from PIL import Image
from scipy import ndimage

from ocrgen.datasets import Characters
from tests.helpers.photos import Photo

# Shares of dark and light inks, RGB.
INKS = np.array([[25, 25, 30], [20, 35, 120], [60, 60, 65], [120, 20, 25], [15, 80, 40], [10, 10, 10]], np.float32)


def stroke(image: np.ndarray, height: int) -> np.ndarray:
    """The ink of a digit (28, 28), cropped to its box and enlarged to `height` pixels: (height + 4, w), 0 to 1.

    Its edges are about three pixels soft, its margin is two pixels.
    """
    inked = image > 64
    rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
    image = np.pad(image, 2)[rows[0] : rows[-1] + 5, columns[0] : columns[-1] + 5]
    factor = height / (image.shape[0] - 4)
    size = max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor))
    smooth = np.asarray(Image.fromarray(image).convert("F").resize(size, Image.Resampling.BICUBIC)) / 255
    return np.clip((smooth - 0.35) * max(1.0, factor / 3) + 0.5, 0, 1)


def pick(rng: np.random.Generator, pool: Characters) -> tuple[np.ndarray, str]:
    """A random digit of the pool: its image (28, 28) and its text."""
    i = int(rng.integers(len(pool)))
    return pool.images[i], pool.classes[int(pool.labels[i])]


def put(page: np.ndarray, ink: np.ndarray, y: int, x: int) -> None:
    """Lay ink (h, w), 0 to 1, on a page (H, W) of ink, in place; what lies outside of the page is cut off."""
    top, left = max(0, -y), max(0, -x)
    part = page[max(0, y) : y + ink.shape[0], max(0, x) : x + ink.shape[1]]
    np.maximum(part, ink[top : top + part.shape[0], left : left + part.shape[1]], out=part)


def paint(rng: np.random.Generator, pen: np.ndarray, inverse: bool = False) -> np.ndarray:
    """Ink (H, W), 0 to 1, on plain paper with a little grain and uneven light: RGB float32 (H, W, 3), 0 to 255."""
    paper, ink = rng.uniform(215, 252, 3) * [1, 1, 0.97], INKS[rng.integers(len(INKS))]
    if inverse:
        paper, ink = rng.uniform(15, 60, 3), rng.uniform(205, 250, 3)
    y, x = np.mgrid[-1 : 1 : pen.shape[0] * 1j, -1 : 1 : pen.shape[1] * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    light = 1 - rng.uniform(0.0, 0.15) * (np.cos(angle) * x + np.sin(angle) * y + 1.4) / 2.8
    grain = ndimage.gaussian_filter(rng.normal(0, 1, pen.shape).astype(np.float32), 1)
    page = (paper + grain[..., None] * rng.uniform(1, 8)) * (1 - pen[..., None]) + ink * pen[..., None]
    return (page * light[..., None]).astype(np.float32)


def develop(rng: np.random.Generator, page: np.ndarray, text: str, form: str | None = None) -> Photo:
    """A photograph of RGB levels (H, W, 3), with the camera's noise; a JPEG or PNG, as it comes, if `form` is None."""
    page = page + rng.normal(0, rng.uniform(0.5, 3), page.shape).astype(np.float32)
    form = form or str(rng.choice(["JPEG", "JPEG", "PNG"]))
    options = {"quality": int(rng.integers(60, 95))} if form == "JPEG" else {}
    Image.fromarray(np.clip(np.rint(page), 0, 255).astype(np.uint8)).save(stream := BytesIO(), form, **options)
    return Photo(stream.getvalue(), text)


def clean(rng: np.random.Generator, pool: Characters) -> Photo:
    """One digit on plain paper."""
    image, text = pick(rng, pool)
    side = int(rng.integers(200, 900))
    ink = stroke(image, int(side * rng.uniform(0.25, 0.6)))
    width = int(side * rng.uniform(1, 1.4))
    pen = np.zeros((side, max(width, ink.shape[1] + 20)), np.float32)
    free = np.array(pen.shape) - ink.shape
    put(pen, ink, *(int(rng.uniform(0.2, 0.8) * f) for f in free))
    return develop(rng, paint(rng, pen, bool(rng.random() < 0.15)), text)


CONDITIONS = {"clean": clean}
