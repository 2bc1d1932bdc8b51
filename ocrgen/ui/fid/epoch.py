"""One epoch on the page FID and LFID: its distances class by class, and the samples themselves."""

import streamlit as st

from ocrgen.datasets import classes_of_run
from ocrgen.datasets.alphabet import noun, shown, summary
from ocrgen.metrics.scores import MIN_PER_CLASS
from ocrgen.plots import style as charts
from ocrgen.runs.run import Run
from ocrgen.ui.shared.cache import cached_figure, samples
from ocrgen.ui.shared.markup import literal
from ocrgen.ui.shared.sheets import by_class, class_sheet, labelled
from ocrgen.ui.shared.widgets import picture
from ocrgen.utils.errors import UserError

DISTANCES = {64: "LFID-64", 192: "LFID-192", 768: "LFID-768", 2048: "FID-2048"}
MARK = {64: "lfid_64", 192: "lfid_192", 768: "lfid_768", 2048: "fid_2048"}
REPEATS = (6, 3)  # samples of each class: of digits, of others


def one_epoch(scored: dict[Run, list[dict]], names: dict[Run, str], shades: dict[Run, str]) -> None:
    """By class, and the samples themselves, for an epoch of one's choice."""
    st.subheader("One epoch")
    trained = {run: rows for run, rows in scored.items() if not run.request.untrained}
    epochs = sorted({r["epoch"] for rows in (trained or scored).values() for r in rows})
    if len(epochs) > 1:
        st.caption("Click a point of a chart above, or move the slider.")
    if st.session_state.get("fid_epoch") not in epochs:
        st.session_state["fid_epoch"] = epochs[-1]
    epoch = st.select_slider("Epoch", epochs, key="fid_epoch") if len(epochs) > 1 else epochs[0]
    at = {run: row for run, rows in scored.items() for row in rows if row["epoch"] == epoch or run.request.untrained}
    by_alphabet: dict[tuple[str, ...], list[Run]] = {}
    for run, row in at.items():
        if not row.get("distrusted"):
            by_alphabet.setdefault(classes_of_run(run), []).append(run)
    for place, (classes, runs) in enumerate(by_alphabet.items()):
        bars_by_class(classes, {names[run]: (at[run], shades[run]) for run in runs}, epoch, place)
    for column, run in zip(st.columns(max(2, len(at))), at, strict=False):
        with column:
            try:
                classes = classes_of_run(run)
                per_class = REPEATS[labelled(classes)]
                images = samples(run, at[run]["epoch"], per_class, 0)
            except UserError as fault:  # damaged weights: the scores still stand
                st.warning(str(fault))
                continue
            when = names[run] if run.request.untrained else f"{names[run]}, epoch {epoch}"
            alt = f"Samples of {when}"
            if labelled(classes):
                class_sheet(by_class(images, classes), classes, per_class, alt)
            else:
                picture(images, len(classes), alt)
            st.caption(f"{when}, {summary(classes)}")


def bars_by_class(classes: tuple[str, ...], rows: dict[str, tuple[dict, str]], epoch: int, place: int) -> None:
    """Distances class by class of runs of one alphabet. rows: by name, a run's scores and its colour."""
    distances = {
        tap: {name: (read_per_class(row, MARK[tap], len(classes)), shade) for name, (row, shade) in rows.items()}
        for tap in (64, 192)
    }
    few = {c for bars in distances.values() for values, _ in bars.values() for c, v in enumerate(values) if v is None}
    if len(few) < len(classes):
        for column, (tap, bars) in zip(st.columns(2), distances.items(), strict=True):
            with column:
                title = f"{DISTANCES[tap]} by {noun(classes)}, epoch {epoch}"
                figure = cached_figure(charts.class_bars, title, classes, bars)
                st.plotly_chart(figure, key=f"fid_digits_{tap}" + f"_{place}" * bool(place), alt=title)
    if few:
        named = "all" if len(few) == len(classes) else ", ".join(literal(shown(classes[c])) for c in sorted(few))
        st.caption(
            f"Too few images for a distance of their own, which takes {MIN_PER_CLASS} real and {MIN_PER_CLASS} "
            f"generated ones of a {noun(classes)}: {named}."
        )


def read_per_class(row: dict, name: str, k: int) -> list[float | None]:
    """A distance of each of k classes; None for all if a row does not tell. Earlier versions wrote `per_digit`."""
    values = (row.get("per_class") or row.get("per_digit") or {}).get(name) or []
    return values if len(values) == k else [None] * k
