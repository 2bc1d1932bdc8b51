"""One epoch on the page FID and LFID: its distances in numbers and class by class, and the samples themselves."""

import pandas as pd
import streamlit as st

from ocrgen.datasets import classes_of_run
from ocrgen.datasets.alphabet import noun, shown, summary
from ocrgen.metrics.scores import MIN_PER_CLASS
from ocrgen.plots import style as charts
from ocrgen.runs.run import Run
from ocrgen.ui.fid.scored import DISTANCES, MARK, Scored
from ocrgen.ui.shared.cache import cached_figure, samples
from ocrgen.ui.shared.markup import literal
from ocrgen.ui.shared.sheets import by_class, class_sheet, labelled
from ocrgen.ui.shared.widgets import picture, places
from ocrgen.utils.errors import UserError
from ocrgen.utils.numbers import significant

REPEATS = (6, 3)  # samples of each class: of digits, of others


def one_epoch(scored: Scored, epoch: int) -> None:
    """In numbers, by class, and the samples themselves."""
    at, names, shades = scored.at(epoch), scored.names, scored.shades
    by_alphabet: dict[tuple[str, ...], list[Run]] = {}
    for run in at:
        if not scored.distrusted(run):
            by_alphabet.setdefault(classes_of_run(run), []).append(run)
    numbers({names[run]: at[run] for runs in by_alphabet.values() for run in runs})
    for place, (classes, runs) in enumerate(by_alphabet.items()):
        bars_by_class(classes, {names[run]: (at[run], shades[run]) for run in runs}, epoch, place)
    samples_of(scored, epoch, side_by_side=True)


def numbers(rows: dict[str, dict]) -> None:
    """The distances, coverage and spread of runs, by name, after one epoch; and what real images would score."""
    if not rows:
        return
    table = [
        {"Run": name}
        | {title: significant(row.get(MARK[tap])) for tap, title in DISTANCES.items()}
        | {"Coverage": significant(row.get("coverage")), "Spread": significant(row.get("relative_spread"))}
        for name, row in rows.items()
    ]
    floors = {tuple(row.get(f"floor_{tap}") for tap in DISTANCES) for row in rows.values()}
    for floor in floors:
        real = dict(zip(DISTANCES.values(), map(significant, floor), strict=True))
        table.append({"Run": "Real against real"} | real | {"Coverage": "", "Spread": "1.00"})
    st.dataframe(pd.DataFrame(table), hide_index=True, width="content", height="content")


def samples_of(scored: Scored, epoch: int, side_by_side: bool = False) -> None:
    """The samples of an epoch of each run, below each other or side by side."""
    at, names = scored.at(epoch), scored.names
    columns = places(max(2, min(3, len(at))) if side_by_side else 1)
    for run, column in zip(scored.rows, columns, strict=False):
        with column:
            if run not in at:
                st.caption(f"{names[run]} has no scores of epoch {epoch}.")
                continue
            when = names[run] if run.request.untrained else f"{names[run]}, epoch {epoch}"
            try:
                classes = classes_of_run(run)
                per_class = REPEATS[labelled(classes)]
                images = samples(run, at[run]["epoch"], per_class, 0)
            except UserError as fault:  # damaged weights: the scores still stand
                st.warning(str(fault))
                continue
            alt = f"Samples of {when}"
            st.markdown(f"**{when}**")
            if labelled(classes):
                class_sheet(by_class(images, classes), classes, per_class, alt)
                st.caption(summary(classes))
            else:
                picture(images, len(classes), alt)


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
