"""How a report's charts are drawn: one style for light, dark and paper, and the data that the page's script reads."""

import json
from html import escape

import plotly.graph_objects as go

from ocrgen.report.markup import Html, el

FONT = '"Source Sans 3", "Source Sans", "Source Sans Pro", system-ui, -apple-system, "Segoe UI", sans-serif'
TITLE = {"font": {"size": 13}}
# Inks of text and grid come from the page's style, since they change with light, dark and paper.
PLAIN = {
    "layout": {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 13},
        "xaxis": {"gridcolor": "#8884", "zerolinecolor": "#8888", "automargin": True, "title": TITLE},
        "yaxis": {
            "gridcolor": "#8884",
            "zerolinecolor": "#8888",
            "automargin": True,
            "title": TITLE | {"standoff": 10},
        },
    }
}


class Charts:
    """Figures that a page draws: `add` gives the place of each, `specs` what its script draws there."""

    def __init__(self):
        self.specs: dict[str, dict] = {}

    def add(self, figure: go.Figure, title: object, alt: str, narrow: go.Figure | None = None) -> Html:
        """A figure with its title; `narrow`: the same for small screens. `alt` says what is to be seen."""
        key = f"chart-{len(self.specs) + 1}"
        spec = _spec(figure)
        self.specs[key] = spec | ({"narrow": _spec(narrow)["layout"]} if narrow is not None else {})
        place = el("div", id=key, class_="chart", role="img", aria_label=alt, style=f"height:{figure.layout.height}px")
        return el("figure", el("figcaption", title), place)

    def script(self) -> Html:
        """What stands in the page for its script to read; nothing in it can end it or begin another."""
        text = json.dumps(self.specs, separators=(",", ":"))
        for mark in "<>&\u2028\u2029":
            text = text.replace(mark, f"\\u{ord(mark):04x}")
        return el("script", Html(text), type="application/json", id="specs")


def _plain(value: object) -> object:
    """Text without markup, of which Plotly knows some; anything else as it is."""
    return escape(value, False) if isinstance(value, str) else value


def _spec(figure: go.Figure) -> dict:
    """Data and layout as they are drawn: no title, which stands above in HTML, and no markup in names."""
    spec = json.loads(figure.to_json())  # a dict from here on: each change of a figure is checked at length
    spec["layout"].pop("title", None)
    spec["layout"] |= {"template": PLAIN, "margin": {"l": 4, "r": 12, "t": 8, "b": 4}, "dragmode": False}
    for trace in spec["data"]:
        trace["name"] = _plain(trace.get("name") or "")
        if isinstance(trace.get("y"), list):
            trace["y"] = list(map(_plain, trace["y"]))
    for note in spec["layout"].get("annotations", []):
        note["text"] = _plain(note["text"])
    return spec
