"""Figures of a report as its script draws them: one style for light, dark and paper."""

import json
from html import escape

import plotly.graph_objects as go
from markupsafe import Markup

from ocrgen.plots.section import View

FONT = '"Source Sans 3", "Source Sans", "Source Sans Pro", system-ui, -apple-system, "Segoe UI", sans-serif'
AXIS = {"gridcolor": "#8884", "zerolinecolor": "#8888", "automargin": True}
# Inks of text and grid come from the page's style, since they change with light, dark and paper.
TEMPLATE = {
    "layout": {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 13},
        "xaxis": AXIS | {"title": {"font": {"size": 13}}},
        "yaxis": AXIS | {"title": {"font": {"size": 13}, "standoff": 10}},
    }
}


class Figures:
    """The figures of a page by the id of their place."""

    def __init__(self) -> None:
        self.specs: dict[str, dict] = {}

    def add(self, view: View) -> str:
        """Take a view up; returns the id of the element that it is drawn into."""
        key = f"chart-{len(self.specs) + 1}"
        spec = _spec(view.figure)
        named = spec["layout"].get("yaxis", {}).get("type") == "category"
        narrow = _names_above(spec) if named and all(len(trace["y"]) == 1 for trace in spec["data"]) else None
        self.specs[key] = spec | ({"narrow": narrow} if narrow else {})
        return key

    def json(self) -> Markup:
        """What the page's script reads; nothing in it can end the script element or begin another."""
        text = json.dumps(self.specs, separators=(",", ":"))
        for mark in "<>&\u2028\u2029":
            text = text.replace(mark, f"\\u{ord(mark):04x}")
        return Markup(text)


def _plain(value: object) -> object:
    """Text in one line, without the markup that Plotly would interpret; anything else as it is."""
    return escape(value.replace("<br>", " "), False) if isinstance(value, str) else value


def _spec(figure: go.Figure) -> dict:
    """Data and layout as they are drawn: no title, which stands above in HTML, and no markup in names."""
    spec = json.loads(str(figure.to_json()))  # a dict from here on: each change of a figure is validated at length
    spec["layout"].pop("title", None)
    spec["layout"] |= {"template": TEMPLATE, "margin": {"l": 4, "r": 12, "t": 8, "b": 4}, "dragmode": False}
    for trace in spec["data"]:
        trace["name"] = _plain(trace.get("name") or "")
        if isinstance(trace.get("y"), list):
            trace["y"] = list(map(_plain, trace["y"]))
    for note in spec["layout"].get("annotations", []):
        note["text"] = _plain(note["text"])
    return spec


def _names_above(spec: dict) -> dict:
    """The layout for small screens of a chart with one dot a row: each row's name stands above its dot."""
    labels = [trace["y"][0] for trace in spec["data"]]
    place = {"xref": "paper", "x": 0, "xanchor": "left", "yref": "y", "yshift": 13, "showarrow": False}
    notes = [place | {"y": i, "text": label, "font": {"size": 12}} for i, label in enumerate(labels)]
    axis = spec["layout"]["yaxis"] | {"showticklabels": False}
    return spec["layout"] | {"height": 70 + 40 * len(labels), "annotations": notes, "yaxis": axis}
