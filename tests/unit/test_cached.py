"""A chart is drawn once for the same content, and anew for any other."""

import pandas as pd
import plotly.graph_objects as go
import pytest

from ocrgen.plots.curves import learning_curves
from ocrgen.plots.style import epoch_chart
from ocrgen.ui.shared import cache as cached


@pytest.fixture
def counted():
    """A function that draws, and the list of what it was given."""
    calls = []

    def draw(*args, **options) -> go.Figure:
        calls.append((args, options))
        return go.Figure(go.Scatter(y=[1, 2]), {"title": {"text": str(len(calls))}})

    return draw, calls


@pytest.mark.parametrize(
    ("one", "same", "other"),
    [
        (pd.DataFrame({"a": ["x"], "b": [1.0]}), pd.DataFrame({"a": ["x"], "b": [1.0]}), pd.DataFrame({"a": ["y"]})),
        (pd.DataFrame({"a": [1.0, 2.0]}), pd.DataFrame({"a": [1.0, 2.0]}), pd.DataFrame({"a": [1.0, 2.1]})),
        ([{"ratio": 1.0, "low": None}], [{"ratio": 1.0, "low": None}], [{"ratio": 1.1, "low": None}]),
        ({"a": ([1], [0.5], "#000")}, {"a": ([1], [0.5], "#000")}, {"a": ([1], [0.5], "#001")}),
        ("title", "title", "another"),
    ],
)
def test_the_same_content_is_drawn_once(counted, one, same, other):
    draw, calls = counted
    first = cached.cached_figure(draw, one, zero=True)
    assert cached.cached_figure(draw, same, zero=True) is first and len(calls) == 1
    assert cached.cached_figure(draw, other, zero=True) is not first
    assert cached.cached_figure(draw, one, zero=False) is not first and len(calls) == 3


@pytest.mark.parametrize(
    ("draw", "args"),
    [
        (epoch_chart, ("LFID-64: nearer", {"#1": ([1, 2], [3.0, None], "#123456")}, 0.5, True)),
        (
            learning_curves,
            ({"#1": ((pd.DataFrame({"tag": ["loss/train"], "step": [1], "value": [2.0]}),), "#123456", 5)}, "loss"),
        ),
    ],
)
def test_what_is_kept_is_what_is_drawn(draw, args):
    assert cached.cached_figure(draw, *args).to_dict() == draw(*args).to_dict()
