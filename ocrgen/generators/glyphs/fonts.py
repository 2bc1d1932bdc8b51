"""Find the fonts that hold every character of an alphabet: those installed with the lab, and the user's own."""

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path

from ocrgen.datasets.alphabet import shown
from ocrgen.utils.errors import UserError

SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
MAX_FILES = 2000  # of a folder: more are not looked at
MAX_FONT_BYTES = 50_000_000
MAX_TEXT = 3  # characters of one class that a picture of 28 pixels has room for
SYSTEM = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/Library/Fonts",
          "/System/Library/Fonts", "~/Library/Fonts", "C:/Windows/Fonts")  # fmt: skip


@dataclass(frozen=True)
class Family:
    """A font family that is installed as a Python package. package: its name. licence: an SPDX identifier."""

    package: str
    title: str
    licence: str


# Open families that pip installs: nine of handwriting, then six of Arabic. Their licences: docs/fonts.md.
FAMILIES = (
    Family("fontpkg-caveat", "Caveat", "OFL-1.1"),
    Family("fontpkg-indie-flower", "Indie Flower", "OFL-1.1"),
    Family("fontpkg-permanent-marker", "Permanent Marker", "Apache-2.0"),
    Family("fontpkg-shadows-into-light", "Shadows Into Light", "OFL-1.1"),
    Family("fontpkg-delius", "Delius", "OFL-1.1"),
    Family("fontpkg-zeyada", "Zeyada", "OFL-1.1"),
    Family("fontpkg-kalam", "Kalam", "OFL-1.1"),
    Family("fontpkg-dancing-script", "Dancing Script", "OFL-1.1"),
    Family("font-intuitive", "Intuitive", "OFL-1.1"),
    Family("fontpkg-amiri", "Amiri", "OFL-1.1"),
    Family("fontpkg-cairo", "Cairo", "OFL-1.1"),
    Family("fontpkg-tajawal", "Tajawal", "OFL-1.1"),
    Family("fontpkg-almarai", "Almarai", "OFL-1.1"),
    Family("fontpkg-noto-kufi-arabic", "Noto Kufi Arabic", "OFL-1.1"),
    Family("fontpkg-noto-sans-arabic", "Noto Sans Arabic", "OFL-1.1"),
)


@dataclass(frozen=True)
class Font:
    """One face of a font file. family: what shares of the pictures are divided by. index: within a collection."""

    path: Path
    family: str
    index: int = 0


def find_fonts(texts: Sequence[str], folder: str = "") -> list[Font]:
    """The fonts whose character map holds every character of `texts`.

    Those of the chosen families, of matplotlib, and of the folders `folder` and $OCRGEN_FONTS; the system's where none
    of these holds the alphabet. UserError if `folder` is none or holds no font, or a text is too long to draw.
    """
    check_texts(texts)
    found = [f for f in (*_own(folder), *_of_packages()) if lacking(f, texts) == ""]
    return found or [f for f in _of_system() if lacking(f, texts) == ""]


def check_texts(texts: Sequence[str]) -> None:
    """UserError for a class text that cannot be drawn as a character: of more than MAX_TEXT characters, or blank."""
    for text in texts:
        bases = [c for c in text if not unicodedata.category(c).startswith("M")]
        if len(bases) > MAX_TEXT or not text.strip():
            raise UserError(
                f"{shown(text)!r} cannot be rendered: a class has to be a character, or a text of at most {MAX_TEXT}."
            )


def missing_error(texts: Sequence[str], folder: str = "") -> UserError:
    """What to tell of an alphabet that no font holds: the classes that none of them has, or the font that has most."""
    fonts = [*_own(folder), *_of_packages(), *_of_system()]
    advice = "Put a font that has it into a folder, and name that with --fonts or OCRGEN_FONTS."
    if nowhere := [t for t in texts if all(lacking(f, [t]) for f in fonts)]:
        named = ", ".join(map(shown, nowhere[:5])) + " and others" * (len(nowhere) > 5)
        return UserError(f"No font here has {named}. {advice}")
    counts = {f: sum(not lacking(f, [t]) for t in texts) for f in fonts}
    best = max(counts, key=lambda f: counts[f])
    return UserError(f"No single font has all of these characters: {best.family} lacks {shown(lacking(best, texts))}.")


def lacking(font: Font, texts: Sequence[str]) -> str:
    """The first of the texts that a font cannot draw, since its character map lacks a character; "" if there is none.

    A font draws an empty box, without an error, for what its map lacks.
    """
    covered = characters(font)
    return next((t for t in texts if not all(ord(c) in covered for c in t)), "")


@cache
def characters(font: Font) -> frozenset[int]:
    """The code points that a font draws; none if its file is damaged."""
    from fontTools.ttLib import TTFont

    try:
        if font.path.stat().st_size > MAX_FONT_BYTES:
            return frozenset()
        with TTFont(font.path, lazy=True, fontNumber=font.index) as table:
            return frozenset(code for code, name in (table.getBestCmap() or {}).items() if name != ".notdef")
    except Exception:  # fontTools raises whatever a damaged table leads to
        return frozenset()


def _own(folder: str) -> list[Font]:
    """The user's fonts: of `folder` and of $OCRGEN_FONTS, where they are given."""
    return [font for each in (folder, os.environ.get("OCRGEN_FONTS", "")) if each for font in _in_folder(each)]


def _in_folder(name: str) -> list[Font]:
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise UserError(f"{name} is no folder: name one that holds font files ({', '.join(SUFFIXES)}).")
    files = sorted(f for f in folder.rglob("*") if f.suffix.lower() in SUFFIXES and f.is_file())[:MAX_FILES]
    fonts = [font for file in files for font in _faces(file, file.stem.split("-")[0].split("[")[0])]
    if not any(characters(font) for font in fonts):
        raise UserError(f"{name} holds no font file that can be read ({', '.join(SUFFIXES)}).")
    return fonts


def _faces(file: Path, family: str) -> list[Font]:
    """The faces of a font file: several in a collection, one of every other file."""
    if file.suffix.lower() not in (".ttc", ".otc"):
        return [Font(file, family)]
    from fontTools.ttLib import TTCollection

    try:
        with TTCollection(file, lazy=True) as collection:
            return [Font(file, family, i) for i in range(len(collection.fonts))]
    except Exception:  # as above: a damaged collection has no faces
        return []


@cache
def _of_packages() -> tuple[Font, ...]:
    found = []
    for family in FAMILIES:
        try:
            files = metadata.files(family.package) or []
        except metadata.PackageNotFoundError:
            continue
        # Italics are slanted by the renderer anyway, and other weights have the same centrelines.
        paths = sorted(Path(str(f.locate())) for f in files if f.suffix in SUFFIXES and "Italic" not in f.name)
        found += [Font(path, family.title) for path in paths]
    if spec := util.find_spec("matplotlib"):
        folder = Path(spec.origin or "").parent / "mpl-data" / "fonts" / "ttf"
        found += [Font(folder / f"DejaVuSans{face}.ttf", "DejaVu Sans") for face in ("", "-Bold")]
    return tuple(f for f in found if f.path.exists())


@cache
def _of_system() -> tuple[Font, ...]:
    folders = [Path(name).expanduser() for name in SYSTEM]
    files = [f for folder in folders if folder.is_dir() for f in folder.rglob("*") if f.suffix.lower() in SUFFIXES]
    return tuple(font for f in sorted(files)[:MAX_FILES] for font in _faces(f, f.stem.split("-")[0]))
