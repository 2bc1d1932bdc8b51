"""The page OCR: choose or start a study, read its answer, and look at its views."""

import time
from collections.abc import Callable
from functools import partial

import streamlit as st

from ocrgen.runs.records import RunStatus
from ocrgen.runs.run import Run
from ocrgen.study import Results, verdicts
from ocrgen.study.config import QUICK, describe
from ocrgen.study.headline import headline
from ocrgen.ui.ocr import form, recommendation, summary, views
from ocrgen.ui.ocr.confusion import confusion
from ocrgen.ui.ocr.first import first_results
from ocrgen.ui.ocr.robustness import robustness
from ocrgen.ui.shared.address import one_of
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.progress import job_progress
from ocrgen.ui.shared.results import results_of
from ocrgen.ui.shared.widgets import choose_one, show_errors
from ocrgen.utils.errors import UserError

REFRESH = 10.0  # seconds between two drawings of a running study's views, at least
VIEWS: dict[str, tuple[Callable[[Results, Run], None], Callable[[Results], object]]] = {
    "By training mix": (views.by_arm, lambda r: len(r.readers)),
    "What is decided": (views.decided, lambda r: r.decisions),
    "Labelled images": (views.by_size, lambda r: len(set(r.readers.n_real) - {0}) > 1),
    "Over the epochs": (views.by_epoch, lambda r: (r.summary.kind == "epoch").any()),
    "Robustness": (robustness, lambda r: r.readers.metric.str.startswith("corruption/").any()),
    "Confusion": (confusion, lambda r: r.confusions),
    "Distances": (views.distances, lambda r: r.correlations),
    "Verdicts": (summary.show_verdicts, verdicts),
    "Table": (views.table, lambda r: True),
}  # each with what tells whether a study has something to show in it


def head() -> Run | None:
    """The choice of a study and the form of a new one; returns the chosen one, None if there is none."""
    if form.linked():
        st.session_state["ocr_new"] = True
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run = choose()
        if st.button("New study", icon=":material/add:", key="ocr_new_study"):
            st.session_state["ocr_new"] = True
    if st.session_state.get("ocr_new"):  # drawn anew whenever the page is, or it would close then
        _new_study()
    return run


def _closed() -> None:
    """Forget that the form was open, and the data that a link brought to it."""
    st.session_state["ocr_new"] = False
    st.query_params.pop("data", None)


@st.dialog("New study", width="medium", icon=":material/add:", on_dismiss=_closed)
def _new_study() -> None:
    if form.form():
        _closed()
        st.rerun()


def choose() -> Run | None:
    """The choice of a study, kept in the page's URL; None, with a button for a quick study, if there is none."""
    known = {r.name: r for r in store().list("study")}
    if (started := st.session_state.pop("ocr_next", None)) in known:
        st.session_state["ocr_run"] = started
    if not known:
        with st.container(border=True):
            st.subheader("No study yet")
            st.write("Compare OCR models of real and of generated images: a few minutes on the bundled digits.")
            if st.button("Run a quick study of the bundled digits", type="primary", key="ocr_quick") and show_errors(
                form.start, QUICK
            ):
                st.rerun()
        return None
    done = [n for n, r in known.items() if (r.path / "results.json").exists()]
    return choose_one("Study", known, "ocr", (done or list(known))[-1])


def progress(run: Run) -> None:
    """The state of a study that is not done, with buttons to cancel or resume it; its views follow by themselves."""
    if run.shipped or run.read_status().state == "done":
        return
    drawn, at = run.read_status().step, time.monotonic()

    def follow(status: RunStatus) -> None:
        """Draw the page again where further tasks have ended, now and then."""
        if status.alive and status.step > drawn and time.monotonic() > at + REFRESH:
            st.rerun(scope="app")

    every = 2.0 if run.alive else None
    job_progress(
        lambda: [run], lambda s: f"{s.step:,} of {s.total:,} tasks", keys="ocr_{action}", every=every, more=follow
    )


def _report(run: Run, results: Results) -> str:
    """The report as HTML, made on download only; its imports are slow."""
    from ocrgen.report.page import report

    return report(run, results)


def offered(results: Results) -> list[str]:
    """The views that have something to show of a study."""
    return [name for name, (_, has) in VIEWS.items() if has(results)]


def show(run: Run) -> None:
    """A study's results: answer, views, downloads, and the command to repeat it."""
    try:
        results = results_of(run)
    except UserError as fault:
        st.error(str(fault))
        return
    for failure in results.failures[:5]:
        st.warning(f"{failure['key']}: {failure['error']}")
    if results.table.empty or run.alive and not headline(results):
        st.info(first_results(run, results), icon=":material/schedule:")
        return
    summary.show_answer(run, results)
    first = "What is decided" if results.config.until_decided and results.decisions else "By training mix"
    view = one_of(
        st.segmented_control, "View", offered(results), name="view", key="ocr_view", default=first, required=True,
        wrap=True,
    )  # fmt: skip
    VIEWS[view][0](results, run)
    st.download_button(
        "Report (HTML)", partial(_report, run, results), f"report-{run.name}.html", "text/html", key="ocr_report",
        on_click="ignore", icon=":material/description:", help="one file to read, print and pass on",
    )  # fmt: skip
    recommendation.downloads(run, results)
    with st.expander("Command line", icon=":material/terminal:"):
        st.code(describe(results.config), language=None, wrap_lines=True)
        if data := run.request.data:
            st.caption(f"Training images: {data['train']['n']:,}, fingerprint {data['train'].get('fingerprint')}.")
