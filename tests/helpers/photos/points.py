"""Numbers with a decimal point or comma, which readers of digits do not know: it is left out, and has to be told."""

import numpy as np
from scipy import ndimage

from ocrgen.datasets import Characters
from tests.helpers.photos import Photo
from tests.helpers.photos.pen import develop, paint, pick, put, stroke


def _blob(rng: np.random.Generator, height: int, comma: bool) -> np.ndarray:
    """A dot of 0.06 to 0.14 of the digits' height, or a comma two to three times as long: ink (h, w), 0 to 1."""
    radius = max(1.5, height * rng.uniform(0.03, 0.07))
    length, slant = (rng.uniform(2, 4), rng.uniform(-0.6, 0.1)) if comma else (0.0, 0.0)
    side = int(2 * radius * (length + 2)) + 4
    blob = np.zeros((side, side), np.float32)
    y, x = np.mgrid[:side, :side]
    for step in np.linspace(0, 1, 12 if comma else 1):
        centre = radius + 2 + step * length * radius, side / 2 + step * slant * length * radius
        reach = radius * (1 - 0.4 * step)
        blob = np.maximum(blob, np.clip(reach - np.hypot(y - centre[0], x - centre[1]) + 0.5, 0, 1))
    rows, columns = (np.flatnonzero((blob > 0).any(axis)) for axis in (1, 0))
    return ndimage.gaussian_filter(blob[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 0.5)


def number(rng: np.random.Generator, pool: Characters, mark: bool = True) -> tuple[Photo, int]:
    """Three to six digits in a row, with a point or comma if `mark`; and after how many digits it stands, 0 if not."""
    height, count = int(rng.integers(80, 220)), int(rng.integers(3, 7))
    after = int(rng.integers(1, count)) if mark else 0
    inks, text = [], ""
    for i in range(count):
        image, digit = pick(rng, pool)
        inks.append((stroke(image, int(height * rng.uniform(0.9, 1.05))), height * rng.uniform(0.1, 0.4)))
        text += digit
        if i + 1 == after:
            inks.append((_blob(rng, height, bool(rng.random() < 0.4)), height * rng.uniform(0.05, 0.3)))
    width = int(sum(ink.shape[1] + gap for ink, gap in inks) + height * 2)
    pen = np.zeros((int(height * rng.uniform(2, 4)), width), np.float32)
    x, base = height, (pen.shape[0] + height) // 2
    for ink, gap in inks:
        is_mark = ink.shape[0] < 0.6 * height
        drop = rng.uniform(0.2, 0.7) * ink.shape[0] if is_mark else rng.uniform(-0.04, 0.04) * height
        put(pen, ink, int(base - ink.shape[0] + drop), x)
        x += int(ink.shape[1] + gap)
    return develop(rng, paint(rng, pen, bool(rng.random() < 0.15)), text), after


def decimal(rng: np.random.Generator, pool: Characters) -> Photo:
    """A number with a decimal point or comma: its digits are read."""
    return number(rng, pool)[0]


CONDITIONS = {"decimal": decimal}
