"""The page Saliency: for each character what readers read, how sure they are, and where they looked."""

import numpy as np
import streamlit as st

from ocrgen.datasets.alphabet import article, folder_names, shown
from ocrgen.imaging.render import to_png
from ocrgen.plots import style as charts
from ocrgen.plots.saliency import bars, colours, enlarge, overlay
from ocrgen.readers.network import Reader
from ocrgen.readers.saliency import METHODS, SaliencyMap, explain
from ocrgen.ui.saliency import grid as saliency_grid
from ocrgen.ui.saliency import typed
from ocrgen.ui.saliency.doubt import doubting, who_cannot
from ocrgen.ui.saliency.input import InputImage, Script, image_input
from ocrgen.ui.saliency.readers import ReaderChoice, choose, load_all
from ocrgen.ui.saliency.summary import UNSURE, badges, doubts, text_of, which
from ocrgen.ui.shared.classes import class_key
from ocrgen.ui.shared.markup import aligned_heading, colour_scale, literal, named
from ocrgen.utils.errors import UserError

CONTROL, SEEN = 160, 104  # pixels: the width of a control, and of the image that the network sees
READ = "what it read"


@st.cache_resource(show_spinner="Starting the explainer …")
def warm_up() -> None:
    """Import the explaining library, which takes seconds, once."""
    import pytorch_grad_cam  # noqa: F401


def controls(layers: list[str], script: Script) -> dict:
    """Method, layer, class to explain, opacity."""
    example = script.classes[min(7, len(script.classes) - 1)]
    with st.container(horizontal=True):  # two beside each other on a phone
        method = st.selectbox("Method", list(METHODS), key="saliency_method", width=CONTROL)
        layer = st.selectbox(
            "Convolution", layers, len(layers) - 1, format_func=lambda n: n.removesuffix(" convolution"),
            key="saliency_layer", width=CONTROL,
        )  # fmt: skip
        target = st.selectbox(
            "Explain the class", [READ, *range(len(script.classes))], key=class_key("saliency_target", script.classes),
            format_func=lambda c: c if c == READ else shown(script.classes[c]), width=CONTROL,
            help=f"Why not {article(example)} {shown(example)}? Choose it: the map shows what speaks for it.",
        )  # fmt: skip
        opacity = st.slider("Opacity of the map", 0.0, 1.0, 0.65, 0.05, key="saliency_opacity", width=CONTROL)
    return {"method": method, "layer": layer, "target": None if target == READ else target, "opacity": opacity}


def show() -> None:
    """The whole page."""
    warm_up()
    loaded, script = load_all(choose())
    typed.offer()
    if script is None or not loaded:
        return
    left, right = st.columns([1, 2], gap="large")
    with left:
        pictures = image_input(script)
    with right:
        options = controls(list(next(iter(loaded.values())).cam_layers), script)
        if not pictures:
            st.info(f"{'Choose, draw' if script.dataset else 'Draw'} or upload a {script.noun}.")
        answers(pictures, loaded, script, options)
        who_cannot(loaded, script.noun)
        legend()
    count = min(saliency_grid.COLUMNS, len(script.classes))
    if script.dataset and st.toggle(
        f"{count} test {script.noun}s side by side, as each reader sees them", key="saliency_grid"
    ):
        saliency_grid.show(list(loaded), script, options["opacity"])


def answers(pictures: list[InputImage], loaded: dict[ReaderChoice, Reader], script: Script, options: dict) -> None:
    """All pictures, the newest first: one alone is shown in full; of several, each has a line, and the newest is open.

    What a line hides is not computed before it is opened.
    """
    if len(pictures) == 1:
        answer(pictures[0], loaded, script, options)
        return
    newest = pictures[0].key if pictures else None
    for picture in pictures:
        opened = f"saliency_open_{picture.key}"
        if newest != st.session_state.get("saliency_newest"):
            st.session_state[opened] = picture.key == newest
        line = [f"**{text_of(picture, loaded, script)}**", literal(picture.name), *badges(picture, loaded, script)]
        with st.expander(" ".join(line), key=opened, on_change="rerun") as place:
            if place.open:
                answer(picture, loaded, script, options, headed=False)
    st.session_state["saliency_newest"] = newest


def answer(
    picture: InputImage, loaded: dict[ReaderChoice, Reader], script: Script, options: dict, headed: bool = True
) -> None:
    """What all readers read in one picture, and one of its characters explained. headed: not where a line says it."""
    overview(picture, loaded, script, headed)
    i = which(picture, loaded, script)
    image, targets = picture.images[i], None if options["target"] is None else [options["target"]]
    try:
        maps = {
            choice: explain(net, image[None], targets, options["method"], options["layer"])[0]
            for choice, net in loaded.items()
        }
    except UserError as fault:
        st.error(str(fault))
        return
    with st.container(border=True):
        doubting({choice: d[i] for choice, d in doubts(picture, loaded).items()}, script.noun)
        verdict(i if len(picture.images) > 1 else None, script, maps, picture.truth)
        columns = st.columns([0.8, *[1.2] * len(maps)])
        with columns[0]:
            alt = f"the {script.noun}, 28x28 pixels"
            st.image(enlarge(image), width=SEEN, caption="what the network sees", alt=alt)
        for column, (choice, found) in zip(columns[1:], maps.items(), strict=True):
            with column:
                one(choice, image, found, script, options, f"{picture.key}-{i}")


def overview(picture: InputImage, loaded: dict[ReaderChoice, Reader], script: Script, headed: bool) -> None:
    """The picture as it was found, with what is read in it as a whole, and all that was noticed."""
    if picture.page is None:
        return
    left, right = st.columns([1, 2])
    with left:
        st.image(picture.page, width="stretch", alt=f"{picture.name}, {script.noun}s boxed")
    with right:
        if headed:
            st.markdown(f"#### {literal(picture.name)}: {text_of(picture, loaded, script)}")
            st.markdown(" ".join(badges(picture, loaded, script)))
        if len(loaded) > 1 and len(picture.images) > 1:
            st.caption(f"As read by the one that learned from {literal(next(iter(loaded)).title)}.")
        for note in picture.notes:
            st.markdown(f":material/info: {literal(note)}")


def verdict(number: int | None, script: Script, maps: dict[ReaderChoice, SaliencyMap], truth: int | None) -> None:
    """In words: what is read, whether the readers agree, and how sure they are."""
    answers = {choice: int(m.probabilities.argmax()) for choice, m in maps.items()}
    sure = {choice: float(m.probabilities.max()) for choice, m in maps.items()}
    told = (
        ""
        if truth is None or set(answers.values()) == {truth}
        else f" It was written as {named(script.classes[truth])}."
    )
    head = f"{script.noun.capitalize()} {number + 1}: " if number is not None else ""
    if len(set(answers.values())) > 1:
        said = ", ".join(
            f"{literal(choice.title)}: {literal(shown(script.classes[c]))}" for choice, c in answers.items()
        )
        st.markdown(f"#### {head or 'The'}{'the' if head else ''} readers disagree")
        st.warning(f"{said}.{told} Look at the maps: which strokes did each of them follow?")
        return
    words = named(script.classes[next(iter(answers.values()))])
    st.markdown(f"#### {head}{words}" if head else f"#### {words[0].upper()}{words[1:]}")
    if told:
        st.warning(f"Misread.{told} Choose that as the class to explain: the map shows what speaks for it.")
    choice = min(sure, key=sure.__getitem__)
    if (least := sure[choice]) < UNSURE:
        second = named(script.classes[int(maps[choice].probabilities.argsort()[-2])])
        st.warning(
            f"Not sure: the reader of {literal(choice.title)} gives it {least:.0%}; {second} is its second guess."
        )


def one(choice: ReaderChoice, image: np.ndarray, found: SaliencyMap, script: Script, options: dict, key: str) -> None:
    """One reader's answer: overlay, probabilities, download."""
    shade = charts.REAL if choice.source == "real" else charts.hue(choice.source)
    text = script.classes[found.target]
    labelled = f"{choice.n_labelled:,} labelled images" if choice.n_labelled else "no labelled image"
    aligned_heading(choice.title, f"{labelled} seen", shade)
    png = to_png(overlay(image, found, options["opacity"]))
    st.image(png, width="stretch", alt=f"Where the reader of {choice.title} looked for {article(text)} {shown(text)}")
    if found.empty:
        st.caption(f"**An empty map**: nothing in this layer speaks for {named(text)}. No colours are drawn.")
    st.html(bars(found.probabilities, script.classes))
    st.download_button(
        "PNG", png, f"saliency-{choice.source}-{folder_names(script.classes)[found.target]}.png", "image/png",
        key=f"saliency_png_{choice.name}_{key}", on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def legend() -> None:
    """What the colours mean."""
    colour_scale(colours()[::51].tolist(), "hardly counted", "counted most")
    st.caption(
        "Each map is scaled to its own maximum: it shows where a reader looked, not how sure it was. A map is a hint, "
        "no proof: how far it can be trusted is measured on the page OCR, as the paper's fourth claim."
    )
