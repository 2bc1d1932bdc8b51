"""Pictures of printed forms: digits in boxes, combs, tables and circles, and above underlines."""

import cv2
import numpy as np

from ocrgen.datasets import Characters
from tests.helpers.photos import Photo
from tests.helpers.photos.pen import INKS, develop, paint, pick, put, stroke

LIGHT = np.array([[150, 190, 225], [235, 175, 150], [165, 205, 165], [200, 200, 200], [240, 185, 190]], np.float32)


class Form:
    """A page in two layers, the pen's ink and the printed rules, both (H, W) from 0 to 1."""

    def __init__(self, rng: np.random.Generator, side: float, height: float, width: float, share: float) -> None:
        """A page that a block of (height, width) cells of `side` pixels fills up to a share of the page's width."""
        w = max(width * side / share, 200)
        side *= min(1, 1500 / w)
        w = min(w, 1500)
        self.rng, self.side = rng, side
        h = max(w * rng.uniform(0.65, 1.3), 1.5 * height * side + 0.25 * w)
        self.pen, self.rules = np.zeros((2, round(h), round(w)), np.float32)
        free = np.array(self.pen.shape) - [height * side, width * side]
        self.top, self.left = free * (rng.uniform(0.35, 0.65, 2) if share > 0.7 else rng.uniform(0.2, 0.8, 2))
        self.width = max(1.3, side * rng.uniform(0.01, 0.045))
        self.dots = 0.0

    def line(self, *points: tuple[float, float]) -> None:
        """Rule from point to point (row, column), in sides from the block's corner."""
        layer = np.zeros(self.rules.shape, np.uint8)
        xy = [(self.left + x * self.side, self.top + y * self.side) for y, x in points]
        for a, b in zip(np.array(xy[:-1]), np.array(xy[1:]), strict=True):
            n = max(1, round(np.hypot(*(b - a)) / (2.5 * self.dots))) if self.dots else 1
            for k in range(n):
                ends = [a + (b - a) * (k + part) / n for part in ((0, 1) if n == 1 else (0.2, 0.7))]
                p, q = (tuple(int(v) for v in np.rint(end * 16)) for end in ends)
                cv2.line(layer, p, q, 255, max(1, round(self.width)), cv2.LINE_AA, 4)
        self.rules = np.maximum(self.rules, layer / np.float32(255))

    def box(self, y: float, x: float, height: float, width: float) -> None:
        self.line((y, x), (y, x + width), (y + height, x + width), (y + height, x), (y, x))

    def digit(self, image: np.ndarray, y: float, x: float, height: float, width: float, size: float, loose=0.9) -> None:
        """A digit of `size` times the cell's height within a cell, at a height and a place of its own."""
        ink = sharp_stroke(image, size * height * self.side)
        if ink.shape[1] > loose * width * self.side:
            ink = sharp_stroke(image, len(ink) * loose * width * self.side / ink.shape[1])
        free = np.array([height, width]) * self.side - 2 * self.width - ink.shape
        place = self.rng.uniform(0.15, 0.85, 2) * free + self.width
        put(self.pen, ink, *(int(v) for v in place + [self.top + y * self.side, self.left + x * self.side]))

    def photo(self, text: str, tilt: float = 3.0, colours: np.ndarray | None = None) -> Photo:
        """Turned by up to nine degrees and photographed."""
        rng, (h, w) = self.rng, self.pen.shape
        matrix = cv2.getRotationMatrix2D((w / 2, h / 2), float(np.clip(rng.normal(0, tilt), -9, 9)), 1)
        pen, rules = (cv2.warpAffine(layer, matrix, (w, h)) for layer in (self.pen, self.rules))
        page = paint(rng, pen)
        if colours is None:
            colours = INKS if rng.random() < 0.5 else rng.uniform(20, 140) * np.ones((1, 3), np.float32)
        colour = colours[rng.integers(len(colours))]
        weight = (rules * (1 - pen))[..., None]
        return develop(rng, page * (1 - weight) + colour * weight, text)


def sharp_stroke(image: np.ndarray, height: float) -> np.ndarray:
    """As `stroke`, of any height: small ones are shrunk from large ones, whose edges are sharp."""
    ink = stroke(image, max(120, round(height)))
    factor = max(14.0, height) / ink.shape[0]
    return cv2.resize(ink, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else ink


def _side(rng: np.random.Generator, cells: float) -> float:
    """A cell's side in pixels, for so many of them in a row."""
    return rng.uniform(max(34, 120 / cells), max(70, min(420, 1100 / cells)))


def boxed(count=1, size=(0.45, 0.82), width=(0.01, 0.045), share=(0.25, 0.95), dots=0.0, colours=None):
    def condition(rng: np.random.Generator, pool: Characters) -> Photo:
        """One box round one digit or more."""
        aspect = rng.uniform(0.75, 1.15) * (1 + 0.55 * (count - 1))
        form = Form(rng, rng.uniform(90, 480), 1, aspect, rng.uniform(*share))
        form.width, form.dots = max(1.3, form.side * rng.uniform(*width)), dots * form.side
        form.box(0, 0, 1, aspect)
        text = ""
        for k in range(count):
            image, label = pick(rng, pool)
            form.digit(image, 0, (0.1 + k * (aspect - 0.2)) / count if count > 1 else 0,
                       1, (aspect - 0.2) / count if count > 1 else aspect, rng.uniform(*size))  # fmt: skip
            text += label
        return form.photo(text, colours=colours)

    return condition


def boxed_crossing(rng: np.random.Generator, pool: Characters) -> Photo:
    """A digit that touches or crosses one side of its box."""
    form = Form(rng, rng.uniform(90, 480), 1, 1, rng.uniform(0.3, 0.75))
    form.box(0, 0, 1, 1)
    image, text = pick(rng, pool)
    ink = sharp_stroke(image, rng.uniform(0.5, 0.75) * form.side)
    y, x = (np.array([form.side, form.side]) - ink.shape) / 2
    out = rng.uniform(-0.02, 0.2) * np.array(ink.shape)
    y, x = [(-out[0], x), (form.side - ink.shape[0] + out[0], x), (y, -out[1]), (y, form.side - ink.shape[1] + out[1])][
        rng.integers(4)
    ]
    put(form.pen, ink, int(form.top + y), int(form.left + x))
    return form.photo(text)


def row(rng: np.random.Generator, pool: Characters, kind: str) -> Photo:
    """A row of cells: boxes apart from one another, joined, or only ticks on a line. Some are empty."""
    n = int(rng.integers(2 if kind == "boxes" else 3, 9))
    aspect, gap = rng.uniform(0.65, 1.1), rng.uniform(0.1, 0.5) if kind == "boxes" else 0.0
    width = n * (aspect + gap) - gap
    form = Form(rng, _side(rng, width), 1, width, rng.uniform(0.35, 0.95))
    if kind == "boxes":
        for k in range(n):
            form.box(0, k * (aspect + gap), 1, aspect)
    else:
        form.line((1, 0), (1, width))
        tick = rng.uniform(0.15, 0.5) if kind == "ticks" else 1.0
        if kind == "comb":
            form.line((0, 0), (0, width))
        for k in range(n + 1):
            form.line((1, k * aspect), (1 - tick, k * aspect))
    filled = rng.random(n) > rng.choice([0.0, 0.0, 0.2])
    filled[rng.integers(n)] = True
    text, size = "", rng.uniform(0.5, 0.8)
    for k in np.flatnonzero(filled):
        image, label = pick(rng, pool)
        form.digit(image, 0, k * (aspect + gap), 1, aspect, size * rng.uniform(0.9, 1.1))
        text += label
    return form.photo(text, tilt=2.0)


def table(rng: np.random.Generator, pool: Characters) -> Photo:
    """Rows and columns of cells; up to half of them are empty."""
    rows, columns = (int(v) for v in rng.integers(2, 5, 2))
    aspect = rng.uniform(0.8, 1.8)
    form = Form(rng, _side(rng, max(rows, columns * aspect)), rows, columns * aspect, rng.uniform(0.4, 0.95))
    for y in range(rows + 1):
        form.line((y, 0), (y, columns * aspect))
    for x in range(columns + 1):
        form.line((0, x * aspect), (rows, x * aspect))
    filled = rng.random((rows, columns)) > rng.choice([0.0, 0.5])
    filled[0, 0] = True
    text, size = "", rng.uniform(0.5, 0.75)
    for y, x in np.argwhere(filled):
        image, label = pick(rng, pool)
        form.digit(image, y, x * aspect, 1, aspect, size * rng.uniform(0.9, 1.1))
        text += label
    return form.photo(text, tilt=1.5)


def underlined(rng: np.random.Generator, pool: Characters) -> Photo:
    """One to five digits over a line, printed or drawn with the pen; a few touch it."""
    n = int(rng.integers(1, 6))
    form = Form(rng, _side(rng, n), 1.2, 0.9 * n, rng.uniform(0.3, 0.9))
    text = ""
    for k in range(n):
        image, label = pick(rng, pool)
        form.digit(image, 0.05, 0.9 * k, 0.95, 0.9, rng.uniform(0.75, 0.95))
        text += label
    y, slope = rng.uniform(0.94, 1.15), rng.normal(0, 0.015)
    inset = rng.uniform(-0.1, 0.1, 2)
    form.width = max(1.3, form.side * rng.uniform(0.01, 0.06))
    form.line((y - slope * n, inset[0]), (y + slope * n, 0.9 * n + inset[1]))
    return form.photo(text, colours=INKS if rng.random() < 0.7 else LIGHT)


def circled(by_hand: bool):
    def condition(rng: np.random.Generator, pool: Characters) -> Photo:
        """One to three digits with a circle or an ellipse round each; by hand it wobbles, and its ends do not meet."""
        n = int(rng.choice([1, 1, 2, 3]))
        aspect, gap = rng.uniform(0.75, 1.3), rng.uniform(0.08, 0.4)
        width = n * (aspect + gap) - gap
        form = Form(rng, rng.uniform(90, 480 / n**0.5), 1, width, rng.uniform(0.3, 0.9))
        text = ""
        for k in range(n):
            turns = np.linspace(0, 2 * np.pi * (rng.uniform(0.95, 1.08) if by_hand else 1), 120)
            wobble = np.ones(120)
            if by_hand:
                for j in (1, 2, 3):
                    wobble += rng.uniform(0, 0.07 / j) * np.cos(j * turns * 0.97 + rng.uniform(0, 6.3))
            turns = turns + rng.uniform(0, 6.3)
            ys, xs = 0.5 + 0.5 * wobble * np.sin(turns), aspect * (0.5 + 0.5 * wobble * np.cos(turns))
            form.line(*zip(ys, xs + k * (aspect + gap), strict=True))
            image, label = pick(rng, pool)
            x = k * (aspect + gap) + 0.17 * aspect
            form.digit(image, 0.17, x, 0.66, 0.66 * aspect, rng.uniform(0.65, 1), 1.0)
            text += label
        return form.photo(text)

    return condition


def _row(kind: str):
    return lambda rng, pool: row(rng, pool, kind)


CONDITIONS = {
    "boxed": boxed(),
    "boxed_close": boxed(size=(0.8, 1.0), share=(0.5, 0.95)),
    "boxed_thick": boxed(width=(0.045, 0.09), size=(0.4, 0.7)),
    "boxed_dotted": boxed(width=(0.015, 0.035), dots=0.02),
    "boxed_light": boxed(colours=LIGHT),
    "boxed_crossing": boxed_crossing,
    "boxed_two": boxed(count=2, size=(0.5, 0.75)),
    "boxes": _row("boxes"),
    "comb": _row("comb"),
    "comb_ticks": _row("ticks"),
    "table": table,
    "underlined": underlined,
    "circled": circled(False),
    "circled_by_hand": circled(True),
}
