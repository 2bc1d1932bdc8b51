"""Photographs of what is no digit: signs, outlines, letters, scribbles and textures, to measure doubt with.

CHOOSING lists the kinds by which the criterion of doubt was chosen, REPORTING those that nothing was chosen by.
"""

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from ocrgen.datasets import Characters, load_data
from tests.helpers.photos import Photo
from tests.helpers.photos.pen import develop, paint, pick, put, stroke

FONTS = [f"DejaVu{name}.ttf" for name in ("Sans", "Sans-Bold", "Sans-Oblique", "SansMono", "Serif", "Serif-Italic")]
SIDE = 256  # of the canvas that a symbol is drawn on, pixels
Path = list[tuple[float, float]]  # (x, y) of a stroke, the symbol within 0 to 1


def _strokes(rng: np.random.Generator, paths: list[Path]) -> np.ndarray:
    """Strokes by an unsteady hand, with one pen: ink (h, w), 0 to 1, cropped."""
    turn, lean = rng.normal(0, 0.08), rng.normal(0, 0.12)
    stretch = rng.uniform(0.85, 1.15)
    matrix = np.array([[np.cos(turn) * stretch, lean - np.sin(turn)], [np.sin(turn), np.cos(turn) / stretch]])
    ends = np.array([point for path in paths for point in path])
    low, size = ends.min(0), np.ptp(ends, axis=0).max()
    canvas = Image.new("L", (2 * SIDE, 2 * SIDE))
    pen, draw = int(rng.uniform(8, 30)), ImageDraw.Draw(canvas)
    for path in paths:
        points = (np.array(path) - low) / size + rng.normal(0, 0.015, (len(path), 2))
        # A stroke bends a little between its corners.
        along = np.linspace(0, 1, 8)[:, None]
        legs = [a + along * (b - a) + np.sin(np.pi * along) * rng.normal(0, 0.02, 2)
                for a, b in zip(points[:-1], points[1:], strict=True)]  # fmt: skip
        line = SIDE / 2 + (np.concatenate(legs) @ matrix.T) * SIDE * 0.9
        draw.line([(float(x), float(y)) for x, y in line], 255, pen, "curve")
        for x, y in line[[0, -1]]:
            draw.ellipse([x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2], 255)
    return _crop(np.asarray(canvas))


def _crop(canvas: np.ndarray) -> np.ndarray:
    """The ink on a canvas uint8, with two pixels of margin and soft edges: 0 to 1."""
    rows, columns = (np.flatnonzero((canvas > 64).any(axis)) for axis in (1, 0))
    canvas = np.pad(canvas, 2)[rows[0] : rows[-1] + 5, columns[0] : columns[-1] + 5]
    return ndimage.gaussian_filter(canvas / np.float32(255), 0.8)


def _minus(rng: np.random.Generator) -> list[Path]:
    return [[(0, 0.5), (1, 0.5)]]


def _equals(rng: np.random.Generator) -> list[Path]:
    gap = rng.uniform(0.16, 0.3)
    return [[(0, 0.5 - gap), (1, 0.5 - gap)], [(0, 0.5 + gap), (1, 0.5 + gap)]]


def _plus(rng: np.random.Generator) -> list[Path]:
    return [[(0, 0.5), (1, 0.5)], [(0.5, 0), (0.5, rng.uniform(0.9, 1.1))]]


def _times(rng: np.random.Generator) -> list[Path]:
    return [[(0, 0), (1, 1)], [(1, 0), (0, rng.uniform(0.9, 1.1))]]


def _slash(rng: np.random.Generator) -> list[Path]:
    return [[(rng.uniform(0.5, 1), 0), (0, 1)]]


def _comma(rng: np.random.Generator) -> list[Path]:
    return [[(0.3, 0), (0.36, 0.3), (0.3, 0.65), (rng.uniform(-0.05, 0.1), 1)]]


def _bracket(rng: np.random.Generator) -> list[Path]:
    deep = rng.uniform(0.2, 0.35)
    square = [(deep, 0.0), (0.0, 0.0), (0.0, 1.0), (deep, 1.0)]
    brace = [(deep, 0.0), (deep / 2, 0.06), (deep / 2, 0.43), (0.0, 0.5), (deep / 2, 0.57), (deep / 2, 0.94), (deep, 1)]
    shape = [square, brace][rng.integers(2)]
    return [[(deep - x, y) for x, y in shape] if rng.random() < 0.5 else shape]


def _arrow(rng: np.random.Generator) -> list[Path]:
    head, quarters = rng.uniform(0.2, 0.35), int(rng.integers(4))
    shaft, tip = [(0.0, 0.5), (1.0, 0.5)], [(1 - head, 0.5 - head), (1.0, 0.5), (1 - head, 0.5 + head)]
    return [_turned(shaft, quarters), _turned(tip, quarters)]


def _turned(path: Path, quarters: int) -> Path:
    for _ in range(quarters):
        path = [(1 - y, x) for x, y in path]
    return path


def _tick(rng: np.random.Generator) -> list[Path]:
    return [[(0, rng.uniform(0.45, 0.65)), (rng.uniform(0.25, 0.4), 1), (1, 0)]]


def _triangle(rng: np.random.Generator) -> list[Path]:
    return [_turned([(0, 1), (0.5, rng.uniform(0, 0.2)), (1, 1), (0, 1)], int(rng.integers(4)))]


def _square(rng: np.random.Generator) -> list[Path]:
    high = rng.uniform(0.6, 1.3)
    return [[(0, 0), (1, 0), (1, high), (0, high), (0, 0)]]


def _pie(rng: np.random.Generator) -> list[Path]:
    start, wide = rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1.9)
    arc = [(float(np.cos(a)), float(np.sin(a))) for a in np.linspace(start, start + wide, 8)]
    return [[(0, 0), *arc, (0, 0)]]


def _star(rng: np.random.Generator) -> list[Path]:
    start, points = rng.uniform(-0.2, 0.2), int(rng.choice([5, 5, 6]))
    if rng.random() < 0.5:  # in one line
        corners = [start - np.pi / 2 + k * 4 * np.pi / 5 for k in range(6)]
        return [[(float(np.cos(a)) / 2, float(np.sin(a)) / 2) for a in corners]]
    rays = [start + k * np.pi / points for k in range(points)]
    x, y = np.cos(rays) / 2, np.sin(rays) / 2
    return [[(float(-a), float(-b)), (float(a), float(b))] for a, b in zip(x, y, strict=True)]


def _hash(rng: np.random.Generator) -> list[Path]:
    a, b = rng.uniform(0.25, 0.38), rng.uniform(0.62, 0.75)
    return [[(a, 0), (a - 0.1, 1)], [(b, 0), (b - 0.1, 1)], [(0, a), (1, a)], [(0, b), (1, b)]]


def _scribble(rng: np.random.Generator) -> list[Path]:
    n = int(rng.integers(7, 16))
    if rng.random() < 0.5:
        x = np.linspace(0, 1, n) + rng.normal(0, 0.04, n)
        y = np.where(np.arange(n) % 2, rng.uniform(0.6, 1, n), rng.uniform(0, 0.4, n))
        return [list(zip(x.tolist(), y.tolist(), strict=True))]
    angle = np.linspace(0, rng.uniform(2.2, 4) * 2 * np.pi, 5 * n)
    radius = np.linspace(0.5, rng.uniform(0.1, 0.4), 5 * n) + rng.normal(0, 0.04, 5 * n)
    return [[(float(r * np.cos(a)), float(r * np.sin(a))) for r, a in zip(radius, angle, strict=True)]]


def _glyph(texts: str, rng: np.random.Generator) -> np.ndarray:
    """A printed character, as ink."""
    font = ImageFont.truetype(str(rng.choice(FONTS)), SIDE)
    canvas = Image.new("L", (2 * SIDE, 2 * SIDE))
    ImageDraw.Draw(canvas).text((SIDE / 2, SIDE / 3), texts[rng.integers(len(texts))], 255, font)
    shear = rng.normal(0, 0.1)
    canvas = canvas.transform(canvas.size, Image.Transform.AFFINE, (1, shear, -shear * SIDE, 0, 1, 0))
    return _crop(np.asarray(canvas.rotate(rng.normal(0, 4), Image.Resampling.BILINEAR)))


@cache
def _letters() -> Characters:
    return load_data("arabic-letters").validation


def _arabic(half: int, rng: np.random.Generator) -> np.ndarray:
    """A handwritten Arabic letter with all its dots; but the first, which is the 1 of both scripts."""
    letters = _letters()
    index = np.flatnonzero((letters.labels % 2 == half) & (letters.labels > 0))
    return stroke(letters.images[rng.choice(index)], 200)


def _blot(rng: np.random.Generator) -> np.ndarray:
    """A blot, or a few: noise above a level, within a disc."""
    noise = ndimage.gaussian_filter(rng.normal(0, 1, (SIDE, SIDE)), rng.uniform(6, 22))
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    blot = (noise / noise.std() > rng.uniform(-0.6, 0.4)) & (x**2 + y**2 < rng.uniform(0.5, 1))
    return _crop((blot * 255).astype(np.uint8))


def _photo(ink: np.ndarray, rng: np.random.Generator) -> Photo:
    """Ink somewhere on plain paper."""
    side = int(rng.integers(200, 500))
    large = Image.fromarray((ink * 255).astype(np.uint8))
    scale = side * rng.uniform(0.25, 0.6) / max(ink.shape)
    size = max(5, round(ink.shape[1] * scale)), max(5, round(ink.shape[0] * scale))
    small = np.asarray(large.resize(size, Image.Resampling.BILINEAR), np.float32) / 255
    pen = np.zeros((side, int(side * rng.uniform(1, 1.4))), np.float32)
    put(pen, small, *(int(rng.uniform(0.2, 0.8) * f) for f in np.array(pen.shape) - small.shape))
    return develop(rng, paint(rng, pen, bool(rng.random() < 0.15)), "")


def _nothing(rng: np.random.Generator) -> Photo:
    """A photograph of wood, cloth, gravel or leaves: no ink at all."""
    shape = np.array([int(rng.integers(200, 400)), int(rng.integers(200, 500))])
    grain = rng.uniform(2, 14, 2) if rng.random() < 0.5 else np.array([rng.uniform(1, 3), rng.uniform(20, 80)])
    noise = ndimage.gaussian_filter(rng.normal(0, 1, shape), grain)
    level = 128 + rng.uniform(25, 60) * noise / noise.std()
    tint = rng.uniform(0.6, 1.1, 3)
    return develop(rng, np.repeat(level[..., None], 3, 2).astype(np.float32) * tint, "")


def _drawn(paths: Callable[[np.random.Generator], list[Path]], rng: np.random.Generator, pool: Characters) -> Photo:
    return _photo(_strokes(rng, paths(rng)), rng)


def _sum(paths: Callable[[np.random.Generator], list[Path]], rng: np.random.Generator, pool: Characters) -> Photo:
    """A sign between two digits; the text is that of the digits alone."""
    height, ink = int(rng.integers(60, 160)), _strokes(rng, paths(rng))
    digits = [pick(rng, pool) for _ in range(2)]
    size = height * rng.uniform(0.5, 0.8) / max(ink.shape)
    sign = Image.fromarray(ink).resize([max(4, round(side * size)) for side in ink.shape[::-1]])
    parts = [stroke(digits[0][0], height), np.asarray(sign), stroke(digits[1][0], height)]
    gap = int(height * rng.uniform(0.25, 0.5))
    page = np.zeros((2 * height, sum(part.shape[1] for part in parts) + 4 * gap), np.float32)
    x = gap
    for part in parts:
        put(page, part, height - part.shape[0] // 2, x)
        x += part.shape[1] + gap
    return develop(rng, paint(rng, page), digits[0][1] + digits[1][1])


def _inked(ink: Callable[[np.random.Generator], np.ndarray], rng: np.random.Generator, pool: Characters) -> Photo:
    return _photo(ink(rng), rng)


# Without O, Q, I, l, i, j, S, B, Z, b, g and q, which look like digits.
CHOOSING = {
    "minus": partial(_sum, _minus),
    "times": partial(_drawn, _times),
    "comma": partial(_drawn, _comma),
    "arrow": partial(_drawn, _arrow),
    "tick": partial(_drawn, _tick),
    "triangle": partial(_drawn, _triangle),
    "blot": partial(_inked, _blot),
    "printed-marks": partial(_inked, partial(_glyph, "?@€§<")),
    "latin-a-l": partial(_inked, partial(_glyph, "ACDEFGHJKLacdefhk")),
    "arabic-odd": partial(_inked, partial(_arabic, 1)),
}
REPORTING = {
    "slash": partial(_drawn, _slash),
    "plus": partial(_drawn, _plus),
    "equals": partial(_sum, _equals),
    "bracket": partial(_drawn, _bracket),
    "hollow-square": partial(_drawn, _square),
    "pie": partial(_drawn, _pie),
    "star": partial(_drawn, _star),
    "scribble": partial(_drawn, _scribble),
    "hash": partial(_drawn, _hash),
    "printed-signs": partial(_inked, partial(_glyph, "&$£>")),
    "latin-m-z": partial(_inked, partial(_glyph, "MNPRTUVWXYmnprtuvwxy")),
    "arabic-even": partial(_inked, partial(_arabic, 0)),
    "nothing": lambda rng, pool: _nothing(rng),
}
CONDITIONS = {f"symbol-{name}": draw for name, draw in (CHOOSING | REPORTING).items()}
