"""The page Saliency: for each digit what readers read, how sure they are, and where they looked."""

from pathlib import Path

import numpy as np
import streamlit as st

from ocrgen import datasets
from ocrgen.imaging.render import to_png
from ocrgen.plots import style as charts
from ocrgen.plots.saliency import bars, colours, enlarge, overlay
from ocrgen.readers.runs import FILE, ReaderRequest, geometry_of, load, readers
from ocrgen.readers.saliency import METHODS, SaliencyMap, explain
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.ui.saliency import grid as saliency_grid
from ocrgen.ui.saliency.input import InputImage, image_input
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.markup import aligned_heading, colour_scale
from ocrgen.ui.shared.progress import job_progress
from ocrgen.ui.shared.widgets import model_title, show_errors
from ocrgen.utils.errors import UserError

SHOWN = 6  # digits explained at once
UNSURE = 0.7


@st.cache_resource(max_entries=24, show_spinner="Loading the readers …")
def _reader(path: str, changed: int):
    return load(Run(Path(path)))


def reader(run: Run):
    """The network of a reader's run, and its provenance."""
    file = run.path / "weights" / FILE
    return _reader(str(run.path), file.stat().st_mtime_ns)


@st.cache_resource(show_spinner="Starting the explainer …")
def warm_up() -> None:
    """Import the explaining library, which takes seconds, once."""
    import pytorch_grad_cam  # noqa: F401


def title(run: Run) -> str:
    """What a reader has learned from, in a few words."""
    request, settings = run.request, run.request.settings
    source = request.learned_from or "real"
    words = "real digits" if source == "real" else f"{model_title(source)} digits"
    if settings["n"]:
        words = f"{settings['n']:,} {words}"
    return words + (" + augmentation" if settings["augment"] else "") + (f" “{request.label}”" if request.label else "")


def first_reader() -> None:
    """What to do where there is no reader: one click trains one."""
    with st.container(border=True):
        st.subheader("No readers yet")
        st.write("A reader of the bundled digits is trained in half a minute; others from a shell:")
        st.code("python -m ocrgen reader --dataset mnist --augment", language=None, wrap_lines=True)
        if st.button("Train a reader of the bundled digits", type="primary", key="saliency_quick"):
            settings = ReaderRequest(dataset="digits", augment=True, steps=800).model_dump()
            show_errors(jobs.start, store(), "reader", settings, "reader-digits")

    job_progress(lambda: store().list("reader"), lambda status: "Training the reader …", every=1.0)


def choose() -> tuple[list[Run], str]:
    """Readers to compare, one of each kind by default, all of one data set; empty while there are none."""
    known = readers(store())
    if not known:
        first_reader()
        return [], ""
    sets = list(dict.fromkeys(r.request.dataset for r in reversed(known)))
    names = {"mnist": "Western digits (MNIST)", "arabic": "Arabic-Indic digits", "digits": "Bundled digits"}
    dataset = sets[0]
    if len(sets) > 1:
        dataset = st.segmented_control(
            "Script", sets, default=sets[0], format_func=lambda n: names.get(n, datasets.title(n)), key="saliency_data",
            required=True,
        )  # fmt: skip
    here = {r.name: r for r in known if r.request.dataset == dataset}
    first: dict[str, str] = {}
    for run in sorted(here.values(), key=lambda r: -(r.request.accuracy or 0)):
        first.setdefault(run.request.learned_from or "real", run.name)
    order = {"real": 0, "cvae": 1, "cgan": 2}
    default = [first[k] for k in sorted(first, key=lambda k: order.get(k, 3))][:3]
    chosen = st.multiselect(
        "Readers, by what they learned from", list(here), default, format_func=lambda n: title(here[n]),
        key=f"saliency_readers_{dataset}", max_selections=4,
    )  # fmt: skip
    return [here[n] for n in chosen], dataset


def controls(layers: list[str]) -> dict:
    """Method, layer, class to explain, opacity."""
    a, b, c, d = st.columns(4)
    target = c.selectbox("Explain the class", ["what it read", *range(10)], key="saliency_target",
                         help="Why not a 7? Choose 7: the map shows what speaks for it.")  # fmt: skip
    return {
        "method": a.selectbox("Method", list(METHODS), key="saliency_method"),
        "layer": b.selectbox(
            "Convolution",
            layers,
            len(layers) - 1,
            format_func=lambda n: n.removesuffix(" convolution"),
            key="saliency_layer",
        ),
        "target": None if target == "what it read" else int(target),
        "opacity": d.slider("Opacity of the map", 0.0, 1.0, 0.65, 0.05, key="saliency_opacity"),
    }


def show() -> None:
    """The whole page."""
    runs, dataset = choose()
    if not runs:
        return
    left, right = st.columns([1, 2], gap="large")
    with left:
        pictures = image_input(dataset, geometry_of(runs[0]))
        for picture in pictures:
            if picture.page is not None:
                st.image(picture.page, width="stretch", caption=picture.name, alt=f"{picture.name}, digits boxed")
            for note in picture.notes:
                st.caption(note)
    with right:
        warm_up()
        loaded = {}
        for run in runs:
            try:
                loaded[run] = reader(run)[0]
            except UserError as fault:
                st.error(str(fault))
        if not loaded:
            return
        options = controls(list(next(iter(loaded.values())).cam_layers))
        if not pictures:
            st.info("Choose, draw or upload a digit on the left.")
        for picture in pictures:
            answer(picture, loaded, options)
        legend()
    if st.toggle("The paper's grid: ten digits, as the readers of every epoch see them", key="saliency_grid"):
        saliency_grid.show(options["opacity"])


def answer(picture: InputImage, loaded: dict, options: dict) -> None:
    """What all readers read in one picture, and each digit explained."""
    few = picture.images[:SHOWN]
    targets = None if options["target"] is None else [options["target"]] * len(few)
    try:
        maps = {run: explain(net, few, targets, options["method"], options["layer"]) for run, net in loaded.items()}
    except UserError as fault:
        st.error(str(fault))
        return
    if len(picture.images) > 1:
        first = next(iter(maps))
        read = "".join(str(m.probabilities.argmax()) for m in maps[first])
        more = f" The first {SHOWN} of {len(picture.images)} are explained." if len(picture.images) > SHOWN else ""
        st.markdown(f"**{picture.name}: {read}**, read by the one that learned from {title(first)}.{more}")
    for i, image in enumerate(few):
        with st.container(border=True):
            verdict(i if len(few) > 1 else None, {run: m[i] for run, m in maps.items()})
            columns = st.columns([0.8, *[1.2] * len(maps)])
            with columns[0]:
                st.image(
                    enlarge(image), width="stretch", caption="what the network sees", alt="the digit, 28x28 pixels"
                )
            for column, (run, found) in zip(columns[1:], maps.items(), strict=True):
                with column:
                    one(run, image, found[i], options, f"{picture.name}-{i}")


def verdict(number: int | None, maps: dict[Run, SaliencyMap]) -> None:
    """In words: what is read, whether the readers agree, and how sure they are."""
    answers = {run: int(m.probabilities.argmax()) for run, m in maps.items()}
    sure = {run: float(m.probabilities.max()) for run, m in maps.items()}
    head = f"Digit {number + 1}: " if number is not None else ""
    if len(set(answers.values())) > 1:
        said = ", ".join(f"{title(run)}: {digit}" for run, digit in answers.items())
        st.markdown(f"#### {head or 'The'}{'the' if head else ''} readers disagree")
        st.warning(f"{said}. Look at the maps: which strokes did each of them follow?")
        return
    digit = next(iter(answers.values()))
    st.markdown(f"#### {head}{'a' if head else 'A'} {digit}")
    run = min(sure, key=sure.__getitem__)
    if (least := sure[run]) < UNSURE:
        second = int(maps[run].probabilities.argsort()[-2])
        st.warning(f"Not sure: the reader of {title(run)} gives it {least:.0%}; a {second} is its second guess.")


def one(run: Run, image: np.ndarray, found: SaliencyMap, options: dict, key: str) -> None:
    """One reader's answer: overlay, ten probabilities, download."""
    source = run.request.learned_from or "real"
    shade = charts.REAL if source == "real" else charts.hue(source)
    n_labelled = run.request.n_labelled or 0
    aligned_heading(title(run), f"{n_labelled:,} labelled images seen", shade)
    png = to_png(overlay(image, found, options["opacity"]))
    alt = f"Where the reader of {title(run)} looked for a {found.target}"
    st.image(png, width="stretch", alt=alt)
    if found.empty:
        st.caption(f"**An empty map**: nothing in this layer speaks for a {found.target}. No colours are drawn.")
    st.html(bars(found.probabilities))
    st.download_button(
        "PNG", png, f"saliency-{source}-{found.target}.png", "image/png",
        key=f"saliency_png_{run.name}_{key}", on_click="ignore", icon=":material/download:",
    )  # fmt: skip


def legend() -> None:
    """What the colours mean."""
    colour_scale(colours()[::51].tolist(), "hardly counted", "counted most")
    st.caption(
        "Each map is scaled to its own maximum: it shows where a reader looked, not how sure it was. A map is a hint, "
        "no proof: how far it can be trusted is measured on the page OCR, as the paper's fourth claim."
    )
