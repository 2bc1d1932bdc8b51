"""The form of a new study: a quick one of the bundled digits, or a full one of any data set."""

import math
from pathlib import Path

import streamlit as st

from ocrgen import datasets
from ocrgen.datasets import Characters
from ocrgen.datasets.alphabet import DIGITS, noun, summary
from ocrgen.runs import jobs
from ocrgen.study.config import QUICK, StudyConfig, describe
from ocrgen.study.formatting import n_label
from ocrgen.study.plan import plan
from ocrgen.study.sizes import PER_CLASS, default_sizes
from ocrgen.ui.shared import uploads
from ocrgen.ui.shared.cache import load_data_set, store
from ocrgen.ui.shared.widgets import show_errors
from ocrgen.utils.errors import UserError


def start(settings: dict) -> None:
    """Start a study and choose it on the page. UserError if it cannot be started."""
    config = StudyConfig.model_validate(settings)
    run = jobs.start(store(), "study", config.model_dump(), f"study-{config.protocol}-{Path(config.dataset).stem}")
    st.session_state["ocr_next"] = run.name


def linked() -> bool:
    """Whether the link names a data set (`?data=NAME`) that is there; the form then starts with it."""
    titles, name = uploads.data_sets(), st.query_params.get("data")
    if name not in titles:
        if name:
            st.warning(f"The link names a data set that is not here: {name[:200]}. Bring it on the page Train.")
        return False
    if st.session_state.get("ocr_form_linked") != name:
        st.session_state.update(ocr_form_linked=name, ocr_form_data=name, ocr_form_quick=False)
    return True


def form() -> None:
    """The settings of a new study, the shell command that does the same, and the button that starts it."""
    titles = uploads.data_sets()
    st.session_state.setdefault("ocr_form_quick", True)
    quick = st.toggle("Quick", key="ocr_form_quick", help="bundled digits, small, under three minutes")
    values = dict(QUICK)
    if not quick:
        if st.session_state.get("ocr_form_data") not in titles:
            st.session_state["ocr_form_data"] = "mnist"
        with st.container(horizontal=True):
            data = st.selectbox(
                "Data set", list(titles), format_func=titles.__getitem__, key="ocr_form_data", width=280
            )
            seeds = st.number_input(
                "Seeds", 1, 100, 5, key="ocr_form_seeds", help="repetitions; five or more", width=132
            )
            workers = st.number_input("Processes", 1, 64, 1, key="ocr_form_workers", width=132)
        values = {"dataset": data, "seeds": seeds, "workers": workers}
    # This runs even while the popover is closed: the default, quick, must not cost reading a data set.
    n_train, classes, default = math.inf, DIGITS, QUICK["n"]
    if not quick:
        train = _training_set(values["dataset"])
        if train is None:
            return
        n_train, classes, default = len(train), train.classes, default_sizes(train)
        if values["dataset"] in uploads.found():  # all that there are of one's own
            default = [min(n_train, PER_CLASS[-1] * train.n_classes)]
    k, kind = len(classes), noun(classes)
    protocol = st.segmented_control(
        "Protocol", ["fair", "paper"], default="fair", required=True, key="ocr_form_protocol",
        help="fair: generator and reader learn from the same n labelled images. paper: the generator has seen all.",
    )  # fmt: skip
    values["protocol"] = protocol
    if protocol == "fair":
        sizes = st.text_input(
            "Labelled images", ", ".join(map(str, default)),
            key=f"ocr_form_n_{quick}_{values['dataset']}",
            help="one number or several" + ("" if quick else f", of {n_train:,} training images of {summary(classes)}"),
        )  # fmt: skip
        values["n"] = [int(part) for part in sizes.replace(",", " ").split() if part.isdigit()]
    try:
        config = StudyConfig.model_validate(values)
    except ValueError:
        st.error("Labelled images must be whole numbers of 20 or more, separated by commas.")
        return
    if protocol == "fair":
        if max(config.n) > n_train:
            st.error(f"There are {n_train:,} training images: ask for no more than that.")
            return
        if min(config.n) < 2 * k:
            st.error(f"There are {k} {kind}s: ask for {2 * k} images at least, two of each.")
            return
        st.caption("; ".join(n_label(n, classes) for n in config.n))
    st.code(describe(config), language=None, wrap_lines=True)
    st.caption(f"{len(plan(config)):,} tasks, 5 to 60 s each; it can be cancelled and resumed at any time.")
    if st.button("Start", type="primary", key="ocr_form_start") and show_errors(start, values):
        st.query_params.pop("data", None)
        st.rerun()


def _training_set(dataset: str) -> Characters | None:
    """The training images; None, with a message, if the data set cannot be read."""
    source = datasets.sources().get(dataset)
    if source and (missing := source.missing(datasets.data_root())):
        st.info(missing)
        return None
    try:
        return load_data_set(dataset, str(datasets.data_root())).train
    except UserError as fault:
        st.error(str(fault))
        return None
