"""Maps and probabilities as pictures: the overlay, its colours, the bars."""

from collections.abc import Sequence
from functools import cache
from html import escape

import numpy as np
from PIL import Image
from plotly.colors import sample_colorscale, unlabel_rgb

from ocrgen.datasets.alphabet import DIGITS, are_digits, noun, shown
from ocrgen.plots import style as charts
from ocrgen.readers.saliency import SaliencyMap

ZOOM = 10
ALL_SHOWN, LIKELIEST = 12, 10  # classes whose probabilities are all shown; of more, how many
SCALE = "Cividis"  # safe for colour-blind eyes, dark to light


def bars(probabilities: np.ndarray, classes: Sequence[str]) -> str:
    """Class probabilities (K,) as bars, the highest in bold; of more than 12 classes the ten likeliest and the rest."""
    order, what = range(len(classes)), f"the {len(classes)} {noun(classes)}s"
    rest = 0.0
    if len(classes) > ALL_SHOWN:
        order = probabilities.argsort()[::-1][:LIKELIEST]
        rest, what = max(0.0, 1 - float(probabilities[order].sum())), f"the {LIKELIEST} likeliest of {what}"
    elif are_digits(classes):
        what = "the ten digits"
    shares = [(shown(classes[c]), float(probabilities[c])) for c in order]
    rows = [_bar(text, p, p == probabilities.max()) for text, p in shares]
    if len(classes) > ALL_SHOWN:
        rows.append(_bar(f"{len(classes) - LIKELIEST} others", rest))
    # The names stand before the bars whatever their script; a name of a digit is narrower than any other.
    widths = ".8rem" if list(classes) == list(DIGITS) else "fit-content(9rem)"
    style = f"display:grid;grid-template-columns:{widths} 1fr 3.2rem;gap:1px .4rem;align-items:center;font-size:.8rem"
    said = "" if len(classes) <= ALL_SHOWN else ": " + ", ".join(f"{text} {p:.0%}" for text, p in shares[:3])
    label = escape(f"probabilities of {what}{said}")
    return f'<div role="img" aria-label="{label}" style="{style}">{"".join(rows)}</div>'


def _bar(text: str, p: float, bold: bool = False) -> str:
    weight = 650 if bold else 400
    return (
        f'<span style="font-weight:{weight};overflow-wrap:anywhere">{escape(text)}</span>'
        '<div style="background:color-mix(in srgb,currentColor 14%,transparent);border-radius:3px">'
        f'<div style="width:{max(p * 100, 0.5):.1f}%;height:.7rem;border-radius:3px;'
        f'background:{charts.REAL}"></div>'
        f'</div><span style="font-weight:{weight};text-align:right">{p:.1%}</span>'
    )


@cache
def colours() -> np.ndarray:
    """The map's colours, uint8 (256, 3), from low to high importance."""
    scale = sample_colorscale(SCALE, np.linspace(0, 1, 256).tolist())
    return np.array([unlabel_rgb(c) for c in scale]).round().astype(np.uint8)


def enlarge(image: np.ndarray, zoom: int = ZOOM) -> np.ndarray:
    """An image uint8 (28, 28) at screen size, each pixel a square."""
    return np.kron(image, np.ones((zoom, zoom), np.uint8))


def overlay(image: np.ndarray, found: SaliencyMap, opacity: float, zoom: int = ZOOM) -> np.ndarray:
    """The image with the map over it: uint8 (28 zoom, 28 zoom, 3); without colours where the map is empty."""
    base = np.repeat(enlarge(image, zoom)[..., None], 3, 2).astype(np.float32)
    if found.empty:
        return base.astype(np.uint8)
    heat = Image.fromarray(found.heat).resize((28 * zoom, 28 * zoom), Image.Resampling.BICUBIC)
    index = (np.asarray(heat).clip(0, 1) * 255).astype(np.uint8)
    return (base * (1 - opacity) + colours()[index] * opacity).round().astype(np.uint8)
