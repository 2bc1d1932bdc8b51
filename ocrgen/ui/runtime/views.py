"""The views of the page Runtime: each shows the rows of one bench."""

import pandas as pd
import streamlit as st

from ocrgen.benchmark.verdicts import WAYS
from ocrgen.plots import benchmark as charts
from ocrgen.ui.shared.address import one_of
from ocrgen.ui.shared.cache import cached_figure
from ocrgen.ui.shared.widgets import places
from ocrgen.utils.numbers import significant


def ten(rows: list[dict]) -> None:
    """The paper's plots: seconds of each of ten trainings, and their mean."""
    way = one_of(
        st.segmented_control, "Compared", list(WAYS), name="compared", key="runtime_way", default="paper",
        format_func=WAYS.__getitem__, required=True, wrap=True,
    )  # fmt: skip
    figure = cached_figure(charts.trainings, rows, way)
    st.plotly_chart(figure, key="runtime_ten", alt=f"Seconds of each of the repeated trainings, {WAYS[way]}")
    st.caption("Each point: one training, short and from a seed of its own, both generators in turn. Lines: means.")


def speeds(rows: list[dict]) -> None:
    """How many times as fast as the other way: training, sampling, distances, OCR models."""
    for bench, title in charts.BARS.items():
        if found := charts.compared(rows, bench):
            st.plotly_chart(cached_figure(charts.ratios, found, title), key=f"runtime_{bench}", alt=title)
    st.caption("Right of the line at 1: faster than the other side, which is named. Bars: 95% of the median ratio.")


def latency(rows: list[dict]) -> None:
    """One call of `sample` by its batch."""
    figure = cached_figure(charts.latency, rows)
    st.plotly_chart(figure, key="runtime_latency", alt="Milliseconds of one sampling call by batch")
    st.caption(
        "Ours draws in blocks of fixed borders, 16 images the first and 256 the largest, so that image i of a seed is "
        "the same however many are asked for: one image costs sixteen."
    )


def scaling(rows: list[dict]) -> None:
    """Time by size, log-log, with the fitted exponent."""
    for (part, (title, x)), place in zip(charts.SCALES.items(), places(2), strict=False):
        with place:
            st.plotly_chart(
                cached_figure(charts.scaling, rows, part, title, x), key=f"runtime_scaling_{part}", alt=title
            )
    found = [r for r in rows if r["bench"] == "scaling" and r["unit"] == "exponent"]
    exponents = [f"{r['subject']}: size to the power of {charts.bounded(r)}" for r in found]
    st.caption("Time grows as — " + "; ".join(exponents) + ".")


def quality(rows: list[dict]) -> None:
    """What training time buys: an OCR model's accuracy by the generator's CPU seconds."""
    st.plotly_chart(
        cached_figure(charts.quality, rows), key="runtime_quality", alt="Accuracy by CPU seconds of training"
    )
    st.caption(
        "An OCR model trained for 400 steps on 10,000 generated images, graded on the real test set; bars: 95% over "
        "the test images. The generator has learned from the whole training set."
    )


def arithmetic(rows: list[dict]) -> None:
    """Weights and multiply-adds, which explain the ratios."""
    found = [r for r in rows if r["bench"] == "claim" and r["unit"] in ("multiply-adds", "weights")]
    table = pd.DataFrame(
        [{"Network": r["subject"], "Counted": r["unit"], "Number": r["value"],
          "Other / this": "" if r["ratio"] is None else significant(r["ratio"])} for r in found]
    )  # fmt: skip
    st.dataframe(
        table, hide_index=True, width="stretch",
        column_config={"Number": st.column_config.NumberColumn(format="localized")},
    )  # fmt: skip
    st.caption("Per image. Where the multiply-adds are equal, so is the speed: it is a matter of architecture.")


def limit(rows: list[dict]) -> None:
    """Arithmetic per second of each training, as a share of what one matrix product reaches."""
    found = [r for r in rows if r["bench"] == "limit"]
    table = pd.DataFrame(
        [{"training": r["subject"], "GFLOP per second": r["value"], "of the matrix product": 100 * r["ratio"],
          "bounds": f"{100 * r['low']:.0f} to {100 * r['high']:.0f}%" if r["low"] else "one round", "n": r["n"]}
         for r in found]
    )  # fmt: skip
    st.dataframe(
        table, hide_index=True, width="stretch",
        column_config={
            "GFLOP per second": st.column_config.NumberColumn(format="%.1f"),
            "of the matrix product": st.column_config.ProgressColumn(format="%.0f%%", min_value=0, max_value=100),
        },
    )  # fmt: skip
    st.caption(
        f"No training does more arithmetic in a second than one large {found[0]['against']} (here "
        f"{found[0]['against_value']:.0f} GFLOP per second, same precision): what is missing to 100% is all that a "
        "faster loop could win. Small batches lose it to overhead, convolutions to moving maps through memory."
    )


def dashboard(rows: list[dict]) -> None:
    """How long a viewer waits for each page, alone and among many."""
    st.plotly_chart(
        cached_figure(charts.waits, rows), key="runtime_app", alt="Milliseconds of a rerun by page and crowd"
    )
    memory = [f"{r['value']:,.0f} MB {r['note']}" for r in rows if r["subject"] == "memory, RSS"]
    st.caption(
        "Points: median; bars reach to the 95th percentile; waiting for others included. Aims, dashed: 250 ms alone, "
        f"1 s among twenty. Memory of the server: {'; '.join(memory)}."
    )


VIEWS = {
    "Ten trainings": ("claim", ten),
    "Speed": ("train", speeds),
    "Latency": ("sample", latency),
    "Scaling": ("scaling", scaling),
    "What time buys": ("quality", quality),
    "Arithmetic": ("claim", arithmetic),
    "Limit": ("limit", limit),
    "Dashboard": ("app", dashboard),
}
