"""The right half of the Train page: the runs to watch, their state, curves and samples."""

from pathlib import Path

import streamlit as st

from ocrgen import datasets
from ocrgen.datasets.alphabet import summary
from ocrgen.plots import curves as charts
from ocrgen.plots.style import shades
from ocrgen.runs.compare import by_settings
from ocrgen.runs.records import RunStatus
from ocrgen.runs.run import Run
from ocrgen.runs.tags import read_tags
from ocrgen.ui.shared.address import one_of
from ocrgen.ui.shared.cache import cached_figure, curves, pace, store
from ocrgen.ui.shared.chart import live_chart
from ocrgen.ui.shared.markup import heading
from ocrgen.ui.shared.quickstart import QUICK, start_both
from ocrgen.ui.shared.sheets import by_class, class_sheet, labelled, saved_images
from ocrgen.ui.shared.widgets import model_title, places, run_title, sheet, show_errors
from ocrgen.ui.train.status import run_line
from ocrgen.ui.train.table import choose, table
from ocrgen.utils.errors import UserError

FEW = 4  # images of each class where each has a picture of its own
SCALES = ["linear", "log"]


def runs() -> None:
    """Choose runs, watch them, and act on them."""
    looked = {run: run.read_status() for run in store().list()}
    known = {r.name: r for r, status in looked.items() if status.state == "damaged" or r.request.verb == "train"}
    if not known:
        with st.container(border=True):
            st.subheader("No runs yet")
            st.write(
                "Train a CVAE and a CGAN on 1,317 real handwritten digits: about a minute for both, every step in view."
            )
            if st.button(QUICK, type="primary", key="train_quick") and show_errors(start_both):
                st.rerun()
        return
    ended = {run: looked[run] for run in known.values() if not looked[run].alive}
    moving = len(ended) < len(known)
    live = st.session_state.get("train_live", True)

    @st.fragment(run_every=pace() if live and moving else None)
    def watch() -> None:
        pace()  # still here
        statuses = {run: ended.get(run) or run.read_status() for run in known.values()}
        chosen = choose(known)
        colours = shades(run for run in chosen if statuses[run].state != "damaged")
        here = store()
        tags = {run: read_tags(run, here) for run in statuses}
        with st.container():
            table(known, statuses, tags, chosen, colours)
        if chosen:
            show(chosen, statuses, sorted({tag for own in tags.values() for tag in own}), colours, moving, live)
        else:
            st.info("Tick one or several runs above: their curves are drawn over each other.")
        if live and moving and not any(s.alive for s in statuses.values()):
            st.rerun()  # all have ended: stop polling

    watch()


def show(
    chosen: list[Run],
    statuses: dict[Run, RunStatus],
    tags: list[str],
    colours: dict[Run, str],
    moving: bool,
    live: bool,
) -> None:
    """State, newest samples and curves of the chosen runs; tags: all that are in use."""
    # What comes and goes has places of its own: a chart that is moved down would be made anew, without its zoom.
    with st.container():
        for run in chosen:
            run_line(run, statuses[run], colours.get(run), tags)
    with st.container():
        samples(chosen, colours)
    groups = by_settings([run for run in chosen if run in colours])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        axis = one_of(
            st.segmented_control, "X axis", list(charts.AXES), name="axis", key="train_axis",
            format_func=charts.AXES.__getitem__, required=True,
        )  # fmt: skip
        scale = one_of(st.segmented_control, "Scale", SCALES, name="scale", key="train_scale", required=True)
        strength = st.slider("Smoothing", 0.0, 0.98, 0.6, 0.02, key="train_smoothing", width=160)
        grouped = any(len(group) > 1 for group in groups) and st.toggle(
            "Group seeds", True, key="train_seeds", help="one line for runs that differ in nothing but the seed"
        )
        # How often the page looks is set where it begins.
        if moving and live != st.toggle("Live", True, key="train_live", help="off: nothing moves while you read"):
            st.rerun()
    with st.container():
        if grouped:
            st.caption("Runs that differ in nothing but the seed: their mean, one standard deviation to either side.")
    if not grouped:
        groups = [[run] for group in groups for run in group]
    draw(groups, statuses, colours, axis, scale == "log", strength)


def samples(chosen: list[Run], colours: dict[Run, str]) -> None:
    """The newest samples of each run, beside each other."""
    grids = [(run, files) for run in chosen if (files := run.grids())]
    for column, (run, files) in zip(st.columns(max(3, len(grids))), grids, strict=False):
        epoch = max(files)
        with column:
            try:
                _sheet(run, files[epoch], epoch, colours.get(run))
            except (OSError, UserError):
                st.warning(f"{run.name}: samples/{files[epoch].name} is damaged; the next epoch writes a new one.")


def _sheet(run: Run, file: Path, epoch: int, colour: str | None) -> None:
    """A sheet of samples that a training has left. OSError or UserError if it, or its class texts, are damaged."""
    classes = datasets.classes_of_run(run)
    images, about = saved_images(file, len(classes)), f"{summary(classes)} after epoch {epoch} of {run_title(run)}"
    if colour:
        heading(f"#{run.number} {model_title(run.request.model)}", colour)
    if labelled(classes):
        alt = f"{FEW} generated images of each of the {about}"
        class_sheet(by_class(images, classes)[:, :FEW], classes, FEW, alt)
    else:
        alt = f"{len(images) // len(classes)} generated images of each of the {about}"
        st.image(_png(str(file), file.stat().st_mtime_ns, len(classes)), width="stretch", output_format="PNG", alt=alt)
    st.caption(f"Epoch {epoch}, same random codes each epoch")


@st.cache_data(max_entries=64, show_spinner=False)
def _png(path: str, changed: int, columns: int) -> bytes:
    """A sheet that a training has left, tiled without gaps."""
    return sheet(saved_images(Path(path), columns), columns, zoom=2, gap=0)


def draw(
    groups: list[list[Run]],
    statuses: dict[Run, RunStatus],
    colours: dict[Run, str],
    axis: str,
    log: bool,
    strength: float,
) -> None:
    """The curves of runs over each other; of a group of several, their mean and spread."""
    lines: dict[str, charts.Line] = {}
    for group in groups:
        found = {run: rows for run in group if len(rows := curves(run))}
        if found:
            first = next(iter(found))
            label = f"#{first.number} {model_title(first.request.model)}"
            if len(found) > 1:
                asked = first.request
                label = f"{model_title(asked.model)} · {datasets.title(asked.dataset)} · {asked.settings.get('preset')}"
                label = f"{label}, {len(found)} seeds"
            lines[label] = tuple(found.values()), colours[first], statuses[first].per_epoch or 1
    if not lines and any(statuses[run].alive for group in groups for run in group):
        st.caption("The first points appear within seconds of the start.")
    tables = [rows for line in lines.values() for rows in line[0]]
    for group, place in zip(charts.groups(tables), places(2), strict=False):
        with place:
            figure = cached_figure(charts.learning_curves, lines, group, axis, log, strength)
            alt = f"{charts.TITLES.get(group, group)} by {charts.AXES[axis].lower()} for {', '.join(lines)}"
            live_chart(figure, f"train_chart_{group}", alt)
