"""The page Gallery: what the generators draw, in views of one's choice, and their images to download."""

import streamlit as st

from ocrgen.datasets.alphabet import MAX_CLASSES, noun
from ocrgen.datasets.base import Characters
from ocrgen.ui.gallery.epochs import over_the_epochs
from ocrgen.ui.gallery.pairs import nearest_real
from ocrgen.ui.gallery.views import Shown, View, classes_of, latent_walk, side_by_side
from ocrgen.ui.shared import uploads
from ocrgen.ui.shared.address import number, one_of
from ocrgen.ui.shared.cache import generator
from ocrgen.ui.shared.classes import ALL, class_chooser
from ocrgen.ui.shared.selection import Choice, by_model, choose, nothing_yet
from ocrgen.ui.shared.sheets import MAX_ROWS
from ocrgen.ui.shared.widgets import link, sample_buttons, show_errors

VIEWS: dict[str, View] = {
    "Side by side": side_by_side,
    "Over the epochs": over_the_epochs,
    "Latent walk": latent_walk,
    "Nearest real": nearest_real,
}
USUAL = (MAX_ROWS, 8), (40, 6), (MAX_CLASSES, 4)  # up to so many classes, so many images of each side by side


def show() -> None:
    """The chosen view of what can be drawn; a generator whose weights are damaged is named and left out."""
    models = by_model()
    if not models:
        nothing_yet("gallery")
        return
    bar = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with bar:
        view = one_of(
            st.segmented_control, "View", list(VIEWS), name="view", key="gallery_view", required=True, wrap=True
        )
    real = view == "Side by side"
    places = st.columns(max(2, len(models) + real))
    columns = choose(models, places[real : real + len(models)])
    usable = []
    for choice, place in zip(columns, places[real:], strict=False):
        with place:
            if show_errors(generator, choice.run, choice.epoch):
                usable.append((choice, place))
    if not usable:
        return
    with bar:
        what = controls(classes_of(usable[0][0]), view)
    VIEWS[view](usable, what, places[0])
    columns = [choice for choice, _ in usable]
    downloads(columns, what.seed)
    further(columns)


def controls(classes: tuple[str, ...], view: str) -> Shown:
    """What is shown of each generator; only what the view depends on can be chosen."""
    chosen = class_chooser(classes, "gallery_digit", default=ALL, every=True, name="class")
    text = classes[chosen] if isinstance(chosen, int) else None
    usual = count = next(count for most, count in USUAL if len(classes) <= most)
    if view != "Latent walk" and (view != "Nearest real" or text is not None):
        label, key = (
            ("Pairs", "gallery_pairs") if view == "Nearest real" else ("Images a row", f"gallery_count_{usual}")
        )
        count = number(st.slider, label, 4, 16, name="n", key=key, default=usual, width=180)
    seed = number(
        st.number_input, "Seed", 0, 2**31 - 1, name="seed", key="gallery_seed", default=0, width=140,
        help="Stands for the random codes that are drawn from; the same in every epoch.",
    )  # fmt: skip
    end = seed + 1
    if view == "Latent walk":
        end = number(
            st.number_input, "Seed of the other end", 0, 2**31 - 1, name="end", key="gallery_end", default=1, width=180
        )
    play = view == "Over the epochs" and st.toggle("Play all epochs", key="gallery_play")
    return Shown(text, count, seed, end, play)


def downloads(columns: list[Choice], seed: int) -> None:
    """Labelled synthetic images with their provenance; drawn when the button is pressed."""
    from ocrgen.generators.base import MAX_SAMPLES
    from ocrgen.generators.sampling import draw, provenance

    with st.container(border=True):
        st.subheader("Download")
        kinds = [classes_of(choice) for choice in columns]
        nouns = {noun(classes) for classes in kinds}
        each = nouns.pop() if len(nouns) == 1 else "character"
        most = min(2000, *(MAX_SAMPLES // len(classes) for classes in kinds))
        places = st.columns([1, *[1] * len(columns)], vertical_alignment="bottom")
        per_class = places[0].number_input(f"Images of each {each}", 1, most, 100, key="gallery_per_class")
        for place, choice, classes in zip(places[1:], columns, kinds, strict=True):
            stem = f"{choice.run.name}-epoch-{choice.epoch}-seed-{seed}"
            n = len(classes) * per_class

            def drawn(choice=choice) -> tuple[Characters, dict]:
                made = draw(generator(choice.run, choice.epoch), per_class, seed, choice.run.name)
                return made, provenance(choice.run, choice.epoch, per_class, seed)

            with place:
                st.markdown(f"**{choice.title}**: {n:,} labelled images")
                with st.container(horizontal=True):
                    sample_buttons(drawn, stem, "gallery", choice.run.name)


def further(columns: list[Choice]) -> None:
    """The question that comes after looking: do these images help an OCR model?"""
    titles = uploads.data_sets()
    with st.container(horizontal=True):
        for data in dict.fromkeys(c.dataset for c in columns):
            if title := titles.get(data):
                about = f"Do they help to read {title}? Study it"
                link("4_OCR", about, query_params={"data": uploads.ident(data)}, icon=":material/insights:")
