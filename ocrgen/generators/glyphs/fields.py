"""Distance fields of the characters of an alphabet: how far each point is from a pen's path, or from an outline."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from zipfile import BadZipFile

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocrgen.generators.glyphs.fonts import Font, check_texts, find_fonts, missing_error
from ocrgen.generators.glyphs.strokes import GRID, Drawing, handwritten, hershey
from ocrgen.runs.store import RunStore
from ocrgen.utils.files import write_atomically

VERSION = 5  # of what is cached: to be raised when a field changes
SIDE = 48  # pixels of a field
DRAWN = 192  # pixels of the square that a character is drawn on
FILL = 0.62  # of that side, the longer side of a character
REACH = 0.2  # of that side, the greatest distance kept
BLOT = 0.35  # stroke width over longer side, from which a character is a blot: a full stop, an Arabic zero
MAX_GLYPHS = 3000  # from fonts, all classes together
VARIANTS = 64  # drawings of each class from our own forms
HERSHEY_VARIANTS = 4


@dataclass(frozen=True)
class Glyphs:
    """The shapes of K classes, G in all, those of one class after another.

    fields: uint8 (G, SIDE, SIDE), distances as `encode` writes them. labels: int64 (G,), ascending. pens: bool (G,),
    whether the distance is that from the path of a pen, else from an outline. sizes: float32 (G,), longer side over the
    typical one of its font. shares: float32 (G,), how often each is drawn; those of a class sum to 1. families: names
    of what they come from.
    """

    fields: np.ndarray
    labels: np.ndarray
    pens: np.ndarray
    sizes: np.ndarray
    shares: np.ndarray
    families: tuple[str, ...]


def encode(distance: np.ndarray) -> np.ndarray:
    """Distances, relative to the side of the square, from -REACH to REACH, as uint8 from 0 to 255."""
    return np.rint((np.clip(distance / REACH, -1, 1) + 1) * 127.5).astype(np.uint8)


def load_glyphs(texts: Sequence[str], style: str, forms: float, folder: str = "") -> Glyphs:
    """The shapes of an alphabet, from the cache beside the runs if they were made before.

    texts: of the classes. style: "handwriting" for the paths of a pen, "print" for outlines. forms: share of our own
    handwritten forms in what is drawn, where a class has some. folder: of the user's fonts. UserError if nothing holds
    all classes, naming one that is missing.
    """
    check_texts(texts)
    fonts = find_fonts(texts, folder)
    stamps = [(str(f.path), f.index, f.path.stat().st_size, f.path.stat().st_mtime_ns) for f in fonts]
    key = hashlib.sha256(repr((VERSION, tuple(texts), style, forms, stamps)).encode()).hexdigest()[:20]
    file = RunStore().root / ".glyphs" / f"{key}.npz"
    try:
        with np.load(io.BytesIO(file.read_bytes())) as kept:
            arrays = {name: kept[name] for name in ("fields", "labels", "pens", "sizes", "shares")}
            return Glyphs(**arrays, families=tuple(kept["families"].tolist()))
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile):
        glyphs = _make(texts, style, forms, fonts, folder)
    buffer = io.BytesIO()
    arrays: dict[str, Any] = vars(glyphs) | {"families": np.array(glyphs.families)}
    np.savez(buffer, **arrays)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, buffer.getvalue())
    except OSError:
        pass  # a full or read-only disk costs the time to make them again, no more
    return glyphs


@dataclass(frozen=True)
class _Glyph:
    label: int
    family: str
    field: np.ndarray
    pen: bool
    size: float = 1.0
    ours: bool = False  # of our own forms


def _make(texts: Sequence[str], style: str, forms: float, fonts: list[Font], folder: str) -> Glyphs:
    found = list(_of_fonts(texts, style, _spread(fonts, MAX_GLYPHS // len(texts))))
    if style == "handwriting":
        found += _of_strokes(texts)
    if set(range(len(texts))) - {g.label for g in found}:
        raise missing_error(texts, folder)
    found.sort(key=lambda g: g.label)
    shares = np.concatenate([_shares(list(group), forms) for _, group in groupby(found, lambda g: g.label)])
    return Glyphs(
        np.stack([g.field for g in found]),
        np.array([g.label for g in found]),
        np.array([g.pen for g in found]),
        np.array([g.size for g in found], np.float32),
        shares.astype(np.float32),
        tuple(dict.fromkeys(g.family for g in found)),
    )


def _spread(fonts: list[Font], n: int) -> list[Font]:
    """At most n of the fonts, those of each family in turn."""
    families: dict[str, list[Font]] = {}
    for font in fonts:
        families.setdefault(font.family, []).append(font)
    ranked = sorted((i, k, font) for k, group in enumerate(families.values()) for i, font in enumerate(group))
    return [font for _, _, font in ranked[: max(1, n)]]


def _shares(group: list[_Glyph], forms: float) -> np.ndarray:
    """How often each shape of one class is drawn: our forms `forms`, the families alike, the faces of one alike."""
    ours = sum(g.ours for g in group)
    families: dict[str, int] = {}
    for g in group:
        if not g.ours:
            families[g.family] = families.get(g.family, 0) + 1
    forms = (forms if families else 1.0) if ours else 0.0
    return np.array([forms / ours if g.ours else (1 - forms) / len(families) / families[g.family] for g in group])


def _of_strokes(texts: Sequence[str]) -> Iterator[_Glyph]:
    for label, text in enumerate(texts):
        rng = np.random.default_rng([VERSION, *map(ord, text)])
        for drawing in handwritten(text, rng, VARIANTS):
            side = float(np.ptp(np.concatenate(drawing.strokes), axis=0).max())
            yield _Glyph(label, "handwritten forms", *_stroke_field(drawing, rng), side / GRID, ours=True)
        for _ in range(HERSHEY_VARIANTS):
            for name, drawing in hershey(text, rng):
                yield _Glyph(label, name, *_stroke_field(drawing, rng))


def _stroke_field(drawing: Drawing, rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """The field of strokes, and whether it is that of a pen's path."""
    points = np.concatenate(drawing.strokes)
    low, high = points.min(0), points.max(0)
    radius = FILL * rng.uniform(0.15, 0.35) if drawing.filled else 0.0
    scale = (FILL - 2 * radius) * DRAWN / max(float((high - low).max()), 1e-6)
    ink = np.zeros((DRAWN, DRAWN), np.uint8)
    for stroke in drawing.strokes:
        line = ((stroke - (low + high) / 2) * scale + DRAWN / 2) * 16
        cv2.polylines(ink, [np.rint(line).astype(np.int32)], False, 255, 1, shift=4)
    distance = _shrunk(_outside(ink > 0))
    return encode(distance - radius), not drawing.filled


def _of_fonts(texts: Sequence[str], style: str, fonts: list[Font]) -> Iterator[_Glyph]:
    for font in fonts:
        try:
            yield from _of_font(texts, style, font)
        except OSError:
            continue  # its character map can be read, its outlines cannot


def _of_font(texts: Sequence[str], style: str, font: Font) -> list[_Glyph]:
    """The shapes of every class from one font; none if one of them leaves no ink. OSError if the font is damaged."""
    file = io.BytesIO(font.path.read_bytes())
    small = _face(file, 100, font)
    # Of the ink: `getbbox` would count the space that a font leaves around a dot.
    inks = [small.getmask(text).getbbox() for text in texts]
    if None in inks:
        return []
    sides = [max(right - left, bottom - top) for left, top, right, bottom in inks]
    typical, glyphs = float(np.median(sides)), []
    for label, (text, side) in enumerate(zip(texts, sides, strict=True)):
        face = _face(file, max(8, round(100 * FILL * DRAWN / side)), font)
        mask, (x, y) = face.getmask2(text)
        left, top, right, bottom = mask.getbbox() or (0, 0, 0, 0)
        corner = (DRAWN - right - left) / 2 - x, (DRAWN - bottom - top) / 2 - y
        canvas = Image.new("L", (DRAWN, DRAWN))
        ImageDraw.Draw(canvas).text(corner, text, fill=255, font=face)
        ink = np.asarray(canvas) > 127
        if not ink.any():
            return []
        glyphs.append(_Glyph(label, font.family, *_font_field(ink, style), size=side / typical))
    return glyphs


def _face(file: io.BytesIO, size: int, font: Font) -> ImageFont.FreeTypeFont:
    file.seek(0)
    return ImageFont.truetype(file, size, index=font.index, layout_engine=ImageFont.Layout.BASIC)


def _font_field(ink: np.ndarray, style: str) -> tuple[np.ndarray, bool]:
    """The field of a character's ink (DRAWN, DRAWN), and whether it is that of a pen's path."""
    inside = cv2.distanceTransform(ink.astype(np.uint8), cv2.DIST_L2, 5)
    if style == "print" or 2 * inside.max() > BLOT * FILL * DRAWN:
        return encode(_shrunk(_outside(ink) - inside / DRAWN)), False
    from skimage.morphology import skeletonize

    return encode(_shrunk(_outside(skeletonize(ink)))), True


def _outside(ink: np.ndarray) -> np.ndarray:
    """Distance of each pixel to the nearest one of ink, relative to the side of the square."""
    return cv2.distanceTransform((~ink).astype(np.uint8), cv2.DIST_L2, 5) / DRAWN


def _shrunk(distance: np.ndarray) -> np.ndarray:
    return cv2.resize(distance.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
