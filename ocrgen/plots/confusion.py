"""What a study's readers take for what: the confusion matrix, and how well each class is read."""

from collections.abc import Sequence
from html import escape
from math import floor
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ocrgen.datasets.alphabet import noun, shown
from ocrgen.plots.study import colour, error_bars, symbol
from ocrgen.plots.style import styled
from ocrgen.study.arms import Arm
from ocrgen.utils.numbers import signed

FEW = 12  # classes up to which all is written large
NUMBERED = 30  # classes up to which the numbers fit into their cells
CLIPPED = 14  # characters of a class text beside an axis
SHORT = 3  # characters of a class text that is never turned
CHANGE = [[0, "#0072B2"], [0.5, "#F3F5F8"], [1, "#B8321F"]]  # fewer confusions, none, more
ROW = 18  # pixels of a class where there are many


def labels(classes: Sequence[str]) -> list[str]:
    """The class texts as Plotly is to write them beside an axis: all different, clipped if long, without markup."""
    texts = list(map(shown, classes))
    clipped = [text if len(text) <= CLIPPED else text[: CLIPPED - 1] + "…" for text in texts]
    return [escape(text, False) for text in (clipped if len(set(clipped)) == len(texts) else texts)]


def row_shares(counts: np.ndarray) -> np.ndarray:
    """Counts (K, K) as shares of each row's sum; 0 in a row that has none."""
    return counts / np.maximum(counts.sum(1, keepdims=True), 1)


def class_scores(counts: np.ndarray) -> pd.DataFrame:
    """Precision, recall and F1 of each of K classes, from counts (K, K) of true classes by predicted ones.

    Columns: read (how often the class was there), precision, recall, f1; NaN where there is nothing to count.
    """
    right, there, told = np.diag(counts), counts.sum(1), counts.sum(0)
    with np.errstate(invalid="ignore"):
        scores = {"precision": right / told, "recall": right / there, "f1": 2 * right / (there + told)}
    return pd.DataFrame({"read": there} | scores)


def confusion_chart(
    values: Sequence[Sequence[float]] | np.ndarray,
    classes: Sequence[str],
    title: str,
    kind: Literal["counts", "shares", "change"] = "counts",
) -> go.Figure:
    """A confusion matrix (K, K): true classes in rows, predicted classes in columns.

    values: counts, shares of each row, or changes of these in points. The diagonal is left out, since correct readings
    would outshine all others. A point's customdata: true class, predicted class (both as indices), value, and both
    texts.
    """
    matrix, k, names = np.asarray(values, float), len(values), labels(classes)
    off = np.where(np.eye(k, dtype=bool), np.nan, matrix)
    most = max(float(np.nanmax(np.abs(off))), 1e-9)
    gap = 2 if k <= FEW else 1 if k <= NUMBERED else 0  # on a phone more would hide the cells
    form, unit, scale = {
        "counts": (",.0f", "", {"colorscale": "Cividis"}),
        "shares": (".1%", "", {"colorscale": "Cividis", "zmin": 0}),
        "change": ("+.1f", " points", {"colorscale": CHANGE, "zmin": -most, "zmax": most}),
    }[kind]
    # Invisible markers receive the clicks: Streamlit gets none from heat maps.
    figure = go.Figure(
        go.Heatmap(z=off, x=names, y=names, showscale=False, hoverinfo="skip", xgap=gap, ygap=gap, **scale)
    )
    # Thousands of empty cells would make a chart of many classes slow.
    cells = [(i, j) for i in range(k) for j in range(k) if i != j and (k <= FEW or matrix[i, j])]
    dark = [abs(matrix[i, j]) > 0.6 * most for i, j in cells]
    inks = ["#FFFFFF" if d else "#111111" for d in dark] if kind == "change" else [
        "#111111" if d else "#FFFFFF" for d in dark
    ]  # fmt: skip
    figure.add_scatter(
        x=[names[j] for _, j in cells],
        y=[names[i] for i, _ in cells],
        mode="markers+text" if k <= NUMBERED else "markers",
        marker={"size": 24 if k <= FEW else ROW - 4, "opacity": 0, "symbol": "square"},
        text=[_in_cell(matrix[i, j], kind) for i, j in cells] if k <= NUMBERED else None,
        textfont={"color": inks} | ({"size": 11} if k <= FEW and kind != "counts" else {} if k <= FEW else {"size": 9}),
        customdata=[[i, j, matrix[i, j], names[i], names[j]] for i, j in cells],
        hovertemplate=f"true %{{customdata[3]}}, predicted %{{customdata[4]}}: %{{customdata[2]:{form}}}{unit}"
        "<extra></extra>",
        selected={"marker": {"opacity": 0.35}},
        unselected={"textfont": {"color": "#CCC" if kind != "change" else "#444"}},
    )
    styled(figure, title, "Predicted class", False)
    axis = _categories(names) | {"showgrid": False, "zeroline": False, "dtick": 1}
    figure.update_xaxes(range=[-0.5, k - 0.5], **axis)
    figure.update_yaxes(range=[k - 0.5, -0.5], title="True class", automargin=True, **axis)
    figure.update_layout(height=max(420, 110 + ROW * k), showlegend=False, hovermode="closest")
    return figure


def _in_cell(value: float, kind: str) -> str:
    """What stands in a cell: nothing for 0, per cent without the sign, a change with its sign."""
    if kind == "counts":
        return f"{value:.0f}" if value else ""
    text = f"{100 * value:.1f}" if kind == "shares" else signed(value, 1)
    return "" if not value or text.lstrip("+−") == "0.0" else text


def class_chart(rows: pd.DataFrame, classes: Sequence[str], title: str) -> go.Figure:
    """F1 of each class, mean and interval, training mixes side by side.

    rows: arm, metric ("f1/" and the class's index), mean, low, high, n.
    """
    figure, names = go.Figure(), labels(classes)
    metrics = {f"f1/{c}": name for c, name in enumerate(names)}
    for name in dict.fromkeys(rows.arm):
        one, arm = rows.loc[(rows.arm == name) & rows.metric.isin(list(metrics))], Arm.parse(name)
        figure.add_scatter(
            x=one.metric.map(metrics),
            y=one["mean"],
            error_y=error_bars(one) | {"width": 0},
            name=arm.title,
            mode="markers",
            marker={"color": colour(arm), "symbol": symbol(arm), "size": 8},
            customdata=one[["low", "high", "n"]].to_numpy(),
            hovertemplate="%{x}: <b>%{y:.1%}</b> [%{customdata[0]:.1%}, %{customdata[1]:.1%}], %{customdata[2]} "
            "seeds<extra>%{fullData.name}</extra>",
        )
    styled(figure, title, noun(classes).capitalize(), False)
    figure.update_xaxes(**_categories(names), range=[-0.5, len(names) - 0.5])
    least = min(rows["mean"].min(), rows.low.min())
    figure.update_yaxes(tickformat=".0%", range=[max(0, floor(10 * least) / 10) - 0.02, 1.02])
    figure.update_layout(height=360, hovermode="closest", scattermode="group")
    return figure


def _categories(names: list[str]) -> dict:
    """An axis of classes in their order; Plotly leaves labels out where they would lie on each other."""
    axis = {"type": "category", "categoryorder": "array", "categoryarray": names, "tickformat": None}
    if max(map(len, names)) <= SHORT:
        axis["tickangle"] = 0  # rather leave some out than turn them
    # Dots tell letters apart, and are lost in small print.
    return axis | ({} if len(names) <= FEW else {"tickfont": {"size": 13 if len(names) <= NUMBERED else 12}})
