"""Sheets of images of all classes: of digits a row each, of others a small picture each beside its class text."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from ocrgen.datasets.alphabet import is_rtl, noun, shown
from ocrgen.datasets.base import SIZE
from ocrgen.ui.shared.markup import strips
from ocrgen.ui.shared.widgets import picture, sheet
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError

MAX_ROWS = 12  # of digits in one picture


def labelled(classes: tuple[str, ...]) -> bool:
    """Whether each class has a picture of its own beside its text; a few digits, in order, need no texts."""
    return noun(classes) != "digit" or len(classes) > MAX_ROWS


def by_class(images: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """Images uint8 (n * K, 28, 28), the K classes in turn, as (K, n, 28, 28)."""
    return images.reshape(-1, len(classes), *images.shape[1:]).swapaxes(0, 1)


def class_sheet(
    images: np.ndarray, classes: tuple[str, ...], columns: int, alt: str, labels: bool | None = None, least: int = 20
) -> None:
    """Show images uint8 (K, n, 28, 28), n of each of K classes in rows of `columns`.

    Digits are one picture with a row each. Other classes, and more than 12, are a picture each, beside its class text,
    as many in a line as there is room for; an alphabet that is written from right to left runs that way. labels:
    whether there are texts, if not by this rule. least: pixels that an image beside its text is wide, at least.
    """
    if not (labelled(classes) if labels is None else labels):
        picture(images.reshape(-1, *images.shape[2:]), columns, alt)
        return
    show_strips(classes, _pictures(images, columns), columns, alt, least)


def show_strips(classes: tuple[str, ...], pictures: Sequence[bytes], columns: int, alt: str, least: int = 20) -> None:
    """Show a picture (PNG) of each class beside its text, as wide as `columns` images, in the alphabet's direction."""
    named = [(shown(text), f"{noun(classes)} {text}", png) for text, png in zip(classes, pictures, strict=True)]
    strips(named, columns, alt, all(map(is_rtl, classes)), least)


@st.cache_data(max_entries=32, show_spinner=False)
def _pictures(images: np.ndarray, columns: int) -> list[bytes]:
    """A PNG of each class of images uint8 (K, n, 28, 28)."""
    return [sheet(of_class, columns, zoom=1) for of_class in images]


@st.cache_data(max_entries=64, show_spinner=False)
def _saved_images(path: str, changed: int, n_classes: int) -> np.ndarray:
    file = Path(path)
    try:
        verify(file)
        pixels = np.asarray(Image.open(file, formats=["PNG"]).convert("L"))
        if pixels.shape[1] != SIZE * n_classes:
            raise ValueError("a sheet of other classes")
        return pixels.reshape(-1, SIZE, n_classes, SIZE).swapaxes(1, 2).reshape(-1, SIZE, SIZE)
    except (OSError, ValueError, SyntaxError) as fault:
        raise UserError(f"{file.parents[1].name}: samples/{file.name} is damaged and not shown.") from fault


def saved_images(file: Path, n_classes: int) -> np.ndarray:
    """The images of a sheet that a training has left, uint8 (n * K, 28, 28), the K classes in turn.

    UserError if the file is damaged.
    """
    return _saved_images(str(file), file.stat().st_mtime_ns, n_classes)
