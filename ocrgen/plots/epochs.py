"""Charts over the epochs of a study's generators: scores of readers of their samples, and distances beside these."""

import pandas as pd
import plotly.graph_objects as go

from ocrgen.plots.study import DISTANCES, HOVER, colour, custom, error_bars
from ocrgen.plots.style import REAL, styled
from ocrgen.study.arms import Arm


def epochs_chart(summary: pd.DataFrame, metric: str, title: str, real: dict | None = None) -> go.Figure:
    """The score of a reader of each epoch's samples, or their distance, a line with intervals for each generator.

    real: mean, low, high of the reader of real images, drawn as a line with a band.
    """
    figure = go.Figure()
    rows = summary.loc[(summary.kind == "epoch") & (summary.metric == metric)]
    for name in rows.arm.unique():
        one, arm = rows.loc[rows.arm == name].sort_values("epoch"), Arm.parse(name)
        figure.add_scatter(
            x=one.epoch,
            y=one["mean"],
            error_y=error_bars(one, share=metric not in DISTANCES),
            name=arm.title,
            mode="lines+markers",
            line={"color": colour(arm), "width": 2},
            customdata=custom(one),
            hovertemplate=HOVER if metric not in DISTANCES else None,
        )
    if real:
        note = {"text": "500 real images", "font": {"color": REAL}}
        if real["low"] == real["low"]:
            figure.add_hrect(real["low"], real["high"], fillcolor=REAL, opacity=0.2, line_width=0)
        figure.add_hline(real["mean"], line={"color": REAL, "dash": "dash"}, label=note)
    styled(figure, title, "Epoch of the generator", False)
    figure.update_yaxes(tickformat="~g" if metric in DISTANCES else ".1%")
    figure.update_layout(hovermode="closest")
    return figure


def rank_chart(table: pd.DataFrame, distance: str) -> go.Figure:
    """Each checkpoint's distance (log scale) against the accuracy of a reader of its samples."""
    rows = table.loc[(table.kind == "epoch") & table.metric.isin([distance, "accuracy"])]
    wide = rows.pivot_table(index=["arm", "seed", "epoch"], columns="metric", values="value").reset_index()
    figure = go.Figure()
    for name in wide.arm.unique():
        one, arm = wide.loc[wide.arm == name], Arm.parse(name)
        figure.add_scatter(
            x=one[distance],
            y=one.accuracy,
            name=arm.title,
            mode="markers",
            marker={"color": colour(arm), "size": 8, "opacity": 0.75},
            customdata=one[["seed", "epoch"]],
            hovertemplate="%{x:.4g} → %{y:.2%} (seed %{customdata[0]}, epoch %{customdata[1]})",
        )
    styled(figure, f"{DISTANCES[distance]} and OCR accuracy", f"{DISTANCES[distance]} (log, lower is nearer)", False)
    figure.update_xaxes(type="log", dtick="D2")
    figure.update_yaxes(tickformat=".1%")
    figure.update_layout(hovermode="closest")
    return figure
