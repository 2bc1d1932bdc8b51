"""Real digits beside each generator's, from the sheets of samples that trainings have saved."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from ocrgen import datasets
from ocrgen.datasets.base import CLASSES, SIZE
from ocrgen.imaging.render import tile, to_png
from ocrgen.plots import style as charts
from ocrgen.runs.run import Run
from ocrgen.ui.shared import selection as choices
from ocrgen.ui.shared.cache import load_data_set, store
from ocrgen.ui.shared.widgets import link
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError

ROWS = 4  # images of each digit in a sheet
TITLES = {"cvae": "CVAE", "cgan": "CGAN"}


def pick(runs: list[Run]) -> dict[str, Run]:
    """One run of each generator, by its name, all of one data set.

    The data set is that with runs of most generators; among equals MNIST, or else that of the newest run. Of a
    generator's runs a finished one is preferred, then the last of `runs`.
    """
    by_dataset: dict[str, dict[str, Run]] = {}
    for run in sorted(runs, key=lambda r: r.state == "done"):
        by_dataset.setdefault(run.request.dataset, {})[run.request.model] = run
    if not by_dataset:
        return {}
    newest = {name: max(r.request.created for r in models.values()) for name, models in by_dataset.items()}
    name = max(by_dataset, key=lambda n: (len(by_dataset[n]), n == "mnist", newest[n]))
    order = {model: i for i, model in enumerate(TITLES)}
    return dict(sorted(by_dataset[name].items(), key=lambda kv: (order.get(kv[0], len(order)), kv[0])))


@st.cache_data(max_entries=16, show_spinner=False)
def saved_sheet(path: str, changed: int) -> bytes:
    """The first ROWS rows of a saved sheet, as PNG. UserError if the file is damaged.

    changed: its modification time, part of the cache key.
    """
    file = Path(path)
    try:
        verify(file)
        pixels = np.asarray(Image.open(file, formats=["PNG"]).convert("L"))
        return to_sheet(pixels.reshape(-1, SIZE, CLASSES, SIZE).swapaxes(1, 2).reshape(-1, SIZE, SIZE))
    except (OSError, ValueError, SyntaxError) as fault:
        raise UserError(f"{file.parents[1].name}: samples/{file.name} is damaged and not shown.") from fault


@st.cache_data(max_entries=4, show_spinner="Reading the data …")
def real_sheet(dataset: str, root: str) -> bytes:
    """A sheet of real training images, as PNG. UserError if the data set is not available.

    root: folder of the data, part of the cache key.
    """
    from ocrgen.generators.reference_grid import pick_reference  # imports torch

    return to_sheet(pick_reference(load_data_set(dataset, root).train))


def to_sheet(images: np.ndarray) -> bytes:
    """The first ROWS images of each digit, of images uint8 (N, 28, 28) that show 0 to 9 in turn, as PNG."""
    return to_png(tile(images[: ROWS * CLASSES], CLASSES, gap=2, paper=48), zoom=3)


def show() -> None:
    """Sheets of real digits and of each generator's side by side; where there are no runs, buttons to start one."""
    st.header("Real digits, and digits that nobody wrote")
    runs = pick([r for r in store().list("train") if r.grids()])
    if not runs:
        choices.nothing_yet("overview")
        return
    first = next(iter(runs.values()))
    dataset = first.request.dataset
    name = datasets.title(dataset)
    places = st.columns(1 + len(runs))
    with places[0]:
        choices.heading(f"Real: {name}", charts.REAL)
        show_sheet(load_real, list(runs.values()), alt=f"Real handwriting from {name}: {ROWS} of each digit 0 to 9")
        st.caption("Written by people; what the generators learned from.")
    for column, (model, run) in zip(places[1:], runs.items(), strict=True):
        with column:
            title = TITLES.get(model, model)
            choices.heading(title, charts.hue(model))
            grids = run.grids()
            best = run.read_status().best_epoch
            epoch = best if best in grids else max(grids)
            show_sheet(load_saved, grids[epoch], alt=f"{title}: {ROWS} generated images of each digit 0 to 9")
            n_train = run.request.n_images("train")
            st.caption(f"After epoch {epoch}" + (f"; {n_train:,} labelled images seen." if n_train else "."))
            link("3_Gallery", f"More by this {title}", query_params={"run": run.name}, icon=":material/grid_view:")


def load_saved(file: Path) -> bytes:
    """The sheet saved in `file`, as PNG. UserError if it is damaged."""
    return saved_sheet(str(file), file.stat().st_mtime_ns)


def load_real(runs: list[Run]) -> bytes:
    """Images that the generators learned from, as PNG: the sheet that a run has saved, else one from the data set.

    UserError if the sheet is damaged, or neither is available.
    """
    kept = next((f for r in runs if (f := r.path / "samples" / "real.png").exists()), None)
    if kept:
        return load_saved(kept)
    return real_sheet(runs[0].request.dataset, str(datasets.data_root()))


def show_sheet(load: Callable[[Any], bytes], source: Any, alt: str) -> None:
    """Show the sheet that `load(source)` returns, or its UserError as one line."""
    try:
        st.image(load(source), width="stretch", alt=alt)
    except UserError as fault:
        st.info(str(fault))
