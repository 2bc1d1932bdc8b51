"""The views of the Gallery page: side by side, over the epochs, between two codes, beside the nearest real digit."""

import numpy as np
import streamlit as st

from ocrgen import datasets
from ocrgen.datasets.base import CLASSES, Characters
from ocrgen.generators.reference_grid import load_reference_grid
from ocrgen.plots import style as charts
from ocrgen.ui.shared import uploads
from ocrgen.ui.shared.cache import generator, load_data_set, nearest, samples, walk
from ocrgen.ui.shared.markup import heading
from ocrgen.ui.shared.selection import Choice
from ocrgen.ui.shared.widgets import digits_buttons, link, picture, show_errors
from ocrgen.utils.errors import UserError

ALL = "all"
WALK_STEPS = 12
NEIGHBOURS = 5


def controls() -> tuple[str, str | int, int, int]:
    """The view, and which digits of which seed it shows."""
    view = st.segmented_control("View", list(VIEWS), default=next(iter(VIEWS)), key="gallery_view", required=True)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        digit = st.pills("Digit", [ALL, *range(CLASSES)], default=ALL, key="gallery_digit", required=True, wrap=True)
        count = st.slider("Images a row", 4, 16, 8, key="gallery_count", width=180)
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, key="gallery_seed", width=140)
    return view, digit, count, seed


def show(columns: list[Choice]) -> None:
    """The chosen view of what can be drawn; a generator whose weights are damaged is named and left out."""
    usable = [c for c in columns if show_errors(generator, c.run, c.epoch)]
    if not usable:
        return
    view, digit, count, seed = controls()
    VIEWS[view](usable, digit, count, seed)
    downloads(usable, seed)
    further(usable)


def real(choice: Choice, kept: bool = False) -> Characters | None:
    """The images that a generator learned from, or the few `kept` with its run; None, with a word why, without any."""
    try:
        return load_data_set(choice.dataset, str(datasets.data_root())).train
    except UserError as problem:
        if kept and (few := load_reference_grid(choice.run)):
            return few
        st.info(f"The real images are not at hand. {problem}")
        return None


def rows_of(images: np.ndarray, digit: str | int, count: int) -> np.ndarray:
    """From images in turn 0 to 9: a row per digit of `count`, or all rows of one digit."""
    if digit == ALL:
        return images.reshape(-1, CLASSES, 28, 28)[:count].swapaxes(0, 1).reshape(-1, 28, 28)
    return images[int(digit) :: CLASSES]


def what(digit: str | int) -> str:
    """The digits on show, in words."""
    return "digits 0 to 9, a row each" if digit == ALL else f"digit {digit}"


def side_by_side(columns: list[Choice], digit: str | int, count: int, seed: int) -> None:
    """Real images and each generator's, in the same order of digits."""
    per_class = count if digit == ALL else 8 * count
    places = st.columns(len(columns) + 1)
    for place, choice in zip(places[1:], columns, strict=True):
        with place:
            heading(f"{choice.model}, epoch {choice.epoch}", charts.hue(choice.run.request.model))
            images = rows_of(samples(choice.run, choice.epoch, per_class, seed), digit, count)
            png = picture(images, count, f"{choice.model}: generated {what(digit)}")
            st.download_button(
                "PNG",
                png,
                f"{choice.run.name}-epoch-{choice.epoch}.png",
                "image/png",
                key=f"gallery_png_{choice.run.name}",
            )
    with places[0]:
        heading("Real", charts.REAL)
        source = real(columns[0], kept=True)
        if source is None:
            return
        if len(source) < per_class * CLASSES:  # so few that they would be shown twice
            count = per_class = max(1, min(count, len(source) // CLASSES))
        rng = np.random.default_rng(seed)
        wanted = range(CLASSES) if digit == ALL else [int(digit)]
        picked = [rng.permutation(np.flatnonzero(source.labels == d))[:per_class] for d in wanted]
        if digit == ALL:
            picked = [np.resize(p, count) for p in picked]
        picture(source.images[np.concatenate(picked)], count, f"Real handwriting: {what(digit)}")
        st.caption(f"{source.name}: {len(source):,} labelled training images")
        if len({c.dataset for c in columns}) > 1:
            st.caption(f"The runs on show learned from different data; these are what {columns[0].model} saw.")


def over_the_epochs(columns: list[Choice], digit: str | int, count: int, seed: int) -> None:
    """One row an epoch, on noise that stays the same: how drawing is learned."""
    for place, choice in zip(st.columns(max(2, len(columns))), columns, strict=False):
        with place:
            kept = choice.run.epochs()
            shown = sorted({kept[round(i * (len(kept) - 1) / 11)] for i in range(12)})
            sheets = [samples(choice.run, e, count, seed) for e in shown]
            if digit == ALL:
                images, width = np.concatenate([s[:CLASSES] for s in sheets]), CLASSES
            else:
                images, width = np.concatenate([rows_of(s, digit, count) for s in sheets]), count
            heading(choice.model, charts.hue(choice.run.request.model))
            picture(
                images, width, f"{choice.model}: {what(digit)} after epochs {', '.join(map(str, shown))}, top to bottom"
            )
            st.caption(f"After epoch {', '.join(map(str, shown))}, top to bottom.")


def latent_walk(columns: list[Choice], digit: str | int, count: int, seed: int) -> None:
    """From one latent code to another in even steps: does the digit stay a digit on the way?"""
    end = st.number_input("Seed of the other end", 0, 2**31 - 1, seed + 1, key="gallery_end", width=220)
    wanted = range(CLASSES) if digit == ALL else [int(digit)]
    for place, choice in zip(st.columns(max(2, len(columns))), columns, strict=False):
        with place:
            images = np.concatenate([walk(choice.run, choice.epoch, d, seed, end, WALK_STEPS) for d in wanted])
            heading(choice.model, charts.hue(choice.run.request.model))
            picture(images, WALK_STEPS, f"{choice.model}: {what(digit)} between two latent codes, left to right")
    st.caption(
        f"Left: the code of seed {seed}. Right: the code of seed {end}. Between: even steps along the great circle."
    )


def nearest_real(columns: list[Choice], digit: str | int, count: int, seed: int) -> None:
    """Under each sample the training image that is nearest to it: new handwriting, or a copy?"""
    root = str(datasets.data_root())
    for place, choice in zip(st.columns(max(2, len(columns))), columns, strict=False):
        with place:
            source = real(choice)
            if source is None:
                return
            per_class = NEIGHBOURS if digit == ALL else NEIGHBOURS * count
            images = rows_of(samples(choice.run, choice.epoch, per_class, seed), digit, NEIGHBOURS)
            if digit == ALL:  # a row shows one image of each digit
                images = images.reshape(CLASSES, NEIGHBOURS, 28, 28).swapaxes(0, 1).reshape(-1, 28, 28)
            width = CLASSES if digit == ALL else count
            index, distance = nearest(images, choice.dataset, root)
            pairs = np.stack([images.reshape(-1, width, 28, 28), source.images[index].reshape(-1, width, 28, 28)], 1)
            heading(choice.model, charts.hue(choice.run.request.model))
            picture(
                pairs.reshape(-1, 28, 28), width, f"{choice.model}: in pairs of rows, {what(digit)} and nearest real"
            )
            held = load_data_set(choice.dataset, root).validation
            held = held if digit == ALL else held[held.labels == int(digit)]
            _, usual = nearest(held.images[:200], choice.dataset, root)
            st.caption(
                f"Odd rows: generated. Even rows: the nearest of {len(source):,} training images. "
                f"Distance {interval(distance)}; real images held out from training: {interval(usual)}. "
                "Far below that would mean copies."
            )


def interval(values: np.ndarray) -> str:
    """Mean, half-width of its 95 % interval (normal approximation) and n, in words."""
    half = 1.96 * values.std(ddof=1) / len(values) ** 0.5
    return f"{values.mean():.3f} ± {half:.3f} (n = {len(values)}, root mean square of grey levels, 0 to 1)"


def downloads(columns: list[Choice], seed: int) -> None:
    """Labelled synthetic digits to take home, with their provenance; drawn when the button is pressed."""
    from ocrgen.generators.sampling import draw, provenance

    with st.container(border=True):
        st.subheader("Take them home")
        per_class = st.number_input("Images of each digit", 1, 2000, 100, key="gallery_per_digit", width=220)
        for choice in columns:
            stem = f"{choice.run.name}-epoch-{choice.epoch}-seed-{seed}"
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{choice.model}**, epoch {choice.epoch}: {10 * per_class:,} labelled images")

                def drawn(choice=choice) -> tuple[Characters, dict]:
                    made = draw(generator(choice.run, choice.epoch), per_class, seed, choice.run.name)
                    return made, provenance(choice.run, choice.epoch, per_class, seed)

                digits_buttons(drawn, stem, "gallery", choice.run.name)


def further(columns: list[Choice]) -> None:
    """The question that comes after looking: do these digits help a reader?"""
    titles = uploads.data_sets()
    for data in dict.fromkeys(c.dataset for c in columns):
        if title := titles.get(data):
            about = f"Do they help to read {title}? Study it"
            link("4_OCR", about, query_params={"data": data}, icon=":material/insights:")


VIEWS = {
    "Side by side": side_by_side,
    "Over the epochs": over_the_epochs,
    "Latent walk": latent_walk,
    "Nearest real": nearest_real,
}
