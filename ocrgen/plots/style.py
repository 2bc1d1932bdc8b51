"""Plotly figures from tables, in the lab's one style: tables in, figures out."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from ocrgen.datasets.alphabet import noun, shown

MAX_UPRIGHT, MAX_UPRIGHT_TEXT = 12, 3  # classes, and characters of each, that bars side by side have room for
MAX_POINTS = 2000
# Safe for colour-blind eyes (after Okabe & Ito) and legible on white and on near-black alike. A model keeps its hue;
# its runs take shades by their number, so that a run's colour never changes.
REAL = "#6B7685"
FAMILIES = {
    "cvae": ["#0072B2", "#3FA0DB", "#5B5BD6", "#2A63B8", "#7C8CF8"],
    "cgan": ["#D55E00", "#C78A00", "#C8443C", "#A0622D", "#E0736A"],
    "flow": ["#009E73", "#55A63A", "#17806B", "#7A9E4E", "#4C8A3F"],
    "rendered": ["#B66BE3", "#C95FB4", "#9060D0", "#A4528F", "#C56CCC"],
}
# Verdicts: text that is legible on a light and on a dark ground.
QUIET = "light-dark(#5A6472, #A9B4C2)"
VERDICT_COLOURS = {
    "holds": "light-dark(#00734C, #3DD598)",
    "does not hold": "light-dark(#B8321F, #FF8A75)",
    "depends": "light-dark(#8A5A00, #F2B84B)",
    "undecided": QUIET,
    "not measured": QUIET,
    "better": "light-dark(#00734C, #3DD598)",
    "worse": "light-dark(#B8321F, #FF8A75)",
    "no difference that matters": "light-dark(#3D4A5C, #C9D3DF)",
    "too few to tell": QUIET,
    "exploratory": QUIET,
}
OTHERS = ["#676328", "#8F8A20", "#A0586F", "#97806F", "#8A7A5C"]
# Of what else a study's readers learn from: images that the user brings, and labels that readers gave.
SOURCES = {"own": "#00929B", "pseudo": OTHERS[1]}
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
DASHES = {"train": "solid", "validation": "dot", "real": "solid", "fake": "dash", "held-out": "dot", "samples": "solid"}
# What all figures share. No template of Plotly's: Streamlit's theme writes its own title size, margins and distances of
# axis titles over a template's, and the report puts another one in its place.
LAYOUT = {
    "height": 300,
    "margin": {"l": 8, "r": 8, "t": 44, "b": 8},
    "legend": {"orientation": "h", "y": -0.25, "yanchor": "top", "x": 0},
    "hovermode": "x unified",
    "showlegend": True,
    "uirevision": "kept",
}
AXES = {"step": "Step", "epoch": "Epoch", "seconds": "Seconds at work"}


def colour(model: str, number: int) -> str:
    """The colour of a run: the hue of its model, the shade of its number.

    Where a CVAE comes first, a CGAN second and so on, as the quick start trains them, each has its model's own hue.
    """
    first = list(FAMILIES).index(model) if model in FAMILIES else 0
    return FAMILIES.get(model, OTHERS)[(number - 1 - first) % 5]


def hue(model: str) -> str:
    """The colour of a kind of generator, or of another source, the same on every page."""
    return SOURCES.get(model) or FAMILIES.get(model, OTHERS)[0]


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


def epoch_chart(
    title: str,
    lines: dict[str, tuple[list[int], list[float], str]],
    floor: float | None = None,
    log: bool = False,
    chosen: int | None = None,
) -> go.Figure:
    """One measure over the epochs, titled "name" or "name: what it is".

    `lines`: label -> (epochs, values, colour). `floor`: real against real, dashed. `chosen`: an epoch that is marked.
    """
    figure = go.Figure()
    for label, (epochs, values, shade) in lines.items():
        figure.add_scatter(
            x=epochs, y=values, name=label, mode="lines+markers", line={"color": shade, "width": 2}, marker={"size": 7},
            unselected={"marker": {"opacity": 1}}, hovertemplate="%{y:.3g}",
        )  # fmt: skip
    if floor is not None:
        note = {"text": "real against real", "font": {"color": REAL}}
        figure.add_hline(floor, line={"color": REAL, "dash": "dash", "width": 1.5}, label=note)
    every = [epoch for epochs, *_ in lines.values() for epoch in epochs]
    if chosen is not None and len(set(every)) > 1:
        figure.add_vline(chosen, line={"color": REAL, "dash": "dot", "width": 2})
    title, _, below = title.partition(": ")
    figure = styled(figure, title, "Epoch", log)
    if every and max(every) - min(every) < 8:  # no halves of epochs
        figure.layout["xaxis"]["dtick"] = 1
    if below:  # on a line of its own: three charts stand side by side
        figure.layout["title"]["subtitle"] = {"text": below[:1].upper() + below[1:], "font": {"size": 11}}
        figure.layout["margin"]["t"] = 66
    return figure


def class_bars(title: str, classes: tuple[str, ...], bars: dict[str, tuple[list[float | None], str]]) -> go.Figure:
    """One measure for each of K classes, runs side by side; "too few" stands where a class has no value.

    bars: label -> (K values, colour). Words, and more classes than fit a phone side by side, stand below each other.
    """
    figure, texts = go.Figure(), list(map(shown, classes))
    lying = len(classes) > MAX_UPRIGHT or max(map(len, classes)) > MAX_UPRIGHT_TEXT
    word, place = ("too few", "middle right") if lying else ("too<br>few", "top center")

    def along(names: list[str], values: Sequence[float | None]) -> dict:
        return {"x": values, "y": names, "orientation": "h"} if lying else {"x": names, "y": values}

    for label, (values, shade) in bars.items():
        figure.add_bar(**along(texts, values), name=label, marker={"color": shade}, offsetgroup=label)
        if missing := [text for text, value in zip(texts, values, strict=True) if value is None]:
            figure.add_scatter(
                **along(missing, [0] * len(missing)), mode="text", text=[word] * len(missing), textposition=place,
                textfont={"color": REAL, "size": 10}, offsetgroup=label, hoverinfo="skip", showlegend=False,
            )  # fmt: skip
    figure = styled(figure, title, noun(classes).capitalize(), False)
    category = {"type": "category", "categoryorder": "array", "categoryarray": texts, "dtick": 1}
    if lying:
        # Dots of letters are lost in smaller ones.
        category |= {"autorange": "reversed", "tickfont": {"size": 13}}
        figure.layout["yaxis"] = category
        figure.layout["xaxis"] = {"tickformat": "~g", "rangemode": "tozero"}
        figure.layout["hovermode"] = "y unified"
        height = len(classes) * (14 + 4 * len(bars))
        figure.layout["height"] = 120 + height
        figure.layout["legend"]["y"] = -36 / height
    else:
        figure.update_xaxes(category)
    figure.update_layout(barmode="group", scattermode="group")
    return figure


def styled(figure: go.Figure, title: str, x: str, log: bool) -> go.Figure:
    """Give a figure the lab's layout, a title and the title of its x axis; returns the figure."""
    # 1, 2, 5 of a decade: all nine would lie on each other.
    scale = {"type": "log", "dtick": "D2"} if log else {"type": "linear"}
    axes = {
        "xaxis": {"title": {"text": x, "standoff": 6}},
        "yaxis": {"tickformat": "~g"} | scale,
    }
    # Key by key: `update_layout` takes seven times as long, and a page draws up to eleven charts.
    for name, value in {"title": {"text": title, "font": {"size": 15}}, **LAYOUT, **axes}.items():
        figure.layout[name] = value
    return figure


def learning_curves(
    runs: dict[str, tuple[pd.DataFrame, str, int]],
    group: str,
    axis: str = "step",
    log: bool = False,
    strength: float = 0.0,
) -> go.Figure:
    """One chart of one tag group. `runs`: label -> (table of CurveReader, colour, steps per epoch).

    With smoothing, the raw curve stays as a faint line behind. Held-out curves are dotted.
    """
    figure = go.Figure()
    for label, (table, shade, per_epoch) in runs.items():
        seconds = table.loc[table["tag"] == "progress/seconds"].set_index("step")["value"]
        for tag in sorted(t for t in table["tag"].unique() if t.split("/")[0] == group):
            rows = table.loc[table["tag"] == tag].sort_values("step")
            x = rows["step"]
            if axis == "epoch":
                x = x / max(1, per_epoch)
            elif axis == "seconds":
                x = rows["step"].map(seconds).interpolate()
            line = tag.split("/", 1)[1]
            # Held-out values come once an epoch: there is nothing to smooth.
            often = line not in ("validation", "held-out", "samples")
            y = smooth(rows["value"], strength) if often else rows["value"]
            points = thin(pd.DataFrame({"x": x, "y": y, "raw": rows["value"]}))
            style = {"color": shade, "dash": DASHES.get(line, "solid")}
            if often and strength:
                figure.add_scatter(
                    x=points["x"],
                    y=points["raw"],
                    line=style | {"width": 1},
                    opacity=0.25,
                    hoverinfo="skip",
                    showlegend=False,
                )
            name = f"{label} {line}" if group != "speed" else label
            mode = "lines" if len(points) > 1 else "markers"
            figure.add_scatter(
                x=points["x"], y=points["y"], name=name, mode=mode, line=style | {"width": 2}, marker={"color": shade}
            )
    return styled(figure, TITLES.get(group, group.capitalize()), AXES[axis], log)
