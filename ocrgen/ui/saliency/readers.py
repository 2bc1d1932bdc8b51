"""The readers that the page Saliency compares: all of one data set, so that they know the same characters."""

from pathlib import Path

import streamlit as st

from ocrgen import datasets
from ocrgen.datasets import classes_of_run
from ocrgen.datasets.alphabet import AlphabetError, summary
from ocrgen.readers.network import Reader
from ocrgen.readers.runs import FILE, ReaderRequest, geometry_of, load, readers
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.ui.saliency.input import Script
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.progress import job_progress
from ocrgen.ui.shared.widgets import model_title, noun_of, show_errors
from ocrgen.utils.errors import UserError

SCRIPTS = {"mnist": "Western digits (MNIST)", "arabic": "Arabic-Indic digits", "digits": "Bundled digits"}


@st.cache_resource(max_entries=24, show_spinner="Loading the readers …")
def _reader(path: str, changed: int):
    return load(Run(Path(path)))


def reader(run: Run):
    """The network of a reader's run, and its provenance."""
    file = run.path / "weights" / FILE
    return _reader(str(run.path), file.stat().st_mtime_ns)


def title(run: Run) -> str:
    """What a reader has learned from, in a few words."""
    request, settings = run.request, run.request.settings
    source, kind = request.learned_from or "real", noun_of(run)
    words = f"real {kind}s" if source == "real" else f"{model_title(source)} {kind}s"
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


def scripts() -> dict[str, list[Run]]:
    """The readers by their data set's name, those of the newest reader first; all of one script know the same classes.

    Where own data have changed since, readers of its earlier classes stand by themselves, under a name with a prime.
    """
    found: dict[str, list[Run]] = {}
    for run in reversed(readers(store())):
        try:
            name, classes = run.request.dataset, classes_of_run(run)
        except AlphabetError as fault:
            st.error(f"{run.name} is damaged: {fault}")
            continue
        while name in found and classes_of_run(found[name][0]) != classes:
            name += "′"
        found.setdefault(name, []).insert(0, run)
    return found


def choose() -> list[Run]:
    """Readers to compare, one of each kind by default, all of one script; empty while there are none."""
    known = scripts()
    if not known:
        first_reader()
        return []

    def script_title(name: str) -> str:
        data = known[name][0].request.dataset
        return SCRIPTS.get(data) or f"{datasets.title(data)} ({summary(classes_of_run(known[name][0]))})"

    script = next(iter(known))
    if len(known) > 1:
        script = st.segmented_control(
            "Script", list(known), default=script, format_func=script_title, key="saliency_data", required=True,
            wrap=True, help="Readers of one data set are offered at a time: they know the same characters, laid out "
            "alike.",
        )  # fmt: skip
    here = {r.name: r for r in known[script]}
    first: dict[str, str] = {}
    for run in sorted(here.values(), key=lambda r: -(r.request.accuracy or 0)):
        first.setdefault(run.request.learned_from or "real", run.name)
    order = {"real": 0, "cvae": 1, "cgan": 2}
    default = [first[k] for k in sorted(first, key=lambda k: order.get(k, 3))][:3]
    chosen = st.multiselect(
        "Readers, by what they learned from", list(here), default, format_func=lambda n: title(here[n]),
        key=f"saliency_readers_{script}", max_selections=4,
    )  # fmt: skip
    if len(known) > 1:
        st.caption(f"Only readers of one script compare; these read {summary(classes_of_run(known[script][0]))}.")
    return [here[n] for n in chosen]


def load_all(runs: list[Run]) -> tuple[dict[Run, Reader], Script | None]:
    """The networks that can be read, and what they read; those that cannot, or that read something else, are named."""
    loaded, script = {}, None
    for run in runs:
        try:
            net, metadata = reader(run)
            script = script or Script(run.request.dataset, net.classes, geometry_of(metadata))
        except UserError as fault:
            st.error(str(fault))
            continue
        if net.classes == script.classes:
            loaded[run] = net
        else:
            st.error(f"{run.name} reads other classes than its run says: it is left out.")
    return loaded, script
