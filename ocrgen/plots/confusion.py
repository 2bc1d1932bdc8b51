"""What a study's readers take for what: the confusion matrix, and how well each class is read."""

from collections.abc import Sequence
from html import escape
from math import floor

import pandas as pd
import plotly.graph_objects as go

from ocrgen.datasets.alphabet import noun, shown
from ocrgen.plots.study import colour, error_bars, symbol
from ocrgen.plots.style import styled
from ocrgen.study.arms import Arm

FEW = 12  # classes up to which all is written large
NUMBERED = 30  # classes up to which the numbers fit into their cells
CLIPPED = 14  # characters of a class text beside an axis
SHORT = 3  # characters of a class text that is never turned
ROW = 18  # pixels of a class where there are many


def labels(classes: Sequence[str]) -> list[str]:
    """The class texts as Plotly is to write them beside an axis: all different, clipped if long, without markup."""
    texts = list(map(shown, classes))
    clipped = [text if len(text) <= CLIPPED else text[: CLIPPED - 1] + "…" for text in texts]
    return [escape(text, False) for text in (clipped if len(set(clipped)) == len(texts) else texts)]


def confusion_chart(counts: list[list[int]], classes: Sequence[str], title: str) -> go.Figure:
    """A confusion matrix of counts (K, K): true classes in rows, classes read in columns.

    The diagonal is left out, since correct readings would outshine all others. A point's customdata: true class, class
    read (both as indices), count, and both texts.
    """
    k, names = len(counts), labels(classes)
    errors = [[None if i == j else v for j, v in enumerate(row)] for i, row in enumerate(counts)]
    most = max(v for row in errors for v in row if v is not None)
    gap = 2 if k <= FEW else 1 if k <= NUMBERED else 0  # on a phone more would hide the cells
    # Invisible markers receive the clicks: Streamlit gets none from heat maps.
    figure = go.Figure(
        go.Heatmap(
            z=errors, x=names, y=names, colorscale="Cividis", showscale=False, hoverinfo="skip", xgap=gap, ygap=gap
        )
    )  # fmt: skip
    # Thousands of empty cells would make a chart of many classes slow.
    cells = [(i, j) for i in range(k) for j in range(k) if i != j and (k <= FEW or counts[i][j])]
    figure.add_scatter(
        x=[names[j] for _, j in cells],
        y=[names[i] for i, _ in cells],
        mode="markers+text" if k <= NUMBERED else "markers",
        marker={"size": 24 if k <= FEW else ROW - 4, "opacity": 0, "symbol": "square"},
        text=[counts[i][j] or "" for i, j in cells] if k <= NUMBERED else None,
        textfont={"color": ["#111111" if counts[i][j] > 0.6 * most else "#FFFFFF" for i, j in cells]}
        | ({} if k <= FEW else {"size": 9}),
        customdata=[[i, j, counts[i][j], names[i], names[j]] for i, j in cells],
        hovertemplate="true %{customdata[3]} read as %{customdata[4]}: %{customdata[2]}<extra></extra>",
        selected={"marker": {"opacity": 0.35}},
        unselected={"textfont": {"color": "#CCC"}},
    )
    styled(figure, title, "Read as", False)
    axis = _categories(names) | {"showgrid": False, "zeroline": False}
    figure.update_xaxes(range=[-0.5, k - 0.5], **axis)
    figure.update_yaxes(range=[k - 0.5, -0.5], title="Truth", automargin=True, **axis)
    figure.update_layout(height=max(420, 110 + ROW * k), showlegend=False, hovermode="closest")
    return figure


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
