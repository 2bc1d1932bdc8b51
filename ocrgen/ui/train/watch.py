"""The right half of the Train page: the runs to watch, their state, samples and curves."""

from pathlib import Path

import streamlit as st

from ocrgen import datasets
from ocrgen.datasets.alphabet import summary
from ocrgen.plots import style as charts
from ocrgen.runs.records import ALIVE, RunStatus
from ocrgen.runs.run import Run
from ocrgen.ui.shared.cache import cached_figure, curves, pace, store
from ocrgen.ui.shared.progress import job_buttons, run_status
from ocrgen.ui.shared.quickstart import QUICK, start_both
from ocrgen.ui.shared.sheets import by_class, class_sheet, labelled, saved_images
from ocrgen.ui.shared.widgets import (
    choose_runs,
    link,
    model_title,
    noun_of,
    places,
    run_title,
    sheet,
    show_errors,
)
from ocrgen.utils.errors import UserError

FEW = 4  # images of each class where each has a picture of its own


def runs() -> None:
    """Choose runs, watch them, and act on them."""
    known = {r.name: r for r in store().list() if not (r.state != "damaged" and r.request.verb != "train")}
    if not known:
        with st.container(border=True):
            st.subheader("No runs yet")
            st.write(
                "Train a CVAE and a CGAN on 1,317 real handwritten digits: about a minute for both, every step in view."
            )
            if st.button(QUICK, type="primary", key="train_quick") and show_errors(start_both):
                st.rerun()
        return
    selected = choose_runs(known, "train_runs")
    if not selected:
        st.info("Choose one or several runs above: their curves are drawn over each other.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        live = st.toggle("Live", True, key="train_live", help="off: nothing moves while you zoom and read")
        log = (
            st.segmented_control("Scale", ["linear", "log"], default="linear", key="train_scale", required=True)
            == "log"
        )
        axis = st.segmented_control(
            "Along",
            list(charts.AXES),
            default="step",
            format_func=charts.AXES.__getitem__,
            key="train_axis",
            required=True,
        )
        strength = st.slider("Smoothing", 0.0, 0.98, 0.6, 0.02, key="train_smoothing", width=180)
    moving = any(r.alive for r in selected)

    @st.fragment(run_every=pace() if live and moving else None)
    def watch() -> None:
        pace()  # still here
        statuses = [(run, run.read_status()) for run in selected]
        for run, status in statuses:
            run_status(run, status, actions)
        draw(statuses, axis, log, strength)
        if live and moving and not any(s.alive for _, s in statuses):
            st.rerun()  # all have ended: stop polling

    watch()


def actions(run: Run, status: RunStatus) -> None:
    """The buttons that make sense in its state, small, in the run's own line."""
    if run.epochs():
        link("3_Gallery", f"its {noun_of(run)}s", query_params={"run": run.name}, icon=":material/grid_view:")
    if run.shipped:
        return
    job_buttons(run, status, "train_{action}_{run}")
    if status.state not in ALIVE:
        with st.popover("Delete", icon=":material/delete:", type="tertiary"):
            st.write(f"Delete {run_title(run)} with its weights and curves? This cannot be undone.")
            if st.button("Delete for good", key=f"train_delete_{run.name}") and show_errors(store().delete, run):
                st.rerun()


def samples(run: Run, file: Path, epoch: int) -> None:
    """A sheet of samples that a training has left. OSError or UserError if it, or its class texts, are damaged."""
    classes = datasets.classes_of_run(run)
    images, title = saved_images(file, len(classes)), run_title(run)
    about, below = f"{summary(classes)} after epoch {epoch} of {title}", f"#{run.number} after epoch {epoch}"
    if labelled(classes):
        alt = f"{FEW} generated images of each of the {about}"
        class_sheet(by_class(images, classes)[:, :FEW], classes, FEW, alt)
        st.caption(f"{below}, on noise that stays the same")
        return
    st.image(
        sheet(images, len(classes), gap=0),
        width="stretch",
        caption=f"{below}, on noise that stays the same",
        alt=f"{len(images) // len(classes)} generated images of each of the {about}",
    )


def draw(statuses: list[tuple[Run, RunStatus]], axis: str, log: bool, strength: float) -> None:
    """The newest samples of each run, and their curves over each other."""
    grids = [(run, files) for run, _ in statuses if (files := run.grids())]
    for column, (run, files) in zip(st.columns(max(2, len(grids))), grids, strict=False):
        epoch = max(files)
        with column:
            try:
                samples(run, files[epoch], epoch)
            except (OSError, UserError):
                st.warning(f"{run.name}: samples/{files[epoch].name} is damaged; the next epoch writes a new one.")
    lines = {}
    for run, status in statuses:
        if status.state == "damaged":
            continue
        model = run.request.model
        table = curves(run)
        if len(table):
            label = f"#{run.number} {model_title(model)}"
            lines[label] = (table, charts.colour(model, run.number), status.per_epoch or 1)
    if not lines and any(s.alive for _, s in statuses):
        st.caption("The first points appear within seconds of the start.")
    for group, place in zip(charts.groups([t for t, *_ in lines.values()]), places(2), strict=False):
        with place:
            figure = cached_figure(charts.learning_curves, lines, group, axis, log and group != "verdict", strength)
            alt = f"{charts.TITLES.get(group, group)} by {charts.AXES[axis].lower()} for {', '.join(lines)}"
            st.plotly_chart(figure, key=f"train_chart_{group}", config={"displaylogo": False}, alt=alt)
