"""Real characters beside each generator's, from the sheets of samples that trainings have saved."""

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from ocrgen import datasets
from ocrgen.datasets.alphabet import noun, summary
from ocrgen.plots import style as charts
from ocrgen.runs.run import Run
from ocrgen.ui.shared import selection as choices
from ocrgen.ui.shared.cache import load_data_set, store
from ocrgen.ui.shared.sheets import by_class, class_sheet, labelled, saved_images
from ocrgen.ui.shared.widgets import classes_if_known, link, picture
from ocrgen.utils.errors import UserError

ROWS = 4  # images of each class in a sheet
# As in `generators()`, which would import torch before the first page opens; in the order in which they are shown.
TITLES = {"rendered": "Rendered", "cvae": "CVAE", "cgan": "CGAN", "flow": "Flow matching"}


def pick(runs: list[Run]) -> dict[str, Run]:
    """One run of each generator, by its name, all of one data set.

    Where trained generators are shipped, these alone: whatever somebody tries, the showcase stays. Else the data set is
    that with runs of most generators; among equals MNIST, or else that of the newest run. Of a generator's runs a
    finished one is preferred, then the one that has learned from most images, then the last of `runs`.
    """
    by_dataset: dict[str, dict[str, Run]] = {}
    for run in sorted([r for r in runs if r.shipped] or runs, key=_learning):
        by_dataset.setdefault(run.request.dataset, {})[run.request.model] = run
    if not by_dataset:
        return {}
    newest = {name: max(r.request.created for r in models.values()) for name, models in by_dataset.items()}
    name = max(by_dataset, key=lambda n: (len(by_dataset[n]), n == "mnist", newest[n]))
    order = {model: i for i, model in enumerate(TITLES)}
    return dict(sorted(by_dataset[name].items(), key=lambda kv: (order.get(kv[0], len(order)), kv[0])))


def _learning(run: Run) -> tuple[bool, int]:
    """How far a run's training has come: whether it is done, and how many images it has seen, epoch by epoch."""
    return run.state == "done", max(run.drawn_epochs(), default=0) * (run.request.n_images("train") or 1)


@st.cache_data(max_entries=4, show_spinner="Reading the data …")
def real_images(dataset: str, root: str, classes: tuple[str, ...]) -> np.ndarray:
    """Real training images, uint8 (n * K, 28, 28), the K classes in turn. UserError if they are not available.

    root: folder of the data, part of the cache key.
    """
    from ocrgen.generators.reference_grid import pick_reference  # imports torch

    train = load_data_set(dataset, root).train.relabelled(classes)
    return pick_reference(train)


def show() -> None:
    """Sheets of real images and of each generator's side by side; where there are no runs, buttons to start one."""
    runs = pick([r for r in store().list("train") if r.drawn_epochs() and classes_if_known(r)])
    if not runs:
        st.header("Real and generated digits")
        choices.nothing_yet("overview")
        return
    first = next(iter(runs.values()))
    classes = datasets.classes_of_run(first)
    one, each = noun(classes), f"{ROWS} of each of the {summary(classes)}"
    st.header(f"Real and generated {one}s")
    name = datasets.title(first.request.dataset)
    places = st.columns(1 + len(runs))
    with places[0]:
        choices.heading(f"Real: {name}", charts.REAL)
        show_sheet(partial(load_real, list(runs.values()), classes), classes, f"Real handwriting from {name}: {each}")
        st.caption("Written by people; the generators learned from such images.")
    for column, (model, run) in zip(places[1:], runs.items(), strict=True):
        with column:
            title = TITLES.get(model, model)
            choices.heading(title, charts.hue(model))
            grids = run.grids()
            best = run.read_status().best_epoch
            epoch = best if best in grids else max(grids)
            own = datasets.classes_of_run(run)
            alt = f"{title}: {ROWS} generated images of each of the {summary(own)}"
            show_sheet(partial(saved_images, grids[epoch], len(own)), own, alt)
            st.caption(_learned(run, epoch))
            link("3_Gallery", f"View samples: {title}", query_params={"run": run.name}, icon=":material/grid_view:")


def _learned(run: Run, epoch: int) -> str:
    """What a generator has learned from by this epoch."""
    if run.request.untrained:
        return "Drawn from fonts and pen strokes; no labelled image seen."
    n_train = run.request.n_images("train")
    return f"After epoch {epoch}" + (f"; {n_train:,} labelled images seen." if n_train else ".")


def load_real(runs: list[Run], classes: tuple[str, ...]) -> np.ndarray:
    """Images that the generators learned from: the sheet that a run has saved, else some of the data set.

    UserError if the sheet is damaged, or neither is available.
    """
    kept = next((f for r in runs if (f := r.path / "samples" / "real.png").exists()), None)
    if kept:
        return saved_images(kept, len(classes))
    return real_images(runs[0].request.dataset, str(datasets.data_root()), classes)


def show_sheet(load: Callable[[], np.ndarray], classes: tuple[str, ...], alt: str) -> None:
    """Show the first ROWS of each class of images that `load` returns in turn; or its UserError as one line."""
    try:
        images = load()
    except UserError as fault:
        st.info(str(fault))
        return
    if labelled(classes):
        class_sheet(by_class(images, classes)[:, :ROWS], classes, ROWS, alt)
    else:  # a column each
        picture(images[: ROWS * len(classes)], len(classes), alt)
