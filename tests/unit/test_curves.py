"""Learning curves: the mean and spread of seeds, what is drawn on top, and axes and words that make sense."""

import numpy as np
import pandas as pd
import pytest

from ocrgen.plots.curves import across_seeds, learning_curves


def table(values: list[float], tag: str = "loss/train", every: int = 10) -> pd.DataFrame:
    steps = every * np.arange(1, len(values) + 1)
    times = pd.DataFrame({"tag": "progress/seconds", "step": steps, "value": steps / 4})
    return pd.concat([pd.DataFrame({"tag": tag, "step": steps, "value": values}), times])


def lines(figure) -> list:
    return [trace for trace in figure.data if trace.hoverinfo != "skip"]


def test_seeds_as_their_mean_and_sample_standard_deviation():
    values = np.random.default_rng(0).normal(size=(3, 20))
    steps = pd.Index(range(20), name="step")
    # The last seed is still at work: nothing is said of steps that it has not reached.
    curves = [
        pd.DataFrame({"x": steps * 1.0, "y": v, "raw": v}, steps)[: 20 - 5 * (i == 2)] for i, v in enumerate(values)
    ]
    found = across_seeds(curves)
    np.testing.assert_allclose(found["y"], values[:, :15].mean(0))
    np.testing.assert_allclose(found["sd"], values[:, :15].std(0, ddof=1))
    np.testing.assert_array_equal(found["x"], np.arange(15))


@pytest.mark.parametrize("log", [False, True])
def test_the_band_lies_one_standard_deviation_to_either_side(log):
    seeds = np.array([[1.0, 4.0, 2.0], [3.0, 2.0, 2.0]])
    figure = learning_curves({"both": (tuple(map(table, seeds)), "#123456", 5)}, "loss", log=log)
    band, mean = figure.data
    np.testing.assert_allclose(mean.y, seeds.mean(0))
    np.testing.assert_allclose(band.y[:3], (seeds.mean(0) + seeds.std(0, ddof=1)), rtol=1e-6)
    np.testing.assert_allclose(band.y[3:], (seeds.mean(0) - seeds.std(0, ddof=1))[::-1], rtol=1e-6)
    assert min(band.y) > 0 and band.fill == "toself"


def test_a_band_stays_above_zero_on_a_log_scale():
    figure = learning_curves({"both": ((table([1.0, 9.0]), table([9.0, 1.0])), "#123456", 5)}, "loss", log=True)
    assert min(figure.data[0].y) > 0


def test_what_comes_first_is_drawn_on_top_with_words_for_what_is_hovered_over():
    runs = {f"#{n} <b>%{{x}}": ((table([1.0, 2.0]),), "#123456", 5) for n in (2, 1)}
    drawn = lines(learning_curves(runs, "loss", strength=0.5))
    assert [trace.name[:2] for trace in drawn] == ["#1", "#2"]
    assert drawn[0].hovertemplate.startswith("#1 &lt;b&gt;&#37;{x}: %{y:")  # a name is text, whatever it holds


@pytest.mark.parametrize(("axis", "x"), [("step", [10, 20]), ("epoch", [2, 4]), ("seconds", [2.5, 5])])
def test_the_axes(axis, x):
    (line,) = lines(learning_curves({"#1": ((table([1.0, 2.0]),), "#123456", 5)}, "loss", axis))
    np.testing.assert_allclose(line.x, x)


def test_single_points_stand_on_axes_that_begin_at_zero():
    one, two = (learning_curves({"#1": ((table([0.5] * n),), "#123456", 5)}, "loss").layout for n in (1, 2))
    assert one.xaxis.rangemode == one.yaxis.rangemode == "tozero" and two.xaxis.rangemode is None


def test_a_run_stands_once_in_the_legend_with_its_solid_line():
    rows = pd.concat([table([1.0, 2.0], f"verdict/{part}") for part in ("fake", "held-out", "real")])
    figure = learning_curves({"#1": ((rows,), "#123456", 5)}, "verdict", log=True)
    (shown,) = [trace for trace in figure.data if trace.showlegend]
    assert shown.line.dash == "solid" and figure.layout.yaxis.type == "linear"
    assert figure.layout.title.subtitle.text == "real solid, fake dashed, held-out dotted"
