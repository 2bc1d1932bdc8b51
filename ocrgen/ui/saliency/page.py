"""The page Saliency: for each character what readers read, how sure they are, and where they looked."""

import numpy as np
import streamlit as st

from ocrgen.datasets.alphabet import article, digit_value, folder_names, shown
from ocrgen.imaging.render import to_png
from ocrgen.plots import style as charts
from ocrgen.plots.saliency import bars, colours, enlarge, overlay
from ocrgen.readers.doubt import doubted
from ocrgen.readers.evaluation import probabilities
from ocrgen.readers.network import Reader
from ocrgen.readers.reading import to_text
from ocrgen.readers.saliency import METHODS, SaliencyMap, explain
from ocrgen.ui.saliency import grid as saliency_grid
from ocrgen.ui.saliency.input import InputImage, Script, image_input
from ocrgen.ui.saliency.readers import ReaderChoice, choose, load_all
from ocrgen.ui.shared.classes import class_key
from ocrgen.ui.shared.markup import aligned_heading, colour_scale, literal
from ocrgen.utils.errors import UserError

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
    with right:
        options = controls(list(next(iter(loaded.values())).cam_layers), script)
        if not pictures:
            st.info(f"Choose, draw or upload a {script.noun} on the left.")
        answers(pictures, loaded, script, options)
        legend()
    count = min(saliency_grid.COLUMNS, len(script.classes))
    if st.toggle(f"{count} test {script.noun}s side by side, as each reader sees them", key="saliency_grid"):
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
        line = " ".join([f"**{text_of(picture, loaded, script)}**", literal(picture.name), *badges(picture, loaded)])
        with st.expander(line, key=opened, on_change="rerun") as place:
            if place.open:
                answer(picture, loaded, script, options, headed=False)
    st.session_state["saliency_newest"] = newest


@st.cache_data(max_entries=256, show_spinner=False)
def _read(images: np.ndarray, reader: str, _net: Reader) -> tuple[np.ndarray, list]:
    return probabilities(_net, images), doubted(_net, images)


def predictions(picture: InputImage, loaded: dict[ReaderChoice, Reader]) -> dict[ReaderChoice, np.ndarray]:
    """Each reader's probabilities (N, K) of all characters of a picture."""
    return {c: _read(picture.images, f"{c.file} {c.file.stat().st_mtime_ns}", net)[0] for c, net in loaded.items()}


def doubts(picture: InputImage, loaded: dict[ReaderChoice, Reader]) -> dict[ReaderChoice, list]:
    """Whether each reader doubts that each character of a picture is one; None where it cannot tell."""
    return {c: _read(picture.images, f"{c.file} {c.file.stat().st_mtime_ns}", net)[1] for c, net in loaded.items()}


def text_of(picture: InputImage, loaded: dict[ReaderChoice, Reader], script: Script) -> str:
    """What the first reader has read in a picture, as Markdown."""
    first = next(iter(predictions(picture, loaded).values()))
    return spelled([script.classes[c] for c in first.argmax(1)])


def badges(picture: InputImage, loaded: dict[ReaderChoice, Reader]) -> list[str]:
    """How sure the readers are of a picture, and that there is something to say about it, as Markdown."""
    found = predictions(picture, loaded)
    least = min(float(p.max(1).min()) for p in found.values())
    several = len(picture.images) > 1
    sure = f"{'each ' if several else ''}at least {min(99, int(least * 100))}% sure"
    marks = [f":{'orange' if least < UNSURE else 'gray'}-badge[{sure}]"]
    if apart := int((np.ptp([p.argmax(1) for p in found.values()], axis=0) > 0).sum()):
        marks.append(f":orange-badge[readers disagree{f' on {apart}' if several else ''}]")
    if any(any(told) for told in doubts(picture, loaded).values()):
        marks.append(":orange-badge[may be no character]")
    if picture.notes:
        marks.append(f":blue-badge[{len(picture.notes)} note{'s' * (len(picture.notes) > 1)}]")
    return marks


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
        doubting({choice: d[i] for choice, d in doubts(picture, loaded).items()}, script)
        verdict(i if len(picture.images) > 1 else None, script, maps, picture.truth)
        columns = st.columns([0.8, *[1.2] * len(maps)])
        with columns[0]:
            alt = f"the {script.noun}, 28x28 pixels"
            st.image(enlarge(image), width="stretch", caption="what the network sees", alt=alt)
        for column, (choice, found) in zip(columns[1:], maps.items(), strict=True):
            with column:
                one(choice, image, found, script, options, f"{picture.key}-{i}")


def which(picture: InputImage, loaded: dict[ReaderChoice, Reader], script: Script) -> int:
    """The index of the character that is explained; at first the one that a reader is the least sure of."""
    if len(picture.images) == 1:
        return 0
    found = list(predictions(picture, loaded).values())
    read, doubtful = found[0].argmax(1), int(np.min([p.max(1) for p in found], axis=0).argmin())
    return st.pills(
        f"Explain one {script.noun}, at first the least sure one", range(len(read)), default=doubtful, required=True,
        format_func=lambda i: literal(f"{i + 1}: {shown(script.classes[read[i]])}"), wrap=True,
        key=f"saliency_which_{picture.key}_{len(read)}",
    )  # fmt: skip


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
            st.markdown(" ".join(badges(picture, loaded)))
        if len(loaded) > 1 and len(picture.images) > 1:
            st.caption(f"As read by the one that learned from {literal(next(iter(loaded)).title)}.")
        for note in picture.notes:
            st.markdown(f":material/info: {literal(note)}")


def spelled(texts: list[str]) -> str:
    """What has been read in one picture, in reading order; digits of another script with their value: "٣١ (31)"."""
    text, value = to_text(texts), "".join(str(digit_value(t)) for t in texts)
    return literal(text) if text == value or not all(digit_value(t) is not None for t in texts) else f"{text} ({value})"


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


def doubting(doubt: dict[ReaderChoice, bool | None], script: Script) -> None:
    """Say so where what was read may be no character at all."""
    if any(doubt.values()):
        by = "" if all(doubt.values()) else " by " + " and ".join(literal(c.title) for c, told in doubt.items() if told)
        st.warning(f"**This may be no {script.noun}**: it is unlike all that was learned from{by}.")


def named(text: str) -> str:
    """A class with its article, for Markdown: "a 3", "an 8", "a ٣ (3)"."""
    return f"{article(text)} {literal(shown(text))}"


def one(choice: ReaderChoice, image: np.ndarray, found: SaliencyMap, script: Script, options: dict, key: str) -> None:
    """One reader's answer: overlay, probabilities, download."""
    shade = charts.REAL if choice.source == "real" else charts.hue(choice.source)
    text = script.classes[found.target]
    aligned_heading(choice.title, f"{choice.n_labelled:,} labelled images seen", shade)
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
