"""The views of the Gallery: side by side, over the epochs, between two codes, beside the nearest real image."""

from functools import partial

import numpy as np
import streamlit as st

from ocrgen import datasets
from ocrgen.datasets.alphabet import AlphabetError, index_in, noun, shown, summary
from ocrgen.datasets.base import Characters, DataError
from ocrgen.generators.reference_grid import load_reference_grid
from ocrgen.plots import style as charts
from ocrgen.ui.shared.cache import generator, load_data_set, nearest, samples, walk
from ocrgen.ui.shared.markup import heading, literal
from ocrgen.ui.shared.selection import Choice
from ocrgen.ui.shared.sheets import by_class, class_sheet, labelled
from ocrgen.ui.shared.widgets import picture, sheet
from ocrgen.utils.errors import UserError

WALK_STEPS = 12
NEIGHBOURS = 5


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


def real(choice: Choice, kept: bool = False) -> Characters | None:
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


def what(classes: tuple[str, ...], text: str | None) -> str:
    """The classes on show, in words."""
    if text is not None:
        return f"{noun(classes)} {shown(text)}"
    return summary(classes) if labelled(classes) else f"{summary(classes)}, a row each"


def side_by_side(columns: list[Choice], text: str | None, count: int, seed: int) -> None:
    """Real images and each generator's, in the same order of classes."""
    per_class = count if text is None else 8 * count
    places = st.columns(len(columns) + 1)
    for place, choice in zip(places[1:], columns, strict=True):
        with place:
            heading(choice.title, charts.hue(choice.run.request.model))
            labels, classes = labels_of(choice, text), classes_of(choice)
            if not labels:
                continue
            images = by_class(samples(choice.run, choice.epoch, per_class, seed), classes)[labels]
            _sheet(images, classes, text, count, f"{choice.model}: generated {what(classes, text)}")
            st.download_button(
                "PNG",
                partial(sheet, images.reshape(-1, 28, 28), count),
                f"{choice.run.name}-epoch-{choice.epoch}.png",
                "image/png",
                key=f"gallery_png_{choice.run.name}",
                on_click="ignore",
            )
    with places[0]:
        heading("Real", charts.REAL)
        source = real(columns[0], kept=True)
        if source is None:
            return
        rng = np.random.default_rng(seed)
        labels = labels_of(columns[0], text)
        # No more than the rarest class has: an image would be shown twice.
        per_class = max(1, min(per_class, int(source.counts[labels].min())))
        picked = [np.resize(rng.permutation(np.flatnonzero(source.labels == c)), per_class) for c in labels]
        alt = f"Real handwriting: {what(source.classes, text)}"
        _sheet(source.images[np.stack(picked)], source.classes, text, min(count, per_class), alt)
        st.caption(f"{source.name}: {len(source):,} labelled training images")
        if len({c.dataset for c in columns}) > 1:
            st.caption(f"The runs on show learned from different data; these are what {columns[0].model} saw.")


def _sheet(images: np.ndarray, classes: tuple[str, ...], text: str | None, columns: int, alt: str) -> None:
    """Show images uint8 (K, n, 28, 28) of all classes, or (1, n, 28, 28) of the class `text`."""
    if text is None:
        class_sheet(images, classes, columns, alt)
    else:
        picture(images[0], columns, alt)


def over_the_epochs(columns: list[Choice], text: str | None, count: int, seed: int) -> None:
    """How drawing is learned, on noise that stays the same: one row an epoch, or beside each class one column."""
    for place, choice in zip(st.columns(max(2, len(columns))), columns, strict=False):
        with place:
            heading(choice.model, charts.hue(choice.run.request.model))
            labels, classes = labels_of(choice, text), classes_of(choice)
            if not labels:
                continue
            kept = choice.run.epochs()
            epochs = sorted({kept[round(i * (len(kept) - 1) / 11)] for i in range(12)})
            per_class = count if text is not None else 1
            # (K, epochs, per_class, 28, 28)
            drawn = [by_class(samples(choice.run, e, per_class, seed), classes)[labels] for e in epochs]
            images = np.stack(drawn, 1)
            across = text is None and labelled(classes)
            way = "left to right" if across else "top to bottom"
            names = ", ".join(map(str, epochs))
            alt = f"{choice.model}: {what(classes, text)} after epochs {names}, {way}"
            if across:
                class_sheet(images[:, :, 0], classes, len(epochs), alt)
            else:
                width = len(classes) if text is None else count
                picture(images.swapaxes(0, 1).reshape(-1, 28, 28), width, alt)
            untrained = choice.run.request.untrained
            st.caption("Drawn without any training." if untrained else f"After epoch {names}, {way}.")


def latent_walk(columns: list[Choice], text: str | None, count: int, seed: int) -> None:
    """From one latent code to another in even steps: does a character stay what it is on the way?"""
    end = st.number_input("Seed of the other end", 0, 2**31 - 1, seed + 1, key="gallery_end", width=220)
    for place, choice in zip(st.columns(max(2, len(columns))), columns, strict=False):
        with place:
            heading(choice.model, charts.hue(choice.run.request.model))
            labels, classes = labels_of(choice, text), classes_of(choice)
            if labels:
                images = np.stack([walk(choice.run, choice.epoch, c, seed, end, WALK_STEPS) for c in labels])
                alt = f"{choice.model}: {what(classes, text)} between two latent codes, left to right"
                _sheet(images, classes, text, WALK_STEPS, alt)
    st.caption(
        f"Left: the code of seed {seed}. Right: the code of seed {end}. Between: even steps along the great circle."
    )


def nearest_real(columns: list[Choice], text: str | None, count: int, seed: int) -> None:
    """Under each sample the training image that is nearest to it: new handwriting, or a copy?"""
    root = str(datasets.data_root())
    for place, choice in zip(st.columns(max(2, len(columns))), columns, strict=False):
        with place:
            heading(choice.model, charts.hue(choice.run.request.model))
            labels, classes = labels_of(choice, text), classes_of(choice)
            source = real(choice) if labels else None
            if source is None:
                continue
            per_class = NEIGHBOURS if text is None else NEIGHBOURS * count
            images = by_class(samples(choice.run, choice.epoch, per_class, seed), classes)[labels]  # (K, n, 28, 28)
            across = text is None and labelled(classes)
            if text is None and not across:  # a row shows one image of each class
                images = images.swapaxes(0, 1)
            width = NEIGHBOURS if across else len(classes) if text is None else count
            index, distance = nearest(images.reshape(-1, 28, 28), choice.dataset, root)
            generated, found = (x.reshape(-1, width, 28, 28) for x in (images, source.images[index]))
            pairs = np.stack([generated, found], 1)
            alt = f"{choice.model}: in pairs of rows, {what(classes, text)} and nearest real"
            if across:
                class_sheet(pairs.reshape(len(classes), -1, 28, 28), classes, width, alt)
            else:
                picture(pairs.reshape(-1, 28, 28), width, alt)
            held = load_data_set(choice.dataset, root).validation.relabelled(classes)
            held = held[np.isin(held.labels, labels)]
            _, usual = nearest(held.images[:200], choice.dataset, root)
            rows = ("Upper rows", "Lower rows") if across else ("Odd rows", "Even rows")
            st.caption(
                f"{rows[0]}: generated. {rows[1]}: the nearest of {len(source):,} training images. "
                f"Distance {interval(distance)}; real images held out from training: {interval(usual)}. "
                "Far below that would mean copies."
            )


def interval(values: np.ndarray) -> str:
    """Mean, half-width of its 95 % interval (normal approximation) and n, in words; one value has no interval."""
    half = f" ± {1.96 * values.std(ddof=1) / len(values) ** 0.5:.3f}" if len(values) > 1 else ""
    return f"{values.mean():.3f}{half} (n = {len(values)}, root mean square of grey levels, 0 to 1)"


VIEWS = {
    "Side by side": side_by_side,
    "Over the epochs": over_the_epochs,
    "Latent walk": latent_walk,
    "Nearest real": nearest_real,
}
