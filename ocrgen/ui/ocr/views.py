"""The views of a study, one function each: arms, sizes, epochs, robustness, confusion, distances, the table."""

from functools import partial

import pandas as pd
import streamlit as st

from ocrgen.imaging.corruptions import CORRUPTIONS, EPSILONS
from ocrgen.plots import study as charts
from ocrgen.runs.run import Run
from ocrgen.study import Results
from ocrgen.study.plan import PAPER_N, Arm, arms
from ocrgen.ui.shared.cache import cached_figure
from ocrgen.ui.shared.results import rank_table
from ocrgen.ui.shared.widgets import places


def choose_size(results: Results, key: str) -> int:
    """Which n to look at: the one there is, or the one chosen."""
    sizes = results.config.sizes()
    if len(sizes) == 1:
        return sizes[0]
    default = PAPER_N if PAPER_N in sizes else sizes[0]
    return st.segmented_control(
        "Labelled images", sizes, default=default, key=f"ocr_{key}_n", format_func=lambda n: f"{n:,}", required=True
    )


def _metric(key: str, options: list[str] | None = None) -> str:
    return st.selectbox(
        "Metric", options or list(charts.METRICS), format_func=charts.METRICS.get, key=f"ocr_{key}_metric"
    )


def _names(results: Results) -> list[str]:
    """Arms that have results, in the study's order."""
    there = set(results.readers.arm)
    return [a.name for a in arms(results.config.generators) if a.name in there]


def by_arm(results: Results, run: Run) -> None:
    """Every arm with its interval, and its difference from the bars to clear."""
    left, right = st.columns([1, 2])
    with left:
        metric = _metric("arm")
    with right:
        n = choose_size(results, "arm")
    rows = results.readers
    rows = rows[(rows.metric == metric) & rows.n_real.isin([n, 0])]
    columns = st.columns(2)
    with columns[0]:
        title = f"{charts.METRICS[metric]}, mean and 95 % interval"
        figure = cached_figure(charts.arms_chart, rows, title)
        st.plotly_chart(figure, key="ocr_arms", alt=f"{title} by what the reader learned from")
    with columns[1]:
        paired = results.differences
        paired = paired[(paired.n_real == n) & (paired.metric == metric)]
        if paired.empty:
            st.caption("Differences are paired for accuracy, F1 and robustness.")
        else:
            against = st.segmented_control(
                "Against", ["real+aug", "real"], default="real+aug", format_func=lambda a: Arm.parse(a).title,
                key="ocr_against", required=True,
            )  # fmt: skip
            rows = paired[paired.against == against]
            title = f"Gain over {Arm.parse(against).title}, paired by seed"
            st.plotly_chart(cached_figure(charts.arms_chart, rows, title, zero=True), key="ocr_gain", alt=title)
    shares(results, n)


def shares(results: Results, n: int) -> None:
    """Which synthetic share validation chose, and how many images the filter kept."""
    told = []
    for name in [a.name for a in arms(results.config.generators) if a.generator]:
        share, kept = (results.of(name, n, metric) for metric in ("share", "kept"))
        if share:
            told.append(
                {
                    "arm": Arm.parse(name).title,
                    "synthetic share of a batch, chosen on validation data (mean)": f"{share['mean']:.0%}",
                    "kept by the filter (mean)": f"{kept['mean']:.0%}" if kept else "",
                }
            )
    if not told:
        return
    with st.expander("How much synthetic data was chosen"):
        st.dataframe(pd.DataFrame(told), hide_index=True, width="stretch")


def by_size(results: Results, run: Run) -> None:
    """A metric against the number of labelled images."""
    if results.config.protocol == "paper":
        st.caption(
            "The paper's protocol has one size. Choose a study with the fair protocol to see the low-data curve."
        )
        return
    names = _names(results)
    default = [n for n in names if not Arm.parse(n).generator or Arm.parse(n).filtered and Arm.parse(n).augmented]
    left, right = st.columns([1, 3])
    with left:
        metric = _metric("size")
    with right:
        chosen = st.multiselect("Arms", names, default, format_func=lambda a: Arm.parse(a).title, key="ocr_size_arms")
    if chosen:
        figure = cached_figure(charts.size_chart, results.readers, chosen, metric)
        st.plotly_chart(figure, key="ocr_sizes", alt=f"{charts.METRICS[metric]} by the number of labelled images")


def by_epoch(results: Results, run: Run) -> None:
    """The paper's plots: what a reader of each epoch's 10,000 samples scores."""
    epochs = results.summary[results.summary.kind == "epoch"]
    if epochs.empty:
        st.caption("Readers are trained on every epoch's samples in the paper's protocol only.")
        return
    left, _ = st.columns([1, 2])
    with left:
        average = st.segmented_control(
            "Average", ["macro", "weighted"], default="macro", key="ocr_average", required=True
        )
    figures = ["accuracy", f"precision_{average}", f"recall_{average}", f"f1_{average}", "gan_test", "coverage"]
    for metric, place in zip(figures, places(2), strict=False):
        title = charts.METRICS.get(metric, "Coverage: share of real digits with a sample near")
        real = results.of("real", PAPER_N, metric)
        with place:
            figure = cached_figure(charts.epochs_chart, epochs, metric, title, real)
            st.plotly_chart(figure, key=f"ocr_epochs_{metric}", alt=f"{title} by generator epoch")
    seen = int(results.table[results.table.kind == "epoch"].n_labelled.max())
    st.caption(
        f"Each point: a reader trained on {results.config.samples:,} generated images of one epoch; the generator has "
        f"seen {seen:,} labelled ones. Bars: 95 % over the seeds. Dashed: {PAPER_N} real images."
    )


def robustness(results: Results, run: Run) -> None:
    """Accuracy under each corruption by strength, and under attack."""
    rows = results.readers
    if not rows.metric.str.startswith("corruption/").any():
        st.caption("This study did not corrupt any images.")
        return
    left, right = st.columns([1, 2])
    with left:
        n = choose_size(results, "robust")
    names = _names(results)
    default = [x for x in names if Arm.parse(x).augmented and (Arm.parse(x).filtered or not Arm.parse(x).generator)]
    with right:
        chosen = st.multiselect(
            "Arms", names, ["real", *default] if "real" in names else default,
            format_func=lambda a: Arm.parse(a).title, key="ocr_robust_arms",
        )  # fmt: skip
    if not chosen:
        return
    rows = rows[rows.n_real == n]
    st.html(legend(chosen))
    panels = {k: (c.title, list(range(1, 6))) for k, c in CORRUPTIONS.items()}
    panels |= {"attack": ("Attack (FGSM)", [float(e) for e in EPSILONS])}
    for (name, (title, steps)), place in zip(panels.items(), places(3), strict=False):
        with place:
            figure = cached_figure(charts.strength_chart, rows, chosen, name, title, steps)
            st.plotly_chart(figure, key=f"ocr_robust_{name}", alt=f"Accuracy under {title.lower()} by strength")
    st.caption(f"{results.config.n_robustness:,} test images, the same for all arms; bars: 95 % over the seeds.")


def legend(names: list[str]) -> str:
    """One legend for many small charts."""
    marks = {"solid": "━━", "dash": "╍╍", "dot": "┈┈"}
    items = [
        f'<span style="white-space:nowrap"><span style="color:{charts.colour(a)}" aria-hidden="true">'
        f"{marks[charts.dash(a)]}{'●' if a.filtered else '○' if a.generator else '■'}</span> {a.title}</span>"
        for a in map(Arm.parse, names)
    ]
    return f'<div style="display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-size:.9rem">{"".join(items)}</div>'


def distances(results: Results, run: Run) -> None:
    """Does FID, or LFID, tell how well a reader learns?"""
    if not results.correlations:
        st.caption("Distances are compared with accuracy over the epochs of the paper's protocol.")
        return
    epochs = results.table[results.table.kind == "epoch"]
    for distance, place in zip(charts.DISTANCES, places(2), strict=False):
        with place:
            figure = cached_figure(charts.rank_chart, epochs, distance)
            st.plotly_chart(figure, key=f"ocr_rank_{distance}", alt=f"{charts.DISTANCES[distance]} against accuracy")
    rank_table(results)


def table(results: Results, run: Run) -> None:
    """Everything as a table, and as CSV."""
    st.dataframe(results.summary, hide_index=True, width="stretch", height=420)
    with st.container(horizontal=True):
        for name, frame in (("summary", results.summary), ("every cell", results.table)):
            st.download_button(
                f"CSV: {name}", partial(frame.to_csv, index=False), f"{run.name}-{name.replace(' ', '-')}.csv",
                "text/csv", key=f"ocr_csv_{name}", on_click="ignore",
            )  # fmt: skip
