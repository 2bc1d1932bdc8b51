"""Learning curves: tables of event files in, one chart for each kind of value out; seeds as a mean with a band."""

from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from ocrgen.plots.style import styled

MAX_POINTS = 2000
TITLES = {
    "loss": "Loss (nats per image)",
    "reconstruction": "Reconstruction (nats per image)",
    "kl": "KL divergence (nats per image)",
    "prior": "Mixture: cross-entropy of the codes (nats)",
    "discriminator": "Discriminator loss",
    "generator": "Generator loss",
    "verdict": "Discriminator's verdict: probability of “real”",
    "r1": "R1 gradient penalty",
    "velocity": "Velocity: mean squared error of a pixel",
    "lfid_64": "LFID-64 of samples, while training",
    "lfid_192": "LFID-192 of samples, while training",
    "spread": "Spread within a class (real: 1)",
    "speed": "Images per second",
}
AXES = {"step": "Step", "epoch": "Epoch", "seconds": "Training time (s)"}
DASHES = {"train": "solid", "validation": "dot", "real": "solid", "fake": "dash", "held-out": "dot", "samples": "solid"}
RARE = ("validation", "held-out", "samples")  # come once an epoch: there is nothing to smooth
SHARES = ("verdict",)  # between 0 and 1: no log scale
# Three significant digits, and no more than that where a value is hovered over.
HOVER = "%{y:,.3~r}"

# Of one line: the tables of its runs (several: seeds of equal settings), its colour, steps of an epoch.
Line = tuple[tuple[pd.DataFrame, ...], str, int]


def thin(table: pd.DataFrame, limit: int = MAX_POINTS) -> pd.DataFrame:
    """At most `limit` rows, evenly spread, the last one kept."""
    if len(table) <= limit:
        return table
    keep = [round(i * (len(table) - 1) / (limit - 1)) for i in range(limit)]
    return table.iloc[keep]


def smooth(values: pd.Series, strength: float) -> pd.Series:
    """Exponential moving average, `strength` in [0, 1), unbiased at the start as TensorBoard draws it."""
    average = values.ewm(alpha=1 - strength, adjust=True).mean()
    assert isinstance(average, pd.Series)  # of one column, not of a table
    return average


def groups(tables: list[pd.DataFrame]) -> list[str]:
    """The charts that these curves need: tag groups, the speed last."""
    tags = dict.fromkeys(tag.split("/")[0] for table in tables for tag in table["tag"].unique())
    order = {name: i for i, name in enumerate(TITLES)}
    return sorted((t for t in tags if t != "progress"), key=lambda t: order.get(t, len(order) - 1.5))


def across_seeds(curves: list[pd.DataFrame]) -> pd.DataFrame:
    """Curves of several seeds as one: the means of x and y, and `sd`, the sample standard deviation of y.

    Each has the step as its index. Only steps that all of them have reached: the mean is of the same runs all along.
    """
    seeds = {name: pd.concat([curve[name] for curve in curves], axis=1, join="inner").sort_index() for name in "xy"}
    return pd.DataFrame({"x": seeds["x"].mean(axis=1), "y": seeds["y"].mean(axis=1), "sd": seeds["y"].std(axis=1)})


def learning_curves(
    runs: dict[str, Line], group: str, axis: str = "step", log: bool = False, strength: float = 0.0
) -> go.Figure:
    """One chart of one tag group, what comes first in `runs` drawn on top.

    With smoothing, the raw curve stays as a faint line behind. Held-out curves are dotted. Several tables of a line
    are drawn as their mean, in a band of one standard deviation to either side.
    """
    log = log and group not in SHARES
    figure, drawn = go.Figure(layout={"template": "none"}), []
    parts = sorted(
        {_part(t) for tables, *_ in runs.values() for rows in tables for t in _tags(rows, group)}, key=_place
    )
    named: set[str] = set()
    for label, (tables, shade, per_epoch) in reversed(runs.items()):
        tags = {tag for table in tables for tag in _tags(table, group)}
        for tag in sorted(tags, key=lambda tag: _place(_part(tag))):
            part = _part(tag)
            often = part not in RARE
            curves = [_curve(table, tag, axis, per_epoch, strength if often else 0.0) for table in tables]
            points = thin(curves[0] if len(curves) == 1 else across_seeds(curves)).astype(np.float32)
            if points.empty:  # no step that all seeds have reached
                continue
            drawn.append(points)
            style = {"color": shade, "dash": DASHES.get(part, "solid")}
            behind: dict[str, Any] = {"x": points["x"], "hoverinfo": "skip", "showlegend": False, "legendgroup": label}
            bars = None
            if "sd" in points and len(points) > 1:
                _band(figure, points, behind, shade, log)
            elif "sd" in points:
                bars = {"type": "data", "array": points["sd"]}
            elif often and strength:
                line = style | {"width": 1}
                figure.add_scatter(y=points["raw"], mode="lines", line=line, opacity=0.25, **behind)
            name = escape(label).replace("%", "&#37;")  # Plotly reads tags and fields in it
            several = f"{name}, {part}" if len(parts) > 1 else name
            figure.add_scatter(
                x=points["x"], y=points["y"], name=name, legendgroup=label, showlegend=label not in named,
                mode="lines" if len(points) > 1 else "markers", line=style | {"width": 2}, error_y=bars,
                marker={"color": shade, "size": 8}, hovertemplate=f"{several}: {HOVER}<extra></extra>",
            )  # fmt: skip
            named.add(label)
    figure = styled(figure, TITLES.get(group, group.capitalize()), AXES[axis], log)
    if len(parts) > 1:
        kinds = {"solid": "solid", "dot": "dotted", "dash": "dashed"}
        text = ", ".join(f"{part} {kinds[DASHES.get(part, 'solid')]}" for part in parts)
        figure.layout["title"]["subtitle"] = {"text": text, "font": {"size": 11}}
        figure.layout["margin"]["t"] = 70
    return _framed(figure, drawn, axis, log)


def _tags(table: pd.DataFrame, group: str) -> list[str]:
    return [tag for tag in table["tag"].unique() if tag.split("/")[0] == group]


def _place(part: str) -> tuple[bool, str]:
    """Solid lines come first: the legend shows them."""
    return DASHES.get(part, "solid") != "solid", part


def _part(tag: str) -> str:
    return tag.split("/", 1)[-1]


def _curve(table: pd.DataFrame, tag: str, axis: str, per_epoch: int, strength: float) -> pd.DataFrame:
    """One curve of one run by its step: x as the axis wants it, y smoothed, raw."""
    rows = table.loc[table["tag"] == tag].drop_duplicates("step", keep="last").set_index("step").sort_index()
    x = pd.Series(rows.index, rows.index, dtype=float)
    if axis == "epoch":
        x = x / max(1, per_epoch)
    elif axis == "seconds":
        seconds = table.loc[table["tag"] == "progress/seconds"].drop_duplicates("step", keep="last")
        x = x.map(seconds.set_index("step")["value"]).interpolate()
    return pd.DataFrame({"x": x, "y": smooth(rows["value"], strength), "raw": rows["value"]})


def _band(figure: go.Figure, points: pd.DataFrame, behind: dict[str, Any], shade: str, log: bool) -> None:
    """One standard deviation to either side of a mean, as an area."""
    low, high = points["y"] - points["sd"], points["y"] + points["sd"]
    if log:  # which knows nothing below zero
        low = np.maximum(low, np.abs(points["y"]).min() / 10)
    outline = behind | {"x": np.concatenate([points["x"], points["x"][::-1]]), "y": np.concatenate([high, low[::-1]])}
    figure.add_scatter(**outline, mode="lines", line={"width": 0}, fill="toself", fillcolor=shade, opacity=0.2)


def _framed(figure: go.Figure, drawn: list[pd.DataFrame], axis: str, log: bool) -> go.Figure:
    """Give the axes sense where Plotly's own choice has none, and words to what is hovered over."""
    unit = {"step": "Step %{x:,d}", "epoch": "Epoch %{x:.4~r}", "seconds": "%{x:,.4~r} s"}[axis]
    figure.layout["xaxis"]["unifiedhovertitle"] = {"text": unit}
    # A zoom is kept as new points come, but not into another unit.
    figure.layout["xaxis"]["uirevision"], figure.layout["yaxis"]["uirevision"] = axis, "log" if log else "linear"
    figure.layout["hoverlabel"] = {"namelength": -1}
    figure.layout["legend"]["traceorder"] = "reversed"
    if all(len(points) == 1 for points in drawn):
        # Around single points Plotly would show a range of no meaning, such as step 599 to 600.5.
        figure.layout["xaxis"]["rangemode"] = "tozero"
        if not log:
            figure.layout["yaxis"]["rangemode"] = "tozero"
    return figure
