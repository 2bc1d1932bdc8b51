"""The views of the Gallery that show one epoch: side by side with real images, and between two latent codes."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from ocrgen import datasets
from ocrgen.datasets.alphabet import AlphabetError, index_in, noun, shown, summary
from ocrgen.datasets.base import Characters, DataError
from ocrgen.generators.reference_grid import load_reference_grid
from ocrgen.plots import style as charts
from ocrgen.ui.shared.cache import generator, load_data_set, samples, walk
from ocrgen.ui.shared.markup import heading, literal
from ocrgen.ui.shared.selection import SLIDER, Choice
from ocrgen.ui.shared.sheets import by_class, class_sheet, labelled
from ocrgen.ui.shared.widgets import picture, sheet
from ocrgen.utils.errors import UserError

WALK_STEPS = 12


@dataclass(frozen=True)
class Shown:
    """What a view shows of each generator: the class `text` (None for all), images a row, seeds of the codes.

    play: whether the epochs are to follow each other by themselves, which nothing does before somebody asks for it.
    """

    text: str | None
    count: int
    seed: int
    end: int
    play: bool = False


Places = Sequence[tuple[Choice, AbstractContextManager]]  # each generator with the column that its choices stand in
View = Callable[
    [Places, Shown, AbstractContextManager], None
]  # the last: the first column, of real images side by side


def classes_of(choice: Choice) -> tuple[str, ...]:
    """The class texts of what a generator draws."""
    return generator(choice.run, choice.epoch).classes


def labels_of(choice: Choice, text: str | None) -> list[int]:
    """The labels that a generator has for the class `text`, or for all; none, with a word, if it does not draw it."""
    classes = classes_of(choice)
    if text is None:
        return list(range(len(classes)))
    try:
        return index_in([text], classes)
    except AlphabetError:
        st.info(f"This {choice.model} draws {summary(classes)}; {literal(shown(text))} is not among them.")
        return []


def real_images(choice: Choice, kept: bool = False) -> Characters | None:
    """The images that a generator learned from, or the few `kept` with its run; None, with a word why, without any."""
    classes = classes_of(choice)
    try:
        source = load_data_set(choice.dataset, str(datasets.data_root())).train.relabelled(classes)
        if not source.counts.all():  # the data have changed since
            raise DataError(f"{source.name} lacks {shown(classes[source.counts.argmin()])}.")
        return source
    except UserError as problem:
        if kept and (few := load_reference_grid(choice.run, classes)):
            return few
        st.info(f"The real images are not at hand. {problem}")
        return None


def in_words(classes: tuple[str, ...], text: str | None) -> str:
    """The classes on show, in words."""
    if text is not None:
        return f"{noun(classes)} {shown(text)}"
    return summary(classes) if labelled(classes) else f"{summary(classes)}, a row each"


def show_sheet(images: np.ndarray, classes: tuple[str, ...], text: str | None, columns: int, alt: str) -> None:
    """Show images uint8 (K, n, 28, 28) of all classes, or (1, n, 28, 28) of the class `text`."""
    if text is None:
        class_sheet(images, classes, columns, alt)
    else:
        picture(images[0], columns, alt)


def png_button(images: np.ndarray, columns: int, name: str) -> None:
    """Download images uint8 (K, n, 28, 28) as one sheet, made once the button is pressed."""
    st.download_button(
        "PNG", partial(sheet, images.reshape(-1, 28, 28), columns), f"{name}.png", "image/png",
        key=f"gallery_png_{name}", on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def side_by_side(columns: Places, what: Shown, first: AbstractContextManager) -> None:
    """Real images and each generator's, in the same order of classes."""
    for choice, place in columns:
        with place:
            labels, classes = labels_of(choice, what.text), classes_of(choice)
            if not labels:
                continue
            per_class = what.count if what.text is None else 8 * what.count
            images = by_class(samples(choice.run, choice.epoch, per_class, what.seed), classes)[labels]
            alt = f"{choice.title}: generated {in_words(classes, what.text)}"
            show_sheet(images, classes, what.text, what.count, alt)
            png_button(images, what.count, f"{choice.run.name}-epoch-{choice.epoch}")
    with first:
        heading("Real", charts.REAL)
        _real(columns, what)


def _real(columns: Places, what: Shown) -> None:
    """Real images, of the data that one of the generators on show has learned from."""
    learned = {choice.dataset: choice for choice, _ in reversed(columns)}
    titles = {data: datasets.title(data) for data in reversed(learned)}
    data = st.selectbox("Data", list(titles), format_func=titles.__getitem__, key="gallery_real")
    choice = learned[data]
    if any(len(c.run.epochs()) > 1 for c, _ in columns):
        st.space(SLIDER)
    source = real_images(choice, kept=True)
    if source is None:
        return
    # Of a class that these data lack, there is nothing to show.
    labels = labels_of(choice, what.text)
    if not labels:
        return
    # No more than the rarest class has: an image would be shown twice.
    count = what.count if what.text is None else 8 * what.count
    count = max(1, min(count, int(source.counts[labels].min())))
    rng = np.random.default_rng(what.seed)
    picked = [np.resize(rng.permutation(np.flatnonzero(source.labels == c)), count) for c in labels]
    images, width = source.images[np.stack(picked)], min(what.count, count)
    show_sheet(images, source.classes, what.text, width, f"Real handwriting: {in_words(source.classes, what.text)}")
    png_button(images, width, f"real-seed-{what.seed}")
    st.caption(f"{source.name}: {len(source):,} labelled training images")


def latent_walk(columns: Places, what: Shown, first: AbstractContextManager) -> None:
    """From one latent code to another in even steps: does a character stay what it is on the way?"""
    for choice, place in columns:
        with place:
            labels, classes = labels_of(choice, what.text), classes_of(choice)
            if labels:
                steps = [walk(choice.run, choice.epoch, c, what.seed, what.end, WALK_STEPS) for c in labels]
                alt = f"{choice.title}: {in_words(classes, what.text)} between two latent codes, left to right"
                show_sheet(np.stack(steps), classes, what.text, WALK_STEPS, alt)
    st.caption(
        f"Left: the code of seed {what.seed}. Right: the code of seed {what.end}. Between: even steps along the great "
        "circle."
    )
