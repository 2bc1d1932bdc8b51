"""The views of a study on the page OCR, with their controls; `plots/views.py` makes the figures."""

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from ocrgen.plots import study as charts
from ocrgen.plots import views
from ocrgen.plots.section import Section, View, arm_names, main_arms
from ocrgen.runs.run import Run
from ocrgen.study import Results
from ocrgen.study.arms import PSEUDO, Arm
from ocrgen.study.formatting import per_class, size_words
from ocrgen.study.headline import headline_size
from ocrgen.ui.shared.cache import remember_spec
from ocrgen.ui.shared.results import rank_table
from ocrgen.ui.shared.widgets import places
from ocrgen.utils.progress import duration


def _token(results: Results) -> str:
    """What Streamlit's cache knows results by."""
    return results.token


@st.cache_resource(max_entries=128, show_spinner=False, hash_funcs={Results: _token})
def _section(name: str, results: Results, options: dict, _make: Callable[..., Section | None]) -> Section | None:
    """`_make(results, **options)`, cached under `name`, since functions cannot be part of the key."""
    section = _make(results, **options)
    for view in section.views if section else ():
        remember_spec(view.figure)
    return section


@st.cache_resource(max_entries=128, show_spinner=False, hash_funcs={Results: _token})
def _view(name: str, results: Results, options: dict, _make: Callable[..., View]) -> View:
    """The same as `_section` for a single view."""
    view = _make(results, **options)
    remember_spec(view.figure)
    return view


def cached_section(make: Callable[..., Section | None], results: Results, **options) -> Section | None:
    """The section `make(results, **options)`, made once for all viewers of the same results."""
    return _section(make.__name__, results, options, make)


def cached_view(make: Callable[..., View], results: Results, **options) -> View:
    """The view `make(results, **options)`, made once for all viewers of the same results."""
    return _view(make.__name__, results, options, make)


def choose_size(results: Results, key: str) -> int:
    """The number of labelled images to show: the only one, or the user's choice, at first the headline's."""
    sizes = results.config.sizes()
    if len(sizes) == 1:
        return sizes[0]
    return st.segmented_control(
        "Labelled images", sizes, default=headline_size(results), key=f"ocr_{key}_n",
        format_func=lambda n: f"{n:,} ({per_class(n, results.classes)})", required=True, wrap=True,
    )  # fmt: skip


def _choose_metric(key: str) -> str:
    """The metric to show."""
    return st.selectbox("Metric", list(charts.METRICS), format_func=charts.METRICS.__getitem__, key=f"ocr_{key}_metric")


def _choose_arms(key: str, names: list[str], default: list[str]) -> list[str]:
    """The names of the training mixes to show."""
    return st.multiselect("Training mixes", names, default, format_func=lambda a: Arm.parse(a).title, key=key)


def show(section: Section, key: str) -> None:
    """Show a section's legend, figures and caption."""
    if section.legend:
        st.html(legend(section))
    for i, (view, place) in enumerate(zip(section.views, places(section.columns), strict=False)):
        with place:
            st.plotly_chart(view.figure, key=f"ocr_{key}_{i}", alt=view.alt)
    st.caption(section.caption)


def legend(section: Section) -> str:
    """One legend for many small charts, as HTML."""
    items = [
        f'<span style="white-space:nowrap"><span style="color:{item.colour}" aria-hidden="true">{item.key}</span> '
        f"{item.title}</span>"
        for item in section.legend
    ]
    return f'<div style="display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-size:.9rem">{"".join(items)}</div>'


def by_arm(results: Results, run: Run) -> None:
    """Every training mix with its interval, and its difference from a mix of real images only."""
    left, middle, right = st.columns(3)
    with left:
        metric = _choose_metric("arm")
    with middle:
        n = choose_size(results, "arm")
    differences = results.differences
    paired = differences.loc[(differences.n_real == n) & (differences.metric == metric)].against
    choices = [name for name in ("real+aug", "real", "real+aug+noise") if name in set(paired)]
    against = "real+aug"
    with right:
        if choices:
            against = st.segmented_control(
                "Against", choices, default=choices[0], format_func=lambda a: Arm.parse(a).title, key="ocr_against",
                required=True, wrap=True,
            )  # fmt: skip
        else:
            st.caption("Differences are told of accuracy, F1 and robustness.")
    if section := cached_section(views.by_arm, results, n=n, metric=metric, against=against):
        show(section, "arms")
    materials(results, n)


def materials(results: Results, n: int) -> None:
    """What synthetic images readers learned from: their share, what the filter kept, how many labels were right."""
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
                f"Of {pool['n_unlabelled']:,.0f} unlabelled images, readers were at least {config.confidence:.0%} sure "
                f"of {pool['kept']:.1%}, and labelled these{right} (means over {labelled.n.max()} seeds; the true "
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
    st.markdown(how_decided(results) + left)
    st.html(progress(results))
    st.caption(explained(results))


def by_size(results: Results, run: Run) -> None:
    """A metric against the number of real labelled images."""
    if len(results.config.sizes()) < 2:
        st.caption(
            "This study compares one number of labelled images. A study of several, under the fair or the pool "
            "protocol, draws a curve here."
        )
        return
    left, right = st.columns([1, 3])
    with left:
        metric = _choose_metric("size")
    with right:
        chosen = _choose_arms("ocr_size_arms", arm_names(results), main_arms(results))
    if chosen and (section := cached_section(views.by_size, results, metric=metric, names=chosen)):
        show(section, "sizes")


def by_epoch(results: Results, run: Run) -> None:
    """The paper's plots: scores of readers trained on the samples of each epoch."""
    if not (results.summary.kind == "epoch").any():
        st.caption("Readers are trained on every epoch's samples in the paper's protocol only.")
        return
    average = st.segmented_control("Average", ["macro", "weighted"], default="macro", key="ocr_average", required=True)
    if section := cached_section(views.by_epoch, results, average=average):
        show(section, "epochs")


def robustness(results: Results, run: Run) -> None:
    """Accuracy against the strength of each corruption and of the attack."""
    if not results.readers.metric.str.startswith("corruption/").any():
        st.caption("This study did not corrupt any images.")
        return
    left, right = st.columns([1, 2])
    with left:
        n = choose_size(results, "robust")
    with right:
        chosen = _choose_arms("ocr_robust_arms", arm_names(results, n), main_arms(results, n))
    if chosen and (section := cached_section(views.robustness, results, n=n, names=chosen)):
        show(section, "robust")


def distances(results: Results, run: Run) -> None:
    """FID and LFID against the accuracy of readers, with their rank correlations."""
    section = cached_section(views.distances, results)
    if section is None:
        st.caption("Distances are compared with accuracy over the epochs of the paper's protocol.")
        return
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
