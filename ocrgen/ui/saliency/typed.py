"""Type the characters you need: an OCR model of them, trained on rendered images alone; and trainings at work."""

import streamlit as st

from ocrgen.datasets.alphabet import split_characters
from ocrgen.readers.request import ReaderRequest
from ocrgen.runs import jobs
from ocrgen.runs.records import RunStatus
from ocrgen.runs.run import Run
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.progress import job_progress
from ocrgen.ui.shared.widgets import show_errors
from ocrgen.utils.errors import UserError


def offer() -> None:
    """The field, and the trainings below it."""
    field()
    progress()


def progress() -> None:
    """The trainings at work: outside the popover, which hides what stands behind it while it is open."""
    job_progress(_followed, _doing, keys="saliency_{action}_{run}", every=1.0, ended=_ended)


def start(request: ReaderRequest, about: str) -> None:
    """Submit a training; its OCR model is chosen by itself once done (`take_own`). UserError if the queue is full."""
    run = jobs.start(store(), "reader", request.model_dump(), about)
    st.session_state["saliency_own"] = run.name
    _names().clear()  # what has ended before needs no more telling


def take_own(ended: list[str]) -> str | None:
    """The OCR model whose training this session has started, if it is among these that have ended; told only once."""
    if st.session_state.get("saliency_own") not in ended:
        return None
    return st.session_state.pop("saliency_own")


# In a fragment of its own: neither opening it nor typing draws all maps anew.
@st.fragment
def field() -> None:
    """The field for characters of one's own, in a popover."""
    if st.session_state.pop("saliency_typed_started", False):
        st.session_state["saliency_typed_open"] = False
    with (
        st.popover("Other characters", key="saliency_typed_open", on_change="rerun"),
        st.form("saliency_typed_form", border=False),
    ):
        text = st.text_input(
            "Type the characters you need", key="saliency_typed", max_chars=400, placeholder="ABCDEF",
            help="Each is a class; put spaces between texts of several letters.",
        )  # fmt: skip
        st.caption(
            "An OCR model for them learns from characters rendered from fonts and pen strokes, without a labelled "
            "image, in about a minute."
        )
        if st.form_submit_button("Train an OCR model", type="primary") and show_errors(_start_typed, text):
            st.session_state["saliency_typed_started"] = True
            st.rerun()


def _start_typed(text: str) -> None:
    """Submit the training. UserError if the text holds less than two characters, or the queue is full."""
    if len(set(text) - {" "}) < 2:
        raise UserError("Type at least two different characters.")
    split_characters(text)  # tells at once what the job would only find out
    start(ReaderRequest(dataset="", characters=text, generator="rendered"), "reader-rendered")


def _names() -> set[str]:
    """The trainings that this session has seen at work, but for those that are done."""
    return st.session_state.setdefault("saliency_followed", set())


def _followed() -> list[Run]:
    """The trainings at work, whoever started them, and those that this session has seen fail or be cancelled."""
    runs = [run for run in store().list("reader") if run.alive or run.name in _names()]
    _names().update(run.name for run in runs)
    return runs


def _doing(status: RunStatus) -> str:
    if status.state == "queued":
        return "Queued …"
    if not status.step:
        return "Preparing the images …"
    return "Training the OCR model …" if status.step < status.total else "Learning what is not a character …"


def _ended(run: Run, status: RunStatus) -> None:
    if status.state == "done":
        _names().discard(run.name)
