"""What the views of a study share: figures made once for all viewers, the choices that stand in the URL, the legend."""

from collections.abc import Callable

import streamlit as st

from ocrgen.plots import study as charts
from ocrgen.plots import views
from ocrgen.plots.section import Section, View
from ocrgen.study import Results
from ocrgen.study.arms import Arm
from ocrgen.study.formatting import per_class
from ocrgen.study.headline import headline_size
from ocrgen.ui.shared.address import give, one_of, take
from ocrgen.ui.shared.cache import remember_spec
from ocrgen.ui.shared.widgets import places


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


def choose_size(results: Results) -> int:
    """The number of labelled images to show: the only one, or the user's choice, at first the headline's."""
    sizes = results.config.sizes()
    if len(sizes) == 1:
        return sizes[0]
    return one_of(
        st.segmented_control, "Labelled images", sizes, name="n", key="ocr_n", default=headline_size(results),
        format_func=lambda n: f"{n:,} ({per_class(n, results.classes)})", required=True, wrap=True,
    )  # fmt: skip


def choose_metric(results: Results) -> str:
    """The metric to show, of those that have been measured."""
    known = [m for m in charts.METRICS if m in set(results.readers.metric)]
    titles = charts.METRICS.__getitem__
    return one_of(st.selectbox, "Metric", known, name="metric", key="ocr_metric", format_func=titles, width=280)


def choose_scale(results: Results, metric: str, n: int | None = None) -> bool:
    """Whether to show error rates on a log axis, at first where the metric is near its ceiling."""
    if metric == "calibration_error":
        return False
    names = {"share": charts.METRICS[metric], "errors": f"{charts.error_name(metric)} (log)"}
    default = "errors" if views.ceiling(results, metric, n) else "share"
    if st.session_state.get("ocr_scale_default") != default:  # another choice of what to show suits another scale
        st.session_state["ocr_scale_default"] = default
        st.session_state.pop("ocr_scale", None)
    scale = one_of(
        st.segmented_control, "Scale", list(names), name="scale", key="ocr_scale", default=default,
        format_func=names.__getitem__, required=True,
    )  # fmt: skip
    return scale == "errors"


def choose_arms(names: list[str], default: list[str]) -> list[str]:
    """The names of the training mixes to show; the choice stands in the URL."""

    def read(texts: list[str]) -> list[str] | None:
        if gone := [t for t in texts if t not in names]:
            st.warning(f"The link names a training mix that is not here: {', '.join(gone)[:200]}.")
        return [t for t in texts if t in names] or None

    take("mix", "ocr_mixes", read)
    kept = [n for n in st.session_state.get("ocr_mixes", []) if n in names]
    st.session_state["ocr_mixes"] = kept or default
    chosen = st.multiselect(
        "Training mixes", names, format_func=lambda a: Arm.parse(a).title, key="ocr_mixes", persist_state="session"
    )
    give("mix", chosen)
    return chosen


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
