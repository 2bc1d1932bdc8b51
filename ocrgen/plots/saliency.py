"""Maps and probabilities as pictures: the overlay, its colours, the ten bars."""

from functools import cache

import numpy as np
from PIL import Image
from plotly.colors import sample_colorscale, unlabel_rgb

from ocrgen.plots import style as charts
from ocrgen.readers.saliency import SaliencyMap

ZOOM = 10
SCALE = "Cividis"  # safe for colour-blind eyes, dark to light


def bars(probabilities: np.ndarray) -> str:
    """Ten probabilities as bars, the highest in bold."""
    rows = []
    for digit, p in enumerate(probabilities):
        weight = 650 if digit == probabilities.argmax() else 400
        rows.append(
            f'<span style="font-weight:{weight}">{digit}</span>'
            '<div style="background:color-mix(in srgb,currentColor 14%,transparent);border-radius:3px">'
            f'<div style="width:{max(p * 100, 0.5):.1f}%;height:.7rem;border-radius:3px;'
            f'background:{charts.REAL}"></div>'
            f'</div><span style="font-weight:{weight};text-align:right">{p:.1%}</span>'
        )
    style = "display:grid;grid-template-columns:.8rem 1fr 3.2rem;gap:1px .4rem;align-items:center;font-size:.8rem"
    return f'<div role="img" aria-label="probabilities of the ten digits" style="{style}">{"".join(rows)}</div>'


@cache
def colours() -> np.ndarray:
    """The map's colours, uint8 (256, 3), from "hardly" to "most"."""
    scale = sample_colorscale(SCALE, np.linspace(0, 1, 256).tolist())
    return np.array([unlabel_rgb(c) for c in scale]).round().astype(np.uint8)


def enlarge(image: np.ndarray, zoom: int = ZOOM) -> np.ndarray:
    """A digit uint8 (28, 28) at screen size, each pixel a square."""
    return np.kron(image, np.ones((zoom, zoom), np.uint8))


def overlay(image: np.ndarray, found: SaliencyMap, opacity: float, zoom: int = ZOOM) -> np.ndarray:
    """The digit with the map over it: uint8 (28 zoom, 28 zoom, 3); without colours where the map is empty."""
    base = np.repeat(enlarge(image, zoom)[..., None], 3, 2).astype(np.float32)
    if found.empty:
        return base.astype(np.uint8)
    heat = Image.fromarray(found.heat).resize((28 * zoom, 28 * zoom), Image.Resampling.BICUBIC)
    index = (np.asarray(heat).clip(0, 1) * 255).astype(np.uint8)
    return (base * (1 - opacity) + colours()[index] * opacity).round().astype(np.uint8)
