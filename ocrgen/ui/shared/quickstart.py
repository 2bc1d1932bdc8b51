"""Start a training from a page, and the one-click start that trains both generators."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from pydantic import ValidationError

from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.ui.shared.cache import store
from ocrgen.utils.errors import UserError

if TYPE_CHECKING:
    from ocrgen.generators.config import TrainRequest

QUICK = "Train both on the bundled digits"
QUICK_EPOCHS = 60  # fewer than auto chooses: enough to read the digits, in about a minute for both


def checked(
    model: str, dataset: str, preset: str = "fast", train: dict | None = None, config: dict | None = None
) -> "TrainRequest":
    """The request of a training, its settings checked in full. UserError, in words, if one is off."""
    from ocrgen.generators import generators
    from ocrgen.generators.config import TrainRequest

    try:
        values = {"dataset": dataset, "model": model, "preset": preset, "train": train or {}}
        base = generators()[model].presets[preset].model_dump()
        return TrainRequest.model_validate(values | {"config": base | (config or {})})
    except ValidationError as fault:
        first = fault.errors()[0]
        told = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{first['loc'][-1] if first['loc'] else 'settings'}: {told}") from fault


def start(request: "TrainRequest", label: str = "") -> Run:
    """Submit a training. UserError if the queue is full."""
    about = f"{request.model}-{Path(request.dataset).stem}"
    return jobs.start(store(), "train", request.model_dump(mode="json"), about, label)


def show_new(run: Run) -> None:
    """Select a run that has just been made, and no other."""
    st.session_state["train_runs"] = [run.name]


def start_both() -> None:
    """The one-click beginning: both generators on the bundled digits."""
    st.session_state["train_runs"] = both = []
    for model in ("cvae", "cgan"):
        both.append(start(checked(model, "digits", train={"epochs": QUICK_EPOCHS})).name)
