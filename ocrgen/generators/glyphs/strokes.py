"""Characters as pen strokes: Hershey's single-stroke alphabets, and our own handwritten forms."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from ocrgen.generators.glyphs.forms import FORMS
from ocrgen.generators.glyphs.letters import letter_form

HERSHEY = ("futural", "rowmans", "scripts", "cursive")
GRID = 20.0  # side of the square that forms are drawn on
MOVED = 1.2  # standard deviation by which a form's points are moved, in units of that grid
LETTERS_MOVED = 0.8  # likewise; their teeth, loops and dots are smaller
OPENED = 0.3  # share of closed curves whose ends are moved apart
PIECES = 8  # straight pieces of a curve between two points


class Drawing(NamedTuple):
    """A character as curves: strokes, float (n, 2) each, in any unit, y downwards; filled: a blot, not a line."""

    strokes: list[np.ndarray]
    filled: bool = False


def hershey(text: str, rng: np.random.Generator) -> Iterator[tuple[str, Drawing]]:
    """Each alphabet of Hershey's (NBS 1967) that has the character, by name, its points moved at random."""
    for name in HERSHEY:
        lines = _alphabet(name).get(text)
        if lines:
            size = max(np.ptp(np.concatenate(lines), axis=0).max(), 1e-6)
            yield f"Hershey {name}", Drawing([line + rng.normal(0, 0.02 * size, line.shape) for line in lines])


@cache
def _alphabet(name: str) -> dict[str, list[np.ndarray]]:
    """The characters of an alphabet that leave ink, in its own units."""
    from HersheyFonts import HersheyFonts

    font = HersheyFonts()
    font.load_default_font(name)
    found = {}
    for code in range(33, 127):
        strokes = [np.array(list(stroke), float) for stroke in font.strokes_for_text(chr(code))]
        # The alphabet named "cursive" and its like have no digits of their own, but empty glyphs.
        found[chr(code)] = [s for s in strokes if len(s) > 1]
    return found


def handwritten(text: str, rng: np.random.Generator, variants: int) -> Iterator[Drawing]:
    """`variants` drawings of our own forms, each in turn, their points moved.

    There are some of the digits, Latin and Arabic-Indic, and of the Arabic letters; none of other texts.
    """
    forms = FORMS.get(text, ())
    for i in range(variants):
        if forms:
            yield _drawn(forms[i % len(forms)], rng, MOVED)
        elif form := letter_form(text, i, rng):
            yield _drawn(form, rng, LETTERS_MOVED)


def _drawn(form: str, rng: np.random.Generator, moved: float) -> Drawing:
    strokes = []
    for part in form.removeprefix("filled ").split("|"):
        names = part.split()
        points = np.array([[float(v) for v in name.rstrip("*").split(",")] for name in names])
        closed = len(points) > 2 and bool((points[0] == points[-1]).all())
        points = points + rng.normal(0, moved, points.shape)
        if closed and rng.random() > OPENED:
            points[-1] = points[0]
        corners = sorted({0, *(i for i, name in enumerate(names) if name.endswith("*")), len(points) - 1})
        curves = [_curve(points[a : b + 1]) for a, b in zip(corners, corners[1:], strict=False)]
        strokes.append(np.concatenate(curves))
    return Drawing(strokes, form.startswith("filled "))


def _curve(points: np.ndarray) -> np.ndarray:
    """The Catmull-Rom spline through points (n, 2), as a line of straight pieces (m, 2).

    p(t) = (2 b + (c - a) t + (2 a - 5 b + 4 c - d) t^2 + (3 b - a - 3 c + d) t^3) / 2 between b and c, whose
    neighbours are a and d (Catmull & Rom 1974).
    """
    if len(points) == 2:
        return points
    closed = bool((points[0] == points[-1]).all())
    before = points[-2] if closed else 2 * points[0] - points[1]
    after = points[1] if closed else 2 * points[-1] - points[-2]
    around = np.vstack([before, points, after])
    t = np.linspace(0, 1, PIECES)[:, None]
    pieces = []
    for a, b, c, d in zip(around, around[1:], around[2:], around[3:], strict=False):
        cubic = 3 * b - a - 3 * c + d
        pieces.append((2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + cubic * t**3) / 2)
    return np.concatenate(pieces)
