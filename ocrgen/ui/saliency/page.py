"""The page Saliency: for each character what readers read, how sure they are, and where they looked."""

import numpy as np
import streamlit as st

from ocrgen.datasets.alphabet import are_digits, article, digit_value, folder_names, shown
from ocrgen.imaging.render import to_png
from ocrgen.plots import style as charts
from ocrgen.plots.saliency import bars, colours, enlarge, overlay
from ocrgen.readers.doubt import doubted
from ocrgen.readers.network import Reader
from ocrgen.readers.reading import to_text
from ocrgen.readers.saliency import METHODS, SaliencyMap, explain
from ocrgen.runs.run import Run
from ocrgen.ui.saliency import grid as saliency_grid
from ocrgen.ui.saliency.input import InputImage, Script, image_input
from ocrgen.ui.saliency.readers import choose, load_all, title
from ocrgen.ui.shared.classes import class_key
from ocrgen.ui.shared.markup import aligned_heading, colour_scale, literal
from ocrgen.utils.errors import UserError

SHOWN = 6  # digits explained at once
UNSURE = 0.7
READ = "what it read"


@st.cache_resource(show_spinner="Starting the explainer …")
def warm_up() -> None:
    """Import the explaining library, which takes seconds, once."""
    import pytorch_grad_cam  # noqa: F401


def controls(layers: list[str], script: Script) -> dict:
    """Method, layer, class to explain, opacity."""
    a, b, c, d = st.columns(4)
    example = script.classes[min(7, len(script.classes) - 1)]
    target = c.selectbox(
        "Explain the class", [READ, *range(len(script.classes))], key=class_key("saliency_target", script.classes),
        format_func=lambda c: c if c == READ else shown(script.classes[c]),
        help=f"Why not {article(example)} {shown(example)}? Choose it: the map shows what speaks for it.",
    )  # fmt: skip
    return {
        "method": a.selectbox("Method", list(METHODS), key="saliency_method"),
        "layer": b.selectbox(
            "Convolution",
            layers,
            len(layers) - 1,
            format_func=lambda n: n.removesuffix(" convolution"),
            key="saliency_layer",
        ),
        "target": None if target == READ else target,
        "opacity": d.slider("Opacity of the map", 0.0, 1.0, 0.65, 0.05, key="saliency_opacity"),
    }


def show() -> None:
    """The whole page."""
    warm_up()
    loaded, script = load_all(choose())
    if script is None or not loaded:
        return
    left, right = st.columns([1, 2], gap="large")
    with left:
        pictures = image_input(script)
        for picture in pictures:
            if picture.page is not None:
                alt = f"{picture.name}, {script.noun}s boxed"
                st.image(picture.page, width="stretch", caption=literal(picture.name), alt=alt)
            for note in picture.notes:
                st.caption(note)
    with right:
        options = controls(list(next(iter(loaded.values())).cam_layers), script)
        if not pictures:
            st.info(f"Choose, draw or upload a {script.noun} on the left.")
        for picture in pictures:
            answer(picture, loaded, script, options)
        legend()
    if are_digits(script.classes) and st.toggle(
        "The paper's grid: ten digits, as the readers of every epoch see them", key="saliency_grid"
    ):
        saliency_grid.show(options["opacity"])


def answer(picture: InputImage, loaded: dict[Run, Reader], script: Script, options: dict) -> None:
    """What all readers read in one picture, and each character explained."""
    few = picture.images[:SHOWN]
    targets = None if options["target"] is None else [options["target"]] * len(few)
    try:
        maps = {run: explain(net, few, targets, options["method"], options["layer"]) for run, net in loaded.items()}
    except UserError as fault:
        st.error(str(fault))
        return
    if len(picture.images) > 1:
        first = next(iter(maps))
        read = spelled([script.classes[m.probabilities.argmax()] for m in maps[first]])
        more = f" The first {SHOWN} of {len(picture.images)} are explained." if len(picture.images) > SHOWN else ""
        st.markdown(f"**{literal(picture.name)}: {read}**, read by the one that learned from {title(first)}.{more}")
    doubts = {run: doubted(net, few) for run, net in loaded.items()}
    for i, image in enumerate(few):
        with st.container(border=True):
            doubting({run: bool(d[i]) for run, d in doubts.items()}, script)
            verdict(i if len(few) > 1 else None, script, {run: m[i] for run, m in maps.items()}, picture.truth)
            columns = st.columns([0.8, *[1.2] * len(maps)])
            with columns[0]:
                alt = f"the {script.noun}, 28x28 pixels"
                st.image(enlarge(image), width="stretch", caption="what the network sees", alt=alt)
            for column, (run, found) in zip(columns[1:], maps.items(), strict=True):
                with column:
                    one(run, image, found[i], script, options, f"{picture.name}-{i}")


def spelled(texts: list[str]) -> str:
    """What has been read in one picture, in reading order; digits of another script with their value: "٣١ (31)"."""
    text, value = to_text(texts), "".join(str(digit_value(t)) for t in texts)
    return literal(text) if text == value or not all(digit_value(t) is not None for t in texts) else f"{text} ({value})"


def verdict(number: int | None, script: Script, maps: dict[Run, SaliencyMap], truth: int | None) -> None:
    """In words: what is read, whether the readers agree, and how sure they are."""
    answers = {run: int(m.probabilities.argmax()) for run, m in maps.items()}
    sure = {run: float(m.probabilities.max()) for run, m in maps.items()}
    told = (
        ""
        if truth is None or set(answers.values()) == {truth}
        else f" It was written as {named(script.classes[truth])}."
    )
    head = f"{script.noun.capitalize()} {number + 1}: " if number is not None else ""
    if len(set(answers.values())) > 1:
        said = ", ".join(f"{title(run)}: {literal(shown(script.classes[c]))}" for run, c in answers.items())
        st.markdown(f"#### {head or 'The'}{'the' if head else ''} readers disagree")
        st.warning(f"{said}.{told} Look at the maps: which strokes did each of them follow?")
        return
    words = named(script.classes[next(iter(answers.values()))])
    st.markdown(f"#### {head}{words}" if head else f"#### {words[0].upper()}{words[1:]}")
    if told:
        st.warning(f"Misread.{told} Choose that as the class to explain: the map shows what speaks for it.")
    run = min(sure, key=sure.__getitem__)
    if (least := sure[run]) < UNSURE:
        second = named(script.classes[int(maps[run].probabilities.argsort()[-2])])
        st.warning(f"Not sure: the reader of {title(run)} gives it {least:.0%}; {second} is its second guess.")


def doubting(doubt: dict[Run, bool], script: Script) -> None:
    """Say so where what was read may be no character at all."""
    if any(doubt.values()):
        by = "" if all(doubt.values()) else " by " + " and ".join(title(run) for run, doubts in doubt.items() if doubts)
        st.warning(f"**This may be no {script.noun}**: it is unlike all that was learned from{by}.")


def named(text: str) -> str:
    """A class with its article, for Markdown: "a 3", "an 8", "a ٣ (3)"."""
    return f"{article(text)} {literal(shown(text))}"


def one(run: Run, image: np.ndarray, found: SaliencyMap, script: Script, options: dict, key: str) -> None:
    """One reader's answer: overlay, probabilities, download."""
    source = run.request.learned_from or "real"
    shade = charts.REAL if source == "real" else charts.hue(source)
    n_labelled, text = run.request.n_labelled or 0, script.classes[found.target]
    aligned_heading(title(run), f"{n_labelled:,} labelled images seen", shade)
    png = to_png(overlay(image, found, options["opacity"]))
    st.image(png, width="stretch", alt=f"Where the reader of {title(run)} looked for {article(text)} {shown(text)}")
    if found.empty:
        st.caption(f"**An empty map**: nothing in this layer speaks for {named(text)}. No colours are drawn.")
    st.html(bars(found.probabilities, script.classes))
    st.download_button(
        "PNG", png, f"saliency-{source}-{folder_names(script.classes)[found.target]}.png", "image/png",
        key=f"saliency_png_{run.name}_{key}", on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def legend() -> None:
    """What the colours mean."""
    colour_scale(colours()[::51].tolist(), "hardly counted", "counted most")
    st.caption(
        "Each map is scaled to its own maximum: it shows where a reader looked, not how sure it was. A map is a hint, "
        "no proof: how far it can be trusted is measured on the page OCR, as the paper's fourth claim."
    )
