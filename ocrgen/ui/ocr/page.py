"""The page OCR: choose or start a study, read its results in words, and look at its views."""

from functools import partial

import streamlit as st

from ocrgen.runs.records import RunStatus
from ocrgen.runs.run import Run
from ocrgen.study import Results
from ocrgen.study.config import QUICK, describe
from ocrgen.ui.ocr import form, recommendation, summary, views
from ocrgen.ui.ocr.confusion import confusion
from ocrgen.ui.shared.address import one_of
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.progress import job_progress
from ocrgen.ui.shared.results import results_of
from ocrgen.ui.shared.widgets import choose_one, show_errors
from ocrgen.utils.errors import UserError

VIEWS = {
    "By training mix": views.by_arm,
    "What is decided": views.decided,
    "Labelled images": views.by_size,
    "Over the epochs": views.by_epoch,
    "Robustness": views.robustness,
    "Confusion": confusion,
    "Distances": views.distances,
    "Table": views.table,
}


def head() -> Run | None:
    """The choice of a study and the form of a new one; returns the chosen one, None if there is none."""
    linked = form.linked()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run = choose()
        if not linked:
            with st.popover("New study", icon=":material/add:"):
                form.form()
    if linked:
        with st.expander("New study", expanded=True, icon=":material/add:"):
            form.form()
    return run


def choose() -> Run | None:
    """The choice of a study, kept in the page's URL; None, with a button for a quick study, if there is none."""
    known = {r.name: r for r in store().list("study")}
    if (started := st.session_state.pop("ocr_next", None)) in known:
        st.session_state["ocr_run"] = started
    if not known:
        with st.container(border=True):
            st.subheader("No study yet")
            st.write("Compare readers trained on real and on generated images: a few minutes on the bundled digits.")
            if st.button("Run a quick study of the bundled digits", type="primary", key="ocr_quick") and show_errors(
                form.start, QUICK
            ):
                st.rerun()
        return None
    done = [n for n, r in known.items() if (r.path / "results.json").exists()]
    return choose_one("Study", known, "ocr", (done or list(known))[-1])


def progress(run: Run) -> None:
    """The state of a study that is not done, with buttons to cancel or resume it."""
    if run.shipped or run.read_status().state == "done":
        return

    def refresh(status: RunStatus) -> None:
        if status.alive and status.step:
            st.button("Show what is there", key="ocr_refresh", help="draw the views again with the tasks done so far")

    every = 2.0 if run.alive else None
    job_progress(
        lambda: [run], lambda s: f"{s.step} of {s.total} tasks", keys="ocr_{action}", every=every, more=refresh
    )


def _report(run: Run, results: Results) -> str:
    """The report as HTML, made on download only; its imports are slow."""
    from ocrgen.report.page import report

    return report(run, results)


def show(run: Run) -> None:
    """A study's results: banner, answer, recommendation, verdicts, views, downloads, and the command to repeat it."""
    try:
        results = results_of(run)
    except UserError as fault:
        st.error(str(fault))
        return
    for failure in results.failures[:5]:
        st.warning(f"{failure['key']}: {failure['error']}")
    if results.table.empty:
        st.caption("The first figures appear with the first task.")
        return
    summary.show_banner(results)
    summary.show_answer(run, results)
    recommendation.show_advice(results)
    summary.show_verdicts(results)
    first = "What is decided" if results.config.until_decided else "By training mix"
    view = one_of(
        st.segmented_control, "View", list(VIEWS), name="view", key="ocr_view", default=first, required=True, wrap=True
    )
    VIEWS[view](results, run)
    st.download_button(
        "Report (HTML)", partial(_report, run, results), f"report-{run.name}.html", "text/html", key="ocr_report",
        on_click="ignore", icon=":material/description:", help="one file to read, print and pass on",
    )  # fmt: skip
    recommendation.take_home(run, results)
    with st.expander("Repeat it from a shell"):
        st.code(describe(results.config), language=None, wrap_lines=True)
        if data := run.request.data:
            st.caption(f"Training images: {data['train']['n']:,}, fingerprint {data['train'].get('fingerprint')}.")
