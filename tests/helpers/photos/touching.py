"""Digits that touch, overlap or are joined by a ligature, as people write them; and wide ones, which are single."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from ocrgen.datasets import Characters
from ocrgen.imaging.components import connected_components
from tests.helpers.photos import Photo
from tests.helpers.photos.pen import develop, paint, pick, put, stroke


def _sheared(ink: np.ndarray, slant: float) -> np.ndarray:
    """Ink (h, w) leaning by `slant`, pixels to the right for each pixel up, cropped to what is inked."""
    height, width = ink.shape
    room = int(abs(slant) * height) + 2
    ink = np.pad(ink, ((2, 2), (room, room)))
    image = Image.fromarray(ink.astype(np.float32))
    matrix = (1, slant, -slant * ink.shape[0] / 2, 0, 1, 0)
    leant = np.asarray(image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR))
    rows, columns = (np.flatnonzero((leant > 0.5).any(axis)) for axis in (1, 0))
    return leant[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _digit(rng: np.random.Generator, image: np.ndarray, height: float, slant: float, pen: float) -> np.ndarray:
    """The ink of a digit, cropped to its box: about `height` tall; pen: added to its stroke width, pixels."""
    # A stroke that is enlarged a little only has a faint ground.
    ink = _sheared(np.clip(stroke(image, max(12, round(height))) - 0.16, 0, None) / 0.84, slant)
    side = 2 * round(abs(pen) / 2) + 1
    if pen > 0:
        return ndimage.maximum_filter(np.pad(ink, side), footprint=_disc(side))[side // 2 + 1 : -side // 2 - 1]
    thin = ndimage.minimum_filter(np.pad(ink, side), footprint=_disc(side))
    # A stroke that would be worn through stays as it was.
    lost = connected_components(thin > 0.5).max() != connected_components(ink > 0.5).max()
    return ink if lost else thin


def _disc(side: int) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return np.hypot(y, x) <= side / 2


def _trim(ink: np.ndarray) -> np.ndarray:
    columns = np.flatnonzero((ink > 0.5).any(0))
    return ink[:, columns[0] : columns[-1] + 1]


def _edges(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First and last inked column of every row; of a row without ink, +inf and -inf."""
    inked = ink > 0.5
    some, width = inked.any(1), ink.shape[1]
    return (
        np.where(some, inked.argmax(1), np.inf),
        np.where(some, width - 1 - inked[:, ::-1].argmax(1), -np.inf),
    )


def _word(rng: np.random.Generator, pool: Characters, joins: list[str], height: float) -> tuple[np.ndarray, str]:
    """The ink of one digit more than there are `joins`, each joined to the one before as these say, and their text."""
    slant, pen = rng.normal(0, 0.08), rng.uniform(-0.02, 0.03) * height
    same_pen, same_slant = rng.random() < 0.6, rng.random() < 0.6
    strip, text, before = np.zeros((round(1.6 * height), 0), np.float32), "", 0
    for join in ["", *joins]:
        image, said = pick(rng, pool)
        lean = slant if same_slant else slant + rng.normal(0, 0.08)
        wide = pen if same_pen else rng.uniform(-0.02, 0.03) * height
        ink = _trim(_digit(rng, image, height * rng.uniform(0.85, 1.1), lean, wide))
        digit = np.zeros((strip.shape[0], ink.shape[1]), np.float32)
        y = round(0.25 * height + rng.uniform(-0.07, 0.07) * height + (height - ink.shape[0]) * rng.uniform(0.3, 1))
        put(digit, ink, y, 0)
        x, stroke_width = 0, max(2.0, 1.6 * float(np.max(_depth(ink))))
        if join:
            x = _position(rng, join, strip, digit, stroke_width, strip.shape[1] - before)
        wider = np.zeros((strip.shape[0], max(strip.shape[1], x + ink.shape[1])), np.float32)
        put(wider, strip, 0, 0)
        if join == "ligature":
            put(wider, _ligature(rng, strip, digit, x, stroke_width), 0, 0)
        put(wider, digit, 0, x)
        strip, text, before = wider, text + said, x
    return strip, text


def _depth(ink: np.ndarray) -> np.ndarray:
    return np.asarray(ndimage.distance_transform_edt(np.pad(ink, 1) > 0.5))


def _position(
    rng: np.random.Generator, join: str, strip: np.ndarray, digit: np.ndarray, stroke_width: float, last: int
) -> int:
    """The column at which a digit begins that is joined to a strip, whose last digit is `last` columns wide."""
    end, narrower = strip.shape[1], min(digit.shape[1], last)
    # Where the two first meet, when the digit is pushed towards the strip.
    meet = np.max(_edges(strip)[1] - _edges(digit)[0]) + 1
    meet = int(meet) if np.isfinite(meet) else end
    if join == "apart":
        return end + int(rng.uniform(0.15, 0.5) * digit.shape[0] / 1.6)
    if join == "ligature":
        return max(meet, end) + int(rng.uniform(0.05, 0.35) * digit.shape[0] / 1.6)
    if join == "barely":
        return meet - int(rng.integers(0, 3))
    if join == "point":
        return meet - max(1, round(min(0.2 * narrower, rng.uniform(0.15, 0.6) * stroke_width)))
    if join == "stretch":
        return meet - max(2, round(min(0.25 * narrower, rng.uniform(0.6, 1) * stroke_width)))
    assert join == "overlap"
    return min(end - round(rng.uniform(0.05, 0.25) * narrower), meet - max(1, round(0.2 * stroke_width)))


def _ligature(rng: np.random.Generator, left: np.ndarray, right: np.ndarray, x: int, pen: float) -> np.ndarray:
    """A stroke of the pen from the last ink of the left digit to the first of the right one, which begins at x."""
    ends, starts = _edges(left)[1], _edges(right)[0] + x
    # From where the left digit reaches farthest right, most often, to any row near it.
    y0 = int(np.argmax(ends)) if rng.random() < 0.7 else int(rng.choice(np.flatnonzero(np.isfinite(ends))))
    rows = np.flatnonzero(np.isfinite(starts))
    nearness = 1 / (20 + np.abs(rows - y0))
    y1 = int(rng.choice(rows, p=nearness / nearness.sum()))
    x0, x1 = int(ends[y0]), int(starts[y1])
    middle = (x0 + x1) / 2, (y0 + y1) / 2 + rng.uniform(-0.5, 0.5) * (x1 - x0)
    t = np.linspace(0, 1, 30)[:, None]
    curve = (1 - t) ** 2 * [x0, y0] + 2 * t * (1 - t) * np.array(middle) + t**2 * [x1, y1]
    image = Image.new("L", (x + right.shape[1], left.shape[0]))
    wide = max(2, round(pen * rng.uniform(0.4, 0.9)))
    ImageDraw.Draw(image).line([tuple(p) for p in curve], fill=255, width=wide, joint="curve")
    return np.asarray(image, np.float32) / 255


def _page(rng: np.random.Generator, ink: np.ndarray, text: str) -> Photo:
    """The ink somewhere on a page of 1.15 to 3 times its size."""
    rows = np.flatnonzero((ink > 0.5).any(1))
    ink = ink[rows[0] : rows[-1] + 1]
    shape = np.array(ink.shape) + ink.shape[0] * rng.uniform([0.4, 0.4], [2, 2])
    shape = np.maximum(shape, 200).astype(int)
    pen = np.zeros(shape, np.float32)
    free = shape - ink.shape
    put(pen, ink, *(int(rng.uniform(0.2, 0.8) * f) for f in free))
    return develop(rng, paint(rng, pen, bool(rng.random() < 0.15)), text)


def word(*joins: str, count: int = 2) -> Callable[[np.random.Generator, Characters], Photo]:
    """Photographs of `count` digits of which each is joined to the next in one of these ways."""

    def condition(rng: np.random.Generator, pool: Characters) -> Photo:
        height = rng.uniform(60, 400) / (1 + 0.5 * (count - 2))
        return _page(rng, *_word(rng, pool, [str(rng.choice(joins)) for _ in range(count - 1)], height))

    return condition


def row(rng: np.random.Generator, pool: Characters) -> Photo:
    """Three to six digits in a row, of which two touch."""
    joins = ["apart"] * int(rng.integers(2, 6))
    joins[rng.integers(len(joins))] = str(rng.choice(["barely", "point", "stretch", "ligature"]))
    return _page(rng, *_word(rng, pool, joins, rng.uniform(60, 200)))


def wide(rng: np.random.Generator, pool: Characters) -> Photo:
    """One digit, stretched sideways by up to 40 per cent."""
    ink, text = _word(rng, pool, [], rng.uniform(60, 500))
    size = round(ink.shape[1] * rng.uniform(1, 1.4)), ink.shape[0]
    return _page(rng, np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BILINEAR)), text)


def single(rng: np.random.Generator, pool: Characters) -> Photo:
    """One digit."""
    return _page(rng, *_word(rng, pool, [], rng.uniform(40, 600)))


CONDITIONS = {
    "touching apart": word("apart"),  # what the reader makes of such digits where nothing touches
    "touching barely": word("barely"),
    "touching point": word("point"),
    "touching stretch": word("stretch"),
    "touching overlap": word("overlap"),
    "touching ligature": word("ligature"),
    "touching triple": word("barely", "point", "stretch", count=3),
    "touching row": row,
    "touching wide": wide,
    "touching single": single,
}
