"""What a view of a study consists of, which training mixes it shows, and what its intervals hold."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from ocrgen.plots import study as charts
from ocrgen.study.arms import BAR, Arm
from ocrgen.study.correctness import PER_IMAGE
from ocrgen.study.formatting import seen_words
from ocrgen.study.headline import shown_ways
from ocrgen.study.results import Results
from ocrgen.study.verdicts import EXPLORATORY, verdicts
from ocrgen.utils.numbers import real_minus

LINES = {"solid": "━━", "dash": "╍╍", "dot": "┈┈", "dashdot": "━┈"}
SHAPES = {
    **{"diamond": "◆", "diamond-open": "◇", "square": "■", "square-open": "□", "circle": "●", "circle-open": "○"},
    **{"triangle-up": "▲", "triangle-up-open": "△", "x": "✖"},
}


@dataclass(frozen=True, eq=False)
class View:
    """A figure, its title, and `alt`, a text that says what it shows; `note`: small print beside the title."""

    title: str
    figure: go.Figure
    alt: str
    note: str = ""


@dataclass(frozen=True)
class LegendItem:
    """One training mix in the legend of many small charts: its line and symbol as text, its colour, its note."""

    key: str
    colour: str
    title: str
    note: str


@dataclass(frozen=True, eq=False)
class Section:
    """Views that belong together, in so many columns, under one heading, with one caption."""

    title: str
    caption: str
    views: Sequence[View]
    columns: int = 1
    legend: tuple[LegendItem, ...] = ()


def at_size(results: Results, n: int) -> pd.DataFrame:
    """The figures of readers at n labelled images, and of those that need none."""
    rows = results.readers
    alone = [a.name for a in results.config.arms_alone]
    return rows.loc[(rows.n_real == n) | ((rows.n_real == 0) & rows.arm.isin(alone))]


def arm_names(results: Results, n: int | None = None) -> list[str]:
    """Training mixes that have results, at n labelled images or at any, in the study's order."""
    measured = set((results.readers if n is None else at_size(results, n)).arm)
    return [a.name for a in (*results.config.arms, *results.config.arms_alone) if a.name in measured]


def main_arms(results: Results, n: int | None = None) -> list[str]:
    """Real images, with and without augmentation, and each declared way that is shown first."""
    named = [(name, Arm.parse(name)) for name in arm_names(results, n)]
    return [name for name, arm in named if name in ("real", BAR) or arm in shown_ways(results)]


def bars(results: Results, metric: str = "") -> str:
    """What the intervals of a metric hold, in words."""
    seeds = f"up to {results.seeds} seeds" if results.seeds > 1 else "one seed"
    if results.whole_errors and metric in PER_IMAGE:
        images = f"{results.n_tested:,}" if metric == "accuracy" else "the"
        return f"Bars: 95% intervals, which hold the errors of {seeds} and of {images} test images."
    return f"Bars: 95% intervals over {seeds} (Student’s t), which do not hold the error of the test images."


def word_of(results: Results, arm: str, against: str, n: int, metric: str) -> str:
    """The verdict's words of a comparison that is judged; exploratory, if it is not."""
    key = (arm, against, n, metric)
    found = (v.words for v in verdicts(results) if (v.arm, v.against, v.n_real, v.metric) == key)
    return next(found, EXPLORATORY)


def listed(rows: pd.DataFrame, form: str) -> str:
    """The means of rows in words, the highest first."""
    ordered = rows.sort_values("mean", ascending=False)
    return "; ".join(
        f"{Arm.parse(name).title} " + real_minus(f"{mean:{form}}")
        for name, mean in zip(ordered.arm, ordered["mean"], strict=True)
    )


def seen(results: Results, arm: str, n: int) -> str:
    """How many labelled images a training mix has seen, in words."""
    row = results.of(arm, 0 if Arm.parse(arm).alone else n, "accuracy")
    return f"{seen_words(arm, int(row['n_labelled']))} seen" if row else ""


def legend_item(results: Results, arm: Arm, n: int) -> LegendItem:
    """A training mix in the legend of many small charts."""
    key = LINES[charts.dash(arm)] + SHAPES[charts.symbol(arm)]
    return LegendItem(key, charts.colour(arm), arm.title, seen(results, arm.name, n))
