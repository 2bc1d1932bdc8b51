"""Pictures of real digits as a phone would take them, made from a seed: for tests and for measuring.

The digits come out of a data set, enlarged to smooth pen strokes on a page with its paper, rules, light and camera.
What is in a picture follows from `seed`, `kind` and the digits alone.
"""

from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image
from scipy import ndimage

from ocrgen.datasets import Characters, load_data
from tests.helpers.photos import Photo
from tests.helpers.photos.pen import stroke

# One digit a picture, but for "several" (two to six in a row), "page" (two rows of two to four) and "touching" (two
# or three whose boxes meet or overlap).
KINDS = ("plain", "inverse", "shadow", "edge", "ruled", "squared", "rotated", "sheared", "jpeg", "colour", "exif")
ROWS = ("several", "page", "touching")
# Exif's orientation -> what the camera did to the upright picture before it stored it.
_STORED = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}


@cache
def bundled() -> Characters:
    """The digits that need no download: those that nobody trains on."""
    return load_data("digits").test


def make(seed: int, kind: str, digits: Characters | None = None) -> tuple[bytes, list[int]]:
    """A picture, and its digits in reading order."""
    rng = np.random.default_rng([seed, (*KINDS, *ROWS).index(kind)])
    digits = digits or bundled()
    if kind == "several":
        shape = rng.integers(2, 7, 1)
    elif kind == "page":
        shape = rng.integers(2, 5, 2)
    elif kind == "touching":
        shape = rng.integers(2, 4, 1)
    else:
        shape = np.ones(1, int)
    picks = [rng.integers(0, len(digits), count) for count in shape]
    labels = [int(digits.labels[i]) for row in picks for i in row]
    pen = _page(rng, kind, [[digits.images[i] for i in row] for row in picks])
    rules = _rules(rng, pen.shape, kind) if kind in ("ruled", "squared") else np.zeros_like(pen)
    pen, rules = _camera(rng, kind, pen, rules)
    return _develop(rng, kind, pen, rules), labels


def _page(rng: np.random.Generator, kind: str, rows: list[list[np.ndarray]]) -> np.ndarray:
    """The ink of a page, 0 to 1: (H, W), its longest side 600 to 1600."""
    single = len(rows) == len(rows[0]) == 1
    height = int(rng.integers(200, 520) if single else rng.integers(110, 200))
    gap = rng.uniform(*((-0.12, -0.02) if kind == "touching" else (0.22, 0.6)), sum(map(len, rows))) * height
    strips, k = [], 0
    for row in rows:
        strokes = [stroke(image, round(height * rng.uniform(0.88, 1.06))) for image in row]
        width = sum(s.shape[1] for s in strokes) + int(gap[k : k + len(row)].clip(0).sum()) + 1
        strip, x = np.zeros((round(height * 1.35), width), np.float32), 0
        for ink in strokes:
            y = int(rng.uniform(0, 0.12) * height)
            part = strip[y : y + ink.shape[0], x : x + ink.shape[1]]
            np.maximum(part, ink[: part.shape[0], : part.shape[1]], out=part)
            x += ink.shape[1] + int(gap[k])
            k += 1
        strips.append(strip)
    tall, wide = sum(len(s) for s in strips), max(s.shape[1] for s in strips)
    # Room for every digit after the page has been turned by eight degrees and leant.
    need = np.array([1.3 * tall + 0.2 * wide, 1.3 * wide + 0.1 * tall])
    longest = int(max(rng.integers(600, 1601), need.max()))
    portrait = need[0] > need[1] or (need[1] < 0.75 * longest and rng.random() < 0.5)
    short = int(max(longest * rng.uniform(0.6, 0.9), need[0 if not portrait else 1]))
    shape = (longest, short) if portrait else (short, longest)
    page = np.zeros(shape, np.float32)
    free = np.array(shape) - [tall, wide]
    y, x = (
        int(rng.uniform(spare, side - spare)) for side, spare in zip(free, (need - [tall, wide]) * 0.45, strict=True)
    )
    for strip in strips:
        part = page[y : y + len(strip), x : x + strip.shape[1]]
        np.maximum(part, strip[: part.shape[0], : part.shape[1]], out=part)
        y += len(strip)
    return page


def _rules(rng: np.random.Generator, shape: tuple[int, int], kind: str) -> np.ndarray:
    step = max(shape) / rng.uniform(9, 26)
    thick = max(1.5, max(shape) * rng.uniform(0.001, 0.003))
    start = rng.uniform(0, step, 2)
    across = (np.arange(shape[0]) + start[0]) % step < thick
    down = (np.arange(shape[1]) + start[1]) % step < thick
    rules = np.repeat(across[:, None], shape[1], 1)
    if kind == "squared":
        rules = rules | down
    return ndimage.gaussian_filter(rules.astype(np.float32), 0.6)


def _camera(rng: np.random.Generator, kind: str, *layers: np.ndarray) -> list[np.ndarray]:
    """Turn the page by up to eight degrees ("rotated"; others by two), and lean it ("sheared": more)."""
    height, width = layers[0].shape
    turn = np.deg2rad(rng.uniform(3, 8) * rng.choice([-1, 1]) if kind == "rotated" else rng.uniform(-2, 2))
    lean = rng.uniform(0.04, 0.12) * rng.choice([-1, 1]) if kind == "sheared" else rng.uniform(-0.02, 0.02)
    away = rng.uniform(-1, 1, 2) * (0.12 if kind == "sheared" else 0.03) / max(height, width)
    matrix = np.array([[np.cos(turn), -np.sin(turn) + lean, 0], [np.sin(turn), np.cos(turn), 0], [*away, 1]])
    centre = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1]])
    matrix = centre @ matrix @ np.linalg.inv(centre)
    coefficients = (matrix / matrix[2, 2]).ravel()[:8]
    resample, how = Image.Resampling.BILINEAR, Image.Transform.PERSPECTIVE
    return [
        np.asarray(Image.fromarray(layer).transform((width, height), how, coefficients, resample)) for layer in layers
    ]


def _light(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> np.ndarray:
    """How much light falls on each pixel: (H, W), at most 1."""
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    along = np.cos(angle) * x + np.sin(angle) * y
    light = 1 - rng.uniform(0.02, 0.12) * (along + 1.4) / 2.8
    if kind == "shadow":
        light *= 1 - rng.uniform(0.25, 0.5) * (along + 1.4) / 2.8
        # The photographer's own shadow: an edge somewhere across the page, soft over a few per cent of it.
        edge = np.cos(angle + 0.9) * x + np.sin(angle + 0.9) * y - rng.uniform(-0.6, 0.6)
        light *= 1 - rng.uniform(0.15, 0.4) / (1 + np.exp(-edge / rng.uniform(0.02, 0.1)))
    if kind == "edge":
        # The table beside the sheet, along one side of the photograph.
        side = (x, -x, y, -y)[rng.integers(4)] + rng.uniform(-0.05, 0.05) * (x + y)
        light *= np.where(side > rng.uniform(0.9, 0.97), rng.uniform(0.15, 0.5), 1)
    return light


def _develop(rng: np.random.Generator, kind: str, pen: np.ndarray, rules: np.ndarray) -> bytes:
    """Paper, inks and light -> the bytes of a JPEG (a PNG or WebP now and then)."""
    paper, ink = rng.uniform(195, 250, 3) * [1, 1, 0.97], rng.uniform(10, 75, 3)
    if kind == "colour":
        ink = np.array([[25, 45, 165], [185, 30, 35], [20, 110, 50], [110, 40, 140]])[rng.integers(4)]
        paper = rng.uniform([235, 225, 170], [255, 250, 215])
    if kind == "inverse":
        paper, ink = rng.uniform(15, 60, 3), rng.uniform(200, 250, 3)
    rule = paper * rng.uniform([0.45, 0.6, 0.75], [0.8, 0.88, 0.95])
    fibre = ndimage.gaussian_filter(rng.normal(0, 1, pen.shape).astype(np.float32), rng.uniform(0.8, 2.5))
    # Ink is not even either: a pen presses more here than there.
    press = ndimage.zoom(rng.uniform(0.82, 1, (6, 6)), np.array(pen.shape) / 6, order=1, grid_mode=True, mode="nearest")
    pen, rules = (pen * press)[..., None], rules[..., None]
    page = paper + fibre[..., None] / fibre.std() * rng.uniform(1, 4)
    page = (page * (1 - rules) + rule * rules) * (1 - pen) + ink * pen
    page = page * _light(rng, kind, pen.shape[:2])[..., None]
    page = page + rng.normal(0, rng.uniform(1, 4), pen.shape).astype(np.float32)
    image = Image.fromarray(np.clip(np.rint(page), 0, 255).astype(np.uint8))
    options = {"format": "JPEG", "quality": int(rng.integers(15, 40) if kind == "jpeg" else rng.integers(65, 95))}
    if kind == "exif":
        orientation = int(rng.choice(list(_STORED)))
        image, exif = image.transpose(_STORED[orientation]), Image.Exif()
        exif[0x0112] = orientation
        options["exif"] = exif
    elif kind == "plain" and rng.random() < 0.3:
        options = {"format": str(rng.choice(["PNG", "WEBP"]))}
    image.save(stream := BytesIO(), **options)
    return stream.getvalue()


def _condition(kind: str):
    def condition(rng: np.random.Generator, pool: Characters) -> Photo:
        data, labels = make(int(rng.integers(2**31)), kind, pool)
        return Photo(data, "".join(pool.classes[i] for i in labels))

    return condition


CONDITIONS = {kind: _condition(kind) for kind in (*KINDS, *ROWS)}
