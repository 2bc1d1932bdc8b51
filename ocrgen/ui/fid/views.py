"""The views of the page FID and LFID over the epochs: distances, what they miss, their cost and worth."""

import pandas as pd
import streamlit as st

from ocrgen.metrics.measures import columns as measured
from ocrgen.plots import style as charts
from ocrgen.runs.run import Run
from ocrgen.ui.fid.epoch import samples_of
from ocrgen.ui.fid.scored import DISTANCES, MARK, Scored
from ocrgen.ui.shared.cache import cached_figure, store
from ocrgen.ui.shared.results import rank_table, results_of
from ocrgen.ui.shared.widgets import link, noun_of, places, run_title
from ocrgen.utils.errors import UserError
from ocrgen.utils.numbers import significant


def distances(scored: Scored, epoch: int, log: bool) -> None:
    """The four distances over the epochs and, beside them, the samples of the chosen one."""
    trusted = scored.trusted
    first = scored.rows[trusted[0]][0] if trusted else next(iter(scored.rows.values()))[0]
    left, right = st.columns([7, 3], gap="medium") if trusted else (st.container(), st.container())
    names = scored.names
    with left:
        same_data = len({r.request.dataset for r in trusted}) == 1
        for (tap, title), place in zip(DISTANCES.items() if trusted else (), places(2), strict=False):
            floor = first.get(f"floor_{tap}") if same_data else None
            figure = cached_figure(charts.epoch_chart, title, scored.lines(MARK[tap], trusted), floor, log, epoch)
            alt = f"{title} by epoch for {', '.join(names[run] for run in trusted)}; epoch {epoch} is marked"
            with place:
                chart(figure, f"fid_chart_{tap}", alt)
        networks = dict.fromkeys(str(row["extractor"]) for rows in scored.rows.values() for row in rows)
        st.caption(
            f"{first['n']:,} generated images against {first['n_real']:,} real ones; real against real with "
            f"{first['floor_n']:,}. Network {', '.join(networks)}. One set of samples an epoch: no interval."
        )
    with right:
        samples_of(scored, epoch)


def chart(figure, key: str, alt: str) -> None:
    """A chart over the epochs, of which a point that is clicked chooses its epoch."""

    def follow() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points:
            epoch = st.session_state["fid_epoch"] = int(points[0]["x"])
            st.toast(f"Epoch {epoch} is chosen: it is marked in every chart, and its samples are shown.")

    st.plotly_chart(figure, key=key, alt=alt, on_select=follow, selection_mode="points")


def misses(scored: Scored, epoch: int) -> None:
    """Coverage, spread, copies: what a distance between two Gaussians does not tell."""
    runs = list(scored.rows)
    for (key, title), place in zip(measured().items(), places(3), strict=False):
        floor = 1.0 if key == "relative_spread" else None
        with place:
            figure = cached_figure(charts.epoch_chart, title, scored.lines(key, runs), floor, False, epoch)
            chart(figure, f"fid_{key}", f"{title}, by epoch; epoch {epoch} is marked")
    names = scored.names
    for run, rows in scored.rows.items():
        copied, kind = rows[-1].get("memorised"), noun_of(run)
        when = "" if run.request.untrained else f", epoch {rows[-1]['epoch']}"
        if copied:
            st.caption(
                f"{names[run]}{when}: {copied['share']:.1%} of {copied['n']:,} samples "
                f"(95% interval {copied['low']:.1%} to {copied['high']:.1%}) lie nearer to a training image than 99% "
                f"of held-out real {kind}s do; about 1% is what real {kind}s give, far more would mean copies."
            )


def cost(scored: Scored) -> None:
    """What each distance costs, as measured where it was scored."""
    row = next((row for rows in scored.rows.values() for row in rows if "cost" in row), None)
    if row is None:
        st.info("The time that distances take is measured with the next scores.")
        return
    table = [
        {
            "Distance": DISTANCES[tap],
            "Features (ms per 1,000 images)": significant(row["cost"][MARK[tap]]["features"]),
            "Distance alone (ms)": significant(row["cost"][MARK[tap]]["distance"]),
        }
        for tap in DISTANCES
        if MARK[tap] in row["cost"]
    ]
    st.dataframe(pd.DataFrame(table), hide_index=True, width="content")
    st.caption(
        "Measured once, on the machine that scored, one thread; features are read no deeper than that distance needs."
    )


def agreement(data: set[str]) -> None:
    """How the first study of the same data, else of any, ranks the distances against OCR accuracy."""
    st.subheader("Does the distance tell how well OCR learns?")
    studies = [r for r in store().list("study") if r.request.settings.get("protocol") == "paper"]
    for run in sorted(studies, key=lambda r: r.request.dataset in data)[::-1]:
        if _ranks(run):
            return
    st.caption("Rank agreement with OCR accuracy appears here once a study of the paper's protocol has been run.")


def _ranks(run: Run) -> bool:
    """Show a study's rank correlations; returns whether it has any."""
    try:
        results = results_of(run)
    except UserError:
        return False
    if results.correlations:
        rank_table(results)
        st.caption(f"From {run_title(run)}.")
        link("4_OCR", "The study", query_params={"run": run.name}, icon=":material/insights:")
    return bool(results.correlations)
