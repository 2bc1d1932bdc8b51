"""Plotly figures from tables, in the lab's one style: tables in, figures out."""

from collections import Counter
from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

from ocrgen.datasets.alphabet import noun, shown
from ocrgen.runs.run import Run

MAX_UPRIGHT, MAX_UPRIGHT_TEXT = 12, 3  # classes, and characters of each, that bars side by side have room for
# Safe for colour-blind eyes (the first of each after Okabe & Ito), legible on white and on near-black alike, and far
# apart in OKLab. A model keeps its hue; runs of one model that are shown together take its shades in turn.
REAL = "#6B7685"
FAMILIES = {
    "cvae": ["#0072B2", "#7465E8", "#15A0B6", "#1354E6", "#8E8ECB", "#248FFF"],
    "cgan": ["#D55E00", "#FA3569", "#926A0C", "#C90C27", "#CC848C", "#924F58"],
    "flow": ["#009E73", "#7A783D", "#23AC16", "#979C46", "#107766", "#318708"],
    "rendered": ["#B66BE3", "#B30A7B", "#FF49A5", "#8829CB", "#AE6C87", "#6D5289"],
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


def shades(runs: Iterable[Run]) -> dict[Run, str]:
    """The colours of runs shown together: a hue for each kind of generator, a shade for each run of that kind.

    The newest run of a kind has the kind's own hue; six runs of one kind are told apart.
    """
    seen, chosen = Counter[str](), {}
    for run in sorted(runs, key=lambda run: run.request.number, reverse=True):
        family = FAMILIES.get(run.request.model, OTHERS)
        chosen[run] = family[seen[run.request.model] % len(family)]
        seen[run.request.model] += 1
    return chosen


def hue(model: str) -> str:
    """The colour of a kind of generator, or of another source, the same on every page."""
    return SOURCES.get(model) or FAMILIES.get(model, OTHERS)[0]


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
