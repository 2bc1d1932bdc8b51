"""Images of what is no character, made from characters: what a measure of doubt learns to tell from them."""

import numpy as np

from ocrgen.imaging.geometry import INK, SIZE, place

STROKES = 2 / 3  # share of random strokes; the others are parts of characters
ZOOM = 8


def outliers(images: np.ndarray, n: int, seed: int) -> np.ndarray:
    """n images uint8 (n, 28, 28) that are seldom characters, each laid out as one of the `images` uint8 (N, 28, 28).

    One to four straight or bent strokes, open or closed; or two characters joined by halves or laid over one another,
    or one on its side. A few come out as characters, a 0 on its side or a stroke that is a 1: who learns from these
    must bear that.
    """
    images = images[(images > INK).any((1, 2))]
    rng = np.random.default_rng(seed)
    drawn = []
    while len(drawn) < n and len(images):
        model, other = images[rng.integers(len(images), size=2)]
        drawn.append(_as(_strokes(rng), model) if rng.random() < STROKES else _parts(rng, model, other))
    return np.stack(drawn) if drawn else images


def _strokes(rng: np.random.Generator) -> np.ndarray:
    """Random strokes of one pen on a canvas uint8 (S, S)."""
    import cv2

    side = SIZE * ZOOM
    canvas, width = np.zeros((side, side), np.uint8), int(rng.uniform(1.2, 4) * ZOOM)
    for _ in range(rng.integers(1, 5)):
        points = rng.uniform(0.1, 0.9, (rng.integers(2, 6), 2))
        if len(points) == 2 and rng.random() < 0.4:  # upright or level
            axis = rng.integers(2)
            points[1, axis] = points[0, axis]
        elif len(points) > 2 and rng.random() < 0.2:
            points = np.concatenate([points, points[:1]])
        if len(points) > 2 and rng.random() < 0.5:
            points = _spline(points)
        cv2.polylines(canvas, [np.rint(points * side).astype(np.int32)], False, 255, width, cv2.LINE_AA)
    return canvas


def _spline(points: np.ndarray) -> np.ndarray:
    """The Catmull-Rom spline through points (n, 2), by twelve points a leg."""
    ends = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    a, b, c, d = (ends[i : len(ends) - 3 + i, None] for i in range(4))
    t = np.linspace(0, 1, 12)[:, None]
    curve = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    return curve.reshape(-1, 2) / 2


def _as(canvas: np.ndarray, model: np.ndarray) -> np.ndarray:
    """Ink on a canvas, brought to the size and the centre of mass of the character `model`: uint8 (28, 28)."""
    import cv2

    rows, columns = (np.flatnonzero((canvas > 127).any(axis)) for axis in (1, 0))
    ink = canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    box = max(np.ptp(np.flatnonzero((model > INK).any(axis))) + 1 for axis in (0, 1))
    height, width = (max(1, round(side * box / max(ink.shape))) for side in ink.shape)
    small = cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    mass, place_of = model.sum(), np.arange(SIZE)
    centre = float(model.sum(1) @ place_of / mass), float(model.sum(0) @ place_of / mass)
    return place(small * (255 / small.max()), centre)


def _parts(rng: np.random.Generator, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The upper or left half of one character with the other half of another, both at once, or one on its side."""
    kind, half = rng.integers(4), SIZE // 2
    if kind == 0:
        return np.concatenate([a[:half], b[half:]])
    if kind == 1:
        return np.concatenate([a[:, :half], b[:, half:]], 1)
    if kind == 2:
        return np.maximum(a, np.roll(b, rng.integers(-4, 5, 2), (0, 1)))
    return np.rot90(a, rng.choice([1, 3]))
