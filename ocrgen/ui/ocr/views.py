"""The views of a study on the page OCR, with their controls; `plots/views.py` makes the figures."""

from functools import partial

import pandas as pd
import streamlit as st

from ocrgen.plots import views
from ocrgen.plots.section import arm_names, main_arms
from ocrgen.runs.run import Run
from ocrgen.study import Results
from ocrgen.study.arms import PSEUDO, Arm
from ocrgen.study.formatting import size_words
from ocrgen.ui.ocr.controls import cached_section, choose_arms, choose_metric, choose_scale, choose_size, show
from ocrgen.ui.ocr.recommendation import show_advice
from ocrgen.ui.shared.address import one_of
from ocrgen.ui.shared.results import rank_table
from ocrgen.utils.progress import duration


def by_arm(results: Results, run: Run) -> None:
    """Every training mix with its interval, and its difference from a mix of real images only."""
    with st.container(horizontal=True, gap="medium"):
        metric = choose_metric(results)
        n = choose_size(results)
        differences, against = results.differences, "real+aug"
        paired = set(differences.loc[(differences.n_real == n) & (differences.metric == metric)].against)
        if choices := [name for name in ("real+aug", "real", "real+aug+noise") if name in paired]:
            against = one_of(
                st.segmented_control, "Gain over", choices, name="against", key="ocr_against",
                format_func=lambda a: Arm.parse(a).title, required=True, wrap=True,
            )  # fmt: skip
        errors = choose_scale(results, metric, n)
    if not choices:
        st.caption("Gains are measured for accuracy, F1 and robustness.")
    if section := cached_section(views.by_arm, results, n=n, metric=metric, against=against, errors=errors):
        show(section, "arms")
    materials(results, n)


def materials(results: Results, n: int) -> None:
    """What synthetic images OCR models learned from: their share, what the filter kept, how many labels were right."""
    config = results.config
    earlier = config.rules == 1
    labelled = results.summary.loc[(results.summary.kind == PSEUDO) & (results.summary.n_real == n)]
    pool = labelled.set_index("metric")["mean"]
    rows = []
    for arm in config.arms:
        figures = {m: results.of(arm.name, n, m) for m in ("share", "kept", "gan_test", "n_unlabelled")}
        if not arm.synthetic or results.of(arm.name, n, "accuracy") is None:
            continue
        row = {"training mix": arm.title}
        if earlier:
            row["synthetic share of a batch, chosen on validation images (mean)"] = _percent(figures["share"])
        row |= {
            "kept by the filter": _percent(figures["kept"]),
            "read as meant (GAN-test)": _percent(figures["gan_test"]),
        }
        if config.protocol == "pool":
            row["unlabelled images"] = f"{figures['n_unlabelled']['mean']:,.0f}" if figures["n_unlabelled"] else ""
        rows.append(row)
    if not rows:
        return
    with st.expander("Synthetic images and pseudo-labels" if len(pool) else "Synthetic images"):
        if not earlier:
            st.markdown(
                f"Synthetic images are {config.share:.0%} of every batch that has real ones, too: the same for all, "
                "and fixed beforehand."
            )
        if "pseudo_accuracy" in pool:
            right = f"; **{pool['pseudo_accuracy']:.1%}** of the labels are right" if pool["kept"] else ""
            st.markdown(
                f"Of {pool['n_unlabelled']:,.0f} unlabelled images, OCR models were at least {config.confidence:.0%} "
                f"sure of {pool['kept']:.1%}, and labelled these{right} (means over {labelled.n.max()} seeds; the true "
                "labels tell this, and nothing else)."
            )
        st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
        st.caption("Means over the seeds. Empty: not filtered, not drawn, or not from the pool.")


def _percent(row: dict | None) -> str:
    return f"{row['mean']:.1%}" if row else ""


def decided(results: Results, run: Run) -> None:
    """The declared family: what is decided, what is left, and how each interval has shrunk so far."""
    from ocrgen.report.cards import progress
    from ocrgen.report.progress import explained, how_decided

    status = run.read_status()
    due = "The next look is due" if results.config.until_decided else "The last seed will be complete"
    left = f" {due} in about {duration(status.left)}." if status.alive and status.left else ""
    show_advice(results)
    st.markdown(how_decided(results) + left)
    st.html(progress(results))
    st.caption(explained(results))


def by_size(results: Results, run: Run) -> None:
    """A metric against the number of real labelled images."""
    with st.container(horizontal=True, gap="medium"):
        metric = choose_metric(results)
        errors = choose_scale(results, metric)
    chosen = choose_arms(arm_names(results), main_arms(results))
    if chosen and (section := cached_section(views.by_size, results, metric=metric, names=chosen, errors=errors)):
        show(section, "sizes")


EPOCH_METRICS = {
    "accuracy": "Accuracy",
    "f1": "F1",
    "precision": "Precision",
    "recall": "Recall",
    "gan_test": "GAN-test",
}


def by_epoch(results: Results, run: Run) -> None:
    """The paper's plots: scores of OCR models trained on the samples of each epoch, beside the samples' coverage."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = one_of(
            st.segmented_control, "Metric", list(EPOCH_METRICS), name="metric", key="ocr_epoch_metric",
            format_func=EPOCH_METRICS.__getitem__, required=True, wrap=True,
        )  # fmt: skip
        if metric in ("f1", "precision", "recall"):
            average = one_of(
                st.segmented_control, "Average", ["macro", "weighted"], name="average", key="ocr_average",
                format_func=str.capitalize, required=True,
            )  # fmt: skip
            metric = f"{metric}_{average}"
    if section := cached_section(views.by_epoch, results, metrics=(metric, "coverage")):
        show(section, "epochs")


def distances(results: Results, run: Run) -> None:
    """FID and LFID against the accuracy of readers, with their rank correlations."""
    if section := cached_section(views.distances, results):
        show(section, "rank")
        rank_table(results)


def table(results: Results, run: Run) -> None:
    """All figures as a table, and as CSV."""
    texts = {f"f1/{c}": f"f1/{text}" for c, text in enumerate(results.classes)}
    rows = results.summary
    sizes = [size_words(arm, n) for arm, n in zip(rows.arm, rows.n_real, strict=True)]
    shown = rows.drop(columns="n_real").assign(metric=rows.metric.replace(texts))
    shown.insert(2, "labelled images", sizes)
    if not rows.n_validation.any():
        shown = shown.drop(columns="n_validation")
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        height=420,
    )
    with st.container(horizontal=True):
        for name, frame in (("summary", results.summary), ("every task", results.table)):
            st.download_button(
                f"CSV: {name}", partial(frame.to_csv, index=False), f"{run.name}-{name.replace(' ', '-')}.csv",
                "text/csv", key=f"ocr_csv_{name}", on_click="ignore",
            )  # fmt: skip
