"""The form of a new study: a quick one of the bundled digits, or a full one of any data set."""

import math
import os

import streamlit as st
from pydantic import ValidationError

from ocrgen import datasets
from ocrgen.datasets import Characters
from ocrgen.datasets.alphabet import DIGITS, noun, summary
from ocrgen.generators import generators
from ocrgen.runs import jobs
from ocrgen.study.config import QUICK, StudyConfig, describe
from ocrgen.study.forecast import seconds_of_seed
from ocrgen.study.formatting import n_label
from ocrgen.study.plan import plan_seed
from ocrgen.study.sequential import LOOKS
from ocrgen.study.sizes import PER_CLASS, default_sizes
from ocrgen.ui.ocr.synthetic import choose_synthetic
from ocrgen.ui.shared import uploads
from ocrgen.ui.shared.cache import load_data_set, store
from ocrgen.ui.shared.widgets import model_title, show_errors
from ocrgen.utils.errors import UserError
from ocrgen.utils.progress import duration

PROTOCOLS = {
    "fair": "fair: generator and OCR model learn from the same n labelled images.",
    "pool": "pool: and from many images without labels, which OCR models label.",
    "paper": "paper: the generator has seen the whole training set, so that the comparison is not equal.",
}
BUNDLED = 1317  # training images of the bundled digits, which are not read for the quick form


def start(settings: dict) -> None:
    """Start a study and choose it on the page. UserError if it cannot be started, or its data cannot be used."""
    from ocrgen.study.data import check_data

    config = StudyConfig.model_validate(settings)
    check_data(config)
    run = jobs.start(store(), "study", config.model_dump(), config.about)
    st.session_state["ocr_next"] = run.name


def linked() -> bool:
    """Whether the link names a data set (`?data=NAME`) that is there; the form then starts with it."""
    asked = st.query_params.get("data")
    name = uploads.identified(asked) if asked else None
    if name is None:
        if asked:
            st.warning(f"The link names a data set that is not here: {asked[:200]}. Bring it on the page Train.")
        return False
    if st.session_state.get("ocr_form_linked") != name:
        st.session_state.update(ocr_form_linked=name, ocr_form_data=name, ocr_form_quick=False)
    return True


def form() -> bool:
    """The settings of a new study, the shell command that does the same, and the button that starts it.

    Returns whether one has been started.
    """
    st.session_state.setdefault("ocr_form_quick", True)
    quick = st.toggle("Quick", key="ocr_form_quick", help="bundled digits, small, under three minutes")
    values: dict = dict(QUICK)
    n_train, classes, default = math.inf, DIGITS, QUICK["n"]
    if not quick:
        values = {"dataset": _data_set()}
    values["protocol"] = protocol = st.segmented_control(
        "Protocol", list(PROTOCOLS), default="fair", required=True, key="ocr_form_protocol",
        help="  \n".join(PROTOCOLS.values()),
    )  # fmt: skip
    if not quick:
        train = _training_set(values["dataset"], protocol)
        if train is None:
            return False
        n_train, classes, default = len(train), train.classes, default_sizes(train)
        if values["dataset"] in uploads.found():  # all that there are of one's own
            default = [min(n_train, PER_CLASS[-1] * train.n_classes)]
        if protocol == "pool":
            default = default_sizes(train)[:1]
    if protocol != "paper":
        sizes = st.text_input(
            "Labelled images", ", ".join(map(str, default)),
            key=f"ocr_form_n_{quick}_{values['dataset']}" + "_pool" * (protocol == "pool"),
            help="one number or several" + ("" if quick else f", of {n_train:,} training images of {summary(classes)}"),
        )  # fmt: skip
        values["n"] = [int(part) for part in sizes.replace(",", " ").split() if part.isdigit()]
    if not quick:
        values |= _ways(values, classes) | _repetitions() | _more(protocol)
    try:
        config = StudyConfig.model_validate(values)
    except ValidationError as fault:
        st.error(_words(fault))
        return False
    if problem := fault_of(config, n_train, classes):
        st.error(problem)
        return False
    if config.protocol != "paper":
        st.caption("; ".join(n_label(n, classes) for n in config.n))
    st.code(describe(config), language=None, wrap_lines=True)
    st.caption(forecast(config, len(classes), BUNDLED if quick else int(n_train)))
    if st.session_state.get("ocr_form_fault"):  # of one's own images, told beside them
        return False
    return st.button("Start", type="primary", key="ocr_form_start") and show_errors(start, values)


def _data_set() -> str:
    """The choice of a data set."""
    titles = uploads.data_sets()
    if st.session_state.get("ocr_form_data") not in titles:
        st.session_state["ocr_form_data"] = "mnist"
    return st.selectbox("Data set", list(titles), format_func=titles.__getitem__, key="ocr_form_data")


def _ways(values: dict, classes: tuple[str, ...]) -> dict:
    """Where synthetic images come from: generators, and images of one's own."""
    known = list(generators())
    default = StudyConfig.model_fields["generators"].default
    chosen = st.multiselect(
        "Generators", known, default, format_func=model_title, key="ocr_form_generators",
        help="each is a way of its own; the more ways, the wider their intervals",
    )  # fmt: skip
    found: dict = {"generators": chosen}
    st.session_state["ocr_form_fault"] = False
    if values["protocol"] != "paper":
        path, good = choose_synthetic(values["dataset"], classes)
        found["synthetic"] = path
        st.session_state["ocr_form_fault"] = not good
    return found


def _repetitions() -> dict:
    """How many seeds: a number, or as many as it takes."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        until = st.toggle(
            "Until decided", key="ocr_form_until",
            help=f"goes on, up to {LOOKS[-1]} seeds, until nothing is left that more seeds would decide; it looks at "
            f"{', '.join(map(str, LOOKS))} seeds, and allows for looking so often",
        )  # fmt: skip
        if until:
            return {"until_decided": True}
        default = StudyConfig.model_fields["seeds"].default
        seeds = st.number_input(
            "Seeds", 1, 100, default, key="ocr_form_seeds", width=150,
            help="repetitions, each with labelled images, generators and OCR models of its own; five or more",
        )  # fmt: skip
    return {"seeds": seeds}


def _more(protocol: str) -> dict:
    """What is rarely changed."""
    values, fields = {}, StudyConfig.model_fields
    with st.expander("More"):
        values["workers"] = st.number_input("Processes", 1, 64, 1, key="ocr_form_workers")
        values["readers_per_task"] = st.number_input(
            "OCR models per training mix and seed", 1, 20, fields["readers_per_task"].default, key="ocr_form_readers",
            help="their mean is what counts: more of them cost time, and make intervals narrower",
        )  # fmt: skip
        values["matters"] = st.number_input(
            "Least gain that matters, in points", 0.01, 100.0, None, 0.1, key="ocr_form_matters",
            placeholder="0.5, or a tenth of the errors",
            help="empty: the larger of 0.5 and a tenth of the error rate of real images with augmentation",
        )  # fmt: skip
        if protocol == "pool":
            values["unlabelled"] = st.number_input(
                "Unlabelled images", 100, 1_000_000, fields["unlabelled"].default, 1000, key="ocr_form_unlabelled",
                help="of the training set, their labels hidden; at most all that are left",
            )  # fmt: skip
    return values


def _words(fault: ValidationError) -> str:
    """What is wrong with the settings, in a sentence."""
    first = fault.errors()[0]
    if "n" in first["loc"]:
        return "Labelled images must be whole numbers of 20 or more, separated by commas."
    if "generators" in first["loc"]:
        return "Choose at least one generator."
    told = first["msg"].removeprefix("Value error, ")
    return f"{told[:1].upper()}{told[1:]}."


def fault_of(config: StudyConfig, n_train: float, classes: tuple[str, ...]) -> str:
    """Why a study of so many training images cannot be made, in words; empty if it can."""
    k, pool = len(classes), config.protocol == "pool"
    if max(config.sizes()) > n_train:
        return f"There are {n_train:,} training images: ask for no more than that."
    if pool and max(config.n) >= n_train:
        return f"There are {n_train:,} training images: ask for fewer, so that some are left for the pool."
    if min(config.sizes()) < 2 * k:
        return f"There are {k} {noun(classes)}s: ask for {2 * k} images at least, two of each."
    return ""


def forecast(config: StudyConfig, classes: int, n_train: int) -> str:
    """How many tasks a study has, and about how long they take on this machine."""
    each = seconds_of_seed(config, classes, n_train) / min(config.workers, os.cpu_count() or 1)
    tasks = len(plan_seed(config, 0))
    if config.until_decided:
        first, last = LOOKS[0], LOOKS[-1]
        told = f"{tasks:,} tasks a seed; about {duration(each * first)} up to the first look, at {first} seeds, and "
        told += f"{duration(each * last)} if it takes all {last}"
    else:
        told = f"{tasks * config.seeds:,} tasks, about {duration(each * config.seeds)} in all"
    cores = "one core" if config.workers == 1 else f"{config.workers} cores"
    return f"{told}, on {cores}. It can be cancelled and resumed at any time."


def _training_set(dataset: str, protocol: str) -> Characters | None:
    """The training images of the first seed; None, with a message, if the data set cannot be read."""
    source = datasets.sources().get(dataset)
    if source and (missing := source.missing(datasets.data_root())):
        st.info(missing)
        return None
    try:
        if dataset in uploads.found():
            return _own(dataset, protocol)
        return load_data_set(dataset, str(datasets.data_root())).train
    except UserError as fault:
        st.error(str(fault))
        return None


@st.cache_resource(max_entries=4, show_spinner="Reading the data …")
def _own(dataset: str, protocol: str) -> Characters:
    """The training images of data of one's own, which are divided anew for each seed if they are few."""
    from ocrgen.study.data import first_split

    return first_split(StudyConfig.model_validate({"dataset": dataset, "protocol": protocol})).train
