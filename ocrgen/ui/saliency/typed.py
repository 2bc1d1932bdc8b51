"""Type the characters you need: a reader of them, trained from rendered images alone."""

import streamlit as st

from ocrgen.datasets.alphabet import split_characters
from ocrgen.readers.request import ReaderRequest
from ocrgen.runs import jobs
from ocrgen.ui.shared.cache import store
from ocrgen.ui.shared.progress import job_progress
from ocrgen.ui.shared.widgets import show_errors


def offer() -> None:
    """The field, the button, and the progress of the training."""
    with st.popover("Type the characters you need"):
        text = st.text_input(
            "Characters", key="saliency_typed", max_chars=400, placeholder="ABCDEF",
            help="Each is a class; put spaces between texts of several letters.",
        )  # fmt: skip
        st.caption(
            "A reader of them learns from characters rendered from fonts and pen strokes, without a labelled image, in "
            "about a minute."
        )
        if st.button("Train a reader", key="saliency_typed_start", disabled=not text.strip()):
            show_errors(_start, text)

    # Outside the popover, whose content stops refreshing when it is closed.
    def ended(run, status) -> None:
        if status.state == "done":
            st.session_state["saliency_typed_new"] = run.name

    job_progress(
        lambda: [run for run in store().list("reader") if run.request.settings.get("characters")][-1:],
        lambda status: "Training the reader …",
        every=1.0,
        ended=ended,
    )


def _start(text: str) -> None:
    """Submit the training. UserError if the text holds less than two characters, or the queue is full."""
    split_characters(text)  # tells at once what the job would only find out
    settings = ReaderRequest(dataset="", characters=text, generator="rendered").model_dump()
    jobs.start(store(), "reader", settings, "reader-rendered")
