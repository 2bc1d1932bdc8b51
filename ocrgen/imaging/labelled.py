"""Sheets with a word burnt in: rows with their epochs, pairs with their distances, and an animation over the epochs."""

import io
from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocrgen.imaging.render import tile

PAPER, INK, FRAME = 48, 255, 150  # grey levels: between images, of words, around pairs
MAX_SIDE = 1200  # pixels of an animation's longer side
MAX_FRAMES = 60


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _write(image: np.ndarray, words: str, at: tuple[float, float], size: float) -> np.ndarray:
    """A grey image uint8 (H, W) with a line of words, so many pixels high, whose middle is `at` (x, y)."""
    picture = Image.fromarray(image)
    ImageDraw.Draw(picture).text(at, words, INK, _font(max(8, round(size))), "mm")
    return np.asarray(picture)


def _write_below(image: np.ndarray, words: str, height: int) -> np.ndarray:
    """A grey image uint8 (H, W) with a line of words in a strip `height` pixels high below it."""
    h, w = image.shape
    image = np.vstack([image, np.full((height, w), PAPER, np.uint8)])
    return _write(image, words, (w / 2, h + height / 2), 0.72 * height)


def _write_before(image: np.ndarray, words: str, width: int) -> np.ndarray:
    """A grey image uint8 (H, W) with words in a strip `width` pixels wide on its left."""
    image = np.hstack([np.full((image.shape[0], width), PAPER, np.uint8), image])
    return _write(image, words, (width / 2, image.shape[0] / 2), 0.22 * width)


def enlarged(image: np.ndarray, zoom: int) -> np.ndarray:
    """A grey image uint8 (H, W) with each pixel `zoom` times as wide and as high."""
    return image.repeat(zoom, 0).repeat(zoom, 1)


def labelled_rows(rows: np.ndarray, words: Sequence[str], zoom: int = 3, gap: int = 2) -> np.ndarray:
    """Images uint8 (R, n, h, w) as R rows, each with its words on the left: a sheet uint8 (H, W)."""
    wide = max(20, 5 * rows.shape[1]) * zoom
    parts = [
        _write_before(enlarged(tile(row, len(row), gap=gap, paper=PAPER), zoom), text, wide)
        for row, text in zip(rows, words, strict=True)
    ]
    line = np.full((gap * zoom, parts[0].shape[1]), PAPER, np.uint8)
    return np.vstack([x for part in parts for x in (part, line)][:-1])


def pairs(left: np.ndarray, right: np.ndarray, words: Sequence[str], columns: int, zoom: int = 3) -> np.ndarray:
    """Images uint8 (N, h, w) in N framed pairs with their words below, in rows of `columns`: a sheet uint8 (H, W)."""
    tiles = []
    for one, other, text in zip(left, right, words, strict=True):
        pair = _write_below(enlarged(tile(np.stack([one, other]), 2, gap=1, paper=PAPER), zoom), text, 9 * zoom)
        tiles.append(np.pad(np.pad(pair, zoom // 2 + 1, constant_values=FRAME), zoom + 1, constant_values=0))
    return tile(np.stack(tiles), columns)


def animate(sheets: Sequence[np.ndarray], words: Sequence[str], zoom: int = 3, milliseconds: int = 350) -> bytes:
    """Sheets uint8 (H, W) of one size as an animated GIF that repeats, each with its words below.

    The last of them stands four times as long. The zoom is lowered to keep the longer side within MAX_SIDE.
    """
    if not 1 <= len(sheets) <= MAX_FRAMES:
        raise ValueError(f"an animation has 1 to {MAX_FRAMES} frames, not {len(sheets)}")
    zoom = max(1, min(zoom, MAX_SIDE // max(sheets[0].shape)))
    frames = [
        Image.fromarray(_write_below(enlarged(sheet, zoom), text, 12 * max(zoom, 2)))
        for sheet, text in zip(sheets, words, strict=True)
    ]
    times = [milliseconds] * (len(frames) - 1) + [4 * milliseconds]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=times, loop=0, optimize=False)
    return buffer.getvalue()


def spaced(items: Sequence[int], most: int) -> list[int]:
    """At most so many of `items`, evenly spaced, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]
