"""The page Gallery: what the generators draw, in views of one's choice, and their images to take home."""

import streamlit as st

from ocrgen.datasets.alphabet import MAX_CLASSES, noun
from ocrgen.datasets.base import Characters
from ocrgen.ui.gallery.views import VIEWS, classes_of
from ocrgen.ui.shared import uploads
from ocrgen.ui.shared.cache import generator
from ocrgen.ui.shared.classes import ALL, class_chooser
from ocrgen.ui.shared.selection import Choice
from ocrgen.ui.shared.sheets import MAX_ROWS
from ocrgen.ui.shared.widgets import link, sample_buttons, show_errors

USUAL = (MAX_ROWS, 8), (40, 6), (MAX_CLASSES, 4)  # up to so many classes, so many images of each side by side


def controls(classes: tuple[str, ...]) -> tuple[str, str | None, int, int]:
    """The view, and which class (None for all of them) it shows, how many images of it, and of which seed."""
    view = st.segmented_control("View", list(VIEWS), default=next(iter(VIEWS)), key="gallery_view", required=True)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = class_chooser(classes, "gallery_digit", default=ALL, every=True)
        usual = next(count for most, count in USUAL if len(classes) <= most)
        count = st.slider("Images a row", 4, 16, usual, key=f"gallery_count_{usual}", width=180)
        seed = st.number_input("Seed", 0, 2**31 - 1, 0, key="gallery_seed", width=140)
    return view, classes[chosen] if isinstance(chosen, int) else None, count, seed


def show(columns: list[Choice]) -> None:
    """The chosen view of what can be drawn; a generator whose weights are damaged is named and left out."""
    usable = [c for c in columns if show_errors(generator, c.run, c.epoch)]
    if not usable:
        return
    view, text, count, seed = controls(classes_of(usable[0]))
    VIEWS[view](usable, text, count, seed)
    downloads(usable, seed)
    further(usable)


def downloads(columns: list[Choice], seed: int) -> None:
    """Labelled synthetic images to take home, with their provenance; drawn when the button is pressed."""
    from ocrgen.generators.base import MAX_SAMPLES
    from ocrgen.generators.sampling import draw, provenance

    with st.container(border=True):
        st.subheader("Take them home")
        kinds = [classes_of(choice) for choice in columns]
        nouns = {noun(classes) for classes in kinds}
        each = nouns.pop() if len(nouns) == 1 else "character"
        most = min(2000, *(MAX_SAMPLES // len(classes) for classes in kinds))
        per_class = st.number_input(f"Images of each {each}", 1, most, 100, key="gallery_per_class", width=220)
        for choice, classes in zip(columns, kinds, strict=True):
            stem = f"{choice.run.name}-epoch-{choice.epoch}-seed-{seed}"
            with st.container(horizontal=True, vertical_alignment="center"):
                n = len(classes) * per_class
                st.markdown(f"**{choice.title}**: {n:,} labelled images")

                def drawn(choice=choice) -> tuple[Characters, dict]:
                    made = draw(generator(choice.run, choice.epoch), per_class, seed, choice.run.name)
                    return made, provenance(choice.run, choice.epoch, per_class, seed)

                sample_buttons(drawn, stem, "gallery", choice.run.name)


def further(columns: list[Choice]) -> None:
    """The question that comes after looking: do these images help a reader?"""
    titles = uploads.data_sets()
    for data in dict.fromkeys(c.dataset for c in columns):
        if title := titles.get(data):
            about = f"Do they help to read {title}? Study it"
            link("4_OCR", about, query_params={"data": data}, icon=":material/insights:")
