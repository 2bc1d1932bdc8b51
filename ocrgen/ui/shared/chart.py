"""A chart that new points are drawn into. Streamlit's own makes a new one, which loses the zoom, each time."""

from pathlib import Path

import plotly
import plotly.graph_objects as go
import streamlit as st
from streamlit.components.v1 import declare_component
from streamlit.components.v2 import component

HERE = Path(__file__).parent
# Plotly's own JavaScript, out of the Python package: served from here, nothing is fetched from outside.
LIBRARY = declare_component("plotly", path=Path(plotly.__file__).parent / "package_data").name
_chart = component(
    "live_chart",
    html='<div class="live-chart" role="figure"></div>',
    css=(HERE / "chart.css").read_text(),
    js=(HERE / "chart.js").read_text(),
    isolate_styles=False,  # Plotly puts rules of its own into the page
)


def live_chart(figure: go.Figure, key: str, alt: str) -> None:
    """Show a figure; drawn again under the same key, it keeps what the user has zoomed into and hidden.

    alt: what it shows, for those who do not see it.
    """
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    library = "/".join(filter(None, ["", base, "component", LIBRARY, "plotly.min.js"]))
    data = {"spec": figure.to_json(), "alt": alt, "height": figure.layout["height"], "library": library, "name": key}
    _chart(data=data, key=key)
