"""Letters and other characters drawn from fonts: sets of a user's own in folders, and pictures to read."""

import io
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocrgen.datasets.alphabet import folder_names
from ocrgen.datasets.base import Characters
from ocrgen.imaging.geometry import to_frame

LATIN = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
GREEK = tuple("αβγδεζηθικλμνξοπρστυφχψω")
FACES = ("DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "DejaVuSans-Bold", "DejaVuSerif-Bold", "DejaVuSans-Oblique")


@cache
def font(face: str, points: int) -> ImageFont.FreeTypeFont:
    """A font that comes with matplotlib; it has Latin, Greek and (DejaVuSans) Arabic letters."""
    (folder,) = find_spec("matplotlib").submodule_search_locations
    return ImageFont.truetype(Path(folder, "mpl-data", "fonts", "ttf", f"{face}.ttf"), points)


def drawn(text: str, side: int = 64, share: float = 0.6, seed: int = 0, face: str = "") -> np.ndarray:
    """A character, black on white, uint8 (side, side), moved and turned a little by the seed.

    share: of the side that its font size takes.
    """
    rng = np.random.default_rng([seed, *map(ord, text)])
    points = round(side * share / max(1, len(text)) ** 0.7)
    page = Image.new("L", (side, side), 255)
    at = tuple(side / 2 + rng.uniform(-0.04, 0.04, 2) * side)
    chosen = font(face or FACES[rng.integers(len(FACES))], points)
    ImageDraw.Draw(page).text(at, text, fill=0, font=chosen, anchor="mm")
    return np.asarray(page.rotate(rng.uniform(-8, 8), Image.Resampling.BILINEAR, fillcolor=255))


def png(image: np.ndarray) -> bytes:
    Image.fromarray(image).save(stream := io.BytesIO(), "PNG")
    return stream.getvalue()


def in_folders(texts: tuple[str, ...], n: int, side: int = 64, share: float = 0.6, invert: bool = False) -> dict:
    """A set as a user keeps it: the content of `n` PNG files a class, by their path."""
    files = {}
    for text, folder in zip(texts, folder_names(texts), strict=True):
        for seed in range(n):
            image = drawn(text, side, share, seed)
            files[f"{folder}/{seed:03}.png"] = png(255 - image if invert else image)
    return files


def characters(texts: tuple[str, ...], n: int, first: int = 0, name: str = "drawn") -> Characters:
    """`n` images of each character, the classes in turn, drawn with the seeds from `first` on."""
    labels = np.tile(np.arange(len(texts)), n)
    seeds = np.repeat(np.arange(n), len(texts)) + first
    images = [to_frame(drawn(texts[c], 56, 0.7, int(s)), False) for c, s in zip(labels, seeds, strict=True)]
    return Characters(np.stack(images), labels, texts, name)


def unpacked(path: Path, files: dict[str, bytes]) -> Path:
    """The files in a folder."""
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def write_letters(folder: Path, letters: str = "ABCDE", each: int = 12) -> Path:
    """`each` pictures of every letter, 40x40, in one folder per letter; returns `folder`."""
    return unpacked(folder, in_folders(tuple(letters), each, 40))
