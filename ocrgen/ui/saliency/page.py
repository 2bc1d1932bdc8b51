"""The page Saliency: for each character what OCR models read, how sure they are, and where they looked."""

import numpy as np
import streamlit as st
from PIL import Image

from ocrgen.datasets.alphabet import article, folder_names, shown
from ocrgen.imaging.render import to_png
from ocrgen.plots import style as charts
from ocrgen.plots.saliency import bars, colours, enlarge, overlay
from ocrgen.readers.network import Reader
from ocrgen.readers.saliency import METHODS, SaliencyMap, explain
from ocrgen.ui.saliency import grid as saliency_grid
from ocrgen.ui.saliency.classes import choose_target
from ocrgen.ui.saliency.input import InputImage, Script, image_input
from ocrgen.ui.saliency.readers import ReaderChoice, choose, load_all
from ocrgen.ui.saliency.summary import badges, doubts, text_of, which
from ocrgen.ui.saliency.verdict import verdict, who_cannot
from ocrgen.ui.shared.address import number, one_of
from ocrgen.ui.shared.markup import aligned_heading, colour_scale, literal, named
from ocrgen.utils.errors import UserError

CONTROL, SEEN = 200, 104  # pixels: widths of a control, and of the image that the network sees
THUMBNAIL = (128, 88)  # pixels of a closed picture, at most; half of it where one is a point
NAME = 32  # characters of a file's name in a line
PREDICTED = "predicted class"
LAYERS = {"first": "First convolution: fine detail", "second": "Second convolution: whole shapes"}


@st.cache_resource(show_spinner="Starting the explainer …")
def warm_up() -> None:
    """Import the explaining library, which takes seconds, once."""
    import pytorch_grad_cam  # noqa: F401


def controls(layers: list[str], script: Script) -> dict:
    """The class to explain; method, layer and opacity of the map in a popover, since their first values will do."""
    example = script.classes[min(7, len(script.classes) - 1)]
    with st.container(horizontal=True, vertical_alignment="bottom"):  # beside each other on a phone, too
        target = choose_target(
            script.classes, "Explain the class", PREDICTED, name="explain", key="saliency_target", width=CONTROL,
            help=f"Why not {article(example)} {shown(example)}? Choose it: the map shows what speaks for it.",
        )  # fmt: skip
        with st.popover("Map settings", icon=":material/tune:", key="saliency_map"):
            method = one_of(
                st.selectbox, "Method", list(METHODS), name="method", key="saliency_method",
                help="The paper uses Grad-CAM.",
            )  # fmt: skip
            layer = one_of(
                st.selectbox, "Layer", layers, name="layer", key="saliency_layer", default=layers[-1],
                format_func=lambda n: LAYERS.get(n.partition(" ")[0], n), help="The paper uses the second convolution.",
            )  # fmt: skip
            opacity = number(
                st.slider, "Opacity of the map (%)", 0, 100, name="opacity", key="saliency_opacity", default=65, step=5
            )
    return {"method": method, "layer": layer, "target": target, "opacity": opacity / 100}


def show() -> None:
    """The whole page."""
    warm_up()
    loaded, script = load_all(choose())
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
        legend(script)
    if script.dataset and saliency_grid.wanted(script):
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
        name = literal(picture.name if len(picture.name) <= NAME else f"{picture.name[: NAME - 9]}…{picture.name[-8:]}")
        line = [f"**{text_of(picture, loaded, script)}**", name, *badges(picture, loaded, script)]
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            if picture.page is not None and not st.session_state[opened]:
                small = thumbnail(picture.page)
                st.image(small, width=small.shape[1] // 2, alt=f"{picture.name}, small")
            with st.expander(" ".join(line), key=opened, on_change="rerun") as place:
                if place.open:
                    answer(picture, loaded, script, options, headed=False)
    st.session_state["saliency_newest"] = newest


@st.cache_data(max_entries=64, show_spinner=False)
def thumbnail(page: np.ndarray) -> np.ndarray:
    """A picture, small: uint8 (h, w, 3)."""
    picture = Image.fromarray(page)
    picture.thumbnail(THUMBNAIL)
    return np.asarray(picture)


def answer(
    picture: InputImage, loaded: dict[ReaderChoice, Reader], script: Script, options: dict, headed: bool = True
) -> None:
    """What all OCR models read in one picture, and one of its characters explained. headed: unless a line says it."""
    overview(picture, loaded, script, headed)
    i = which(picture, loaded, script)
    image = picture.images[i]
    try:
        maps = {
            choice: _explained(image, choice.mark, options["target"], options["method"], options["layer"], net)
            for choice, net in loaded.items()
        }
    except UserError as fault:
        st.error(str(fault))
        return
    with st.container(border=True):
        doubt = {choice: d[i] for choice, d in doubts(picture, loaded).items()}
        verdict(i if len(picture.images) > 1 else None, script, maps, doubt, picture.truth)
        columns = st.columns([0.8, *[1.2] * len(maps)])
        with columns[0]:
            alt = f"the {script.noun}, 28x28 pixels"
            st.image(enlarge(image), width=SEEN, caption="Model input, 28×28", output_format="PNG", alt=alt)
        for column, (choice, found) in zip(columns[1:], maps.items(), strict=True):
            with column:
                one(choice, image, found, script, options, f"{picture.key}-{i}")


@st.cache_data(max_entries=256, show_spinner=False)
def _explained(
    image: np.ndarray, reader: str, target: int | None, method: str, layer: str, _net: Reader
) -> SaliencyMap:
    """Where an OCR model looks on an image. UserError if it cannot be explained."""
    return explain(_net, image[None], None if target is None else [target], method, layer)[0]


@st.cache_data(max_entries=256, show_spinner=False)
def _overlaid(image: np.ndarray, heat: np.ndarray, opacity: float, _found: SaliencyMap) -> bytes:
    """An image with a map over it: PNG."""
    return to_png(overlay(image, _found, opacity))


def overview(picture: InputImage, loaded: dict[ReaderChoice, Reader], script: Script, headed: bool) -> None:
    """The picture as it was found, with what is read in it as a whole, and all that was noticed."""
    if picture.page is None:
        return
    left, right = st.columns([1, 3])
    with left:
        st.image(picture.page, width="stretch", alt=f"{picture.name}, {script.noun}s boxed")
    with right:
        if headed:
            st.markdown(f"#### {literal(picture.name)}: {text_of(picture, loaded, script)}")
            st.markdown(" ".join(badges(picture, loaded, script)))
        if len(loaded) > 1 and len(picture.images) > 1:
            st.caption(f"As read by the OCR model trained on {literal(next(iter(loaded)).title)}.")
        for note in picture.notes:
            st.markdown(f":material/info: {literal(note)}")


def one(choice: ReaderChoice, image: np.ndarray, found: SaliencyMap, script: Script, options: dict, key: str) -> None:
    """One OCR model's answer: overlay, probabilities, download."""
    shade = charts.REAL if choice.source == "real" else charts.hue(choice.source)
    text = script.classes[found.target]
    aligned_heading(choice.heading, choice.about, shade)
    png = _overlaid(image, found.heat, options["opacity"], found)
    alt = f"{options['method']} of the OCR model trained on {choice.title}, for {shown(text)}"
    st.image(png, width="stretch", output_format="PNG", alt=alt)
    if found.empty:
        st.caption(f"**An empty map**: nothing in this layer speaks for {named(text)}. No colours are drawn.")
    st.html(bars(found.probabilities, script.classes))
    st.download_button(
        "PNG", png, f"saliency-{choice.source}-{folder_names(script.classes)[found.target]}.png", "image/png",
        key=f"saliency_png_{choice.name}_{key}", on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def legend(script: Script) -> None:
    """What the colours and the percentages mean."""
    colour_scale(colours()[::51].tolist(), "low importance", "high importance")
    st.caption(
        "Each map is scaled to its own maximum: it shows where an OCR model looked, not how confident it was. A map is "
        "a hint, not proof: how far it can be trusted is measured on the OCR page, as the paper's fourth claim. The "
        f"percentages compare the {len(script.classes)} classes with each other: what is not a {script.noun} at all "
        "can score highly, too."
    )
