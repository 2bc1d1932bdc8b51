"""Start a training from a page, and the one-click start that trains both generators."""

from typing import TYPE_CHECKING

import streamlit as st

from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.ui.shared.cache import store

if TYPE_CHECKING:
    from ocrgen.generators.config import TrainRequest

QUICK = "Train both on the bundled digits"
QUICK_EPOCHS = 60  # fewer than auto chooses: enough to read the digits, in about a minute for both


def start(request: "TrainRequest", label: str = "") -> Run:
    """Submit a training. UserError if the queue is full."""
    return jobs.start(store(), "train", request.model_dump(mode="json"), request.about, label)


def show_new(run: Run) -> None:
    """Select a run that has just been made, and no other."""
    st.session_state["train_runs"] = [run.name]


def start_both() -> None:
    """The one-click beginning: both generators on the bundled digits."""
    from ocrgen.generators.config import request_of

    st.session_state["train_runs"] = both = []
    for model in ("cvae", "cgan"):
        both.append(start(request_of(model, "digits", train={"epochs": QUICK_EPOCHS})).name)
