"""Charts of a study: training mixes, labelled images, epochs, robustness, confusion, and distances."""

from textwrap import wrap

import pandas as pd
import plotly.graph_objects as go

from ocrgen.plots.error_rates import as_errors, error_axis, log_floor, on_log
from ocrgen.plots.style import OTHERS, REAL, hue, styled
from ocrgen.study.arms import PSEUDO, Arm, trained
from ocrgen.study.formatting import seen_words

METRICS = {
    "accuracy": "Accuracy",
    "precision_macro": "Precision (macro)",
    "recall_macro": "Recall (macro)",
    "f1_macro": "F1 (macro)",
    "precision_weighted": "Precision (weighted)",
    "recall_weighted": "Recall (weighted)",
    "f1_weighted": "F1 (weighted)",
    "calibration_error": "Calibration error",
    "corrupted": "Accuracy under corruption (mean)",
    "attacked": "Accuracy under attack (mean)",
    "gan_test": "GAN-test: images read as meant",
}
LABEL = 33  # characters of a training mix beside an axis, beyond which it takes a second line: phones are narrow
DISTANCES = {"lfid_64": "LFID-64", "lfid_192": "LFID-192", "lfid_768": "LFID-768", "fid_2048": "FID-2048"}
JUDGES = DISTANCES | {"epoch": "The epoch's number"}


def colour(arm: Arm) -> str:
    """The generator's colour, or that of the labels that readers gave; a grey for mixes without either."""
    if arm.generator or arm.pool == PSEUDO:
        return hue(arm.generator or PSEUDO)
    return OTHERS[0] if arm.real == "all" or arm.pool else REAL


def symbol(arm: Arm) -> str:
    """Plotly's marker: circle without real images, square with them, diamond if these are augmented.

    Triangle with a pool, x with noise; open where generated images are filtered in other mixes, but not here.
    """
    shape = "diamond" if arm.augmented else "square" if arm.real else "circle"
    shape = "triangle-up" if arm.pool else "x" if arm.noise else shape
    return f"{shape}-open" if arm.generator and trained(arm.generator) and not arm.filtered else shape


def dash(arm: Arm) -> str:
    """Plotly's line style: dotted without real images, dashed with them, solid if augmented, both if made noisy."""
    if arm.noise or not arm.augmented:
        return "dashdot" if arm.noise else "dash" if arm.real else "dot"
    return "solid"


def error_bars(rows: pd.DataFrame, share: bool = True) -> dict:
    """Plotly's error bars from columns mean, low, high; within 0 and 1 for a share, of length 0 for a single seed."""
    if share:
        rows = rows.assign(low=rows.low.clip(lower=0), high=rows.high.clip(upper=1))
    return {
        "type": "data",
        "symmetric": False,
        "array": (rows.high - rows["mean"]).fillna(0),
        "arrayminus": (rows["mean"] - rows.low).fillna(0),
        "thickness": 1.5,
        "width": 4,
    }


HOVER = (
    "%{x}: <b>%{y:.2%}</b> [%{customdata[0]:.2%}, %{customdata[1]:.2%}], "
    "%{customdata[2]} seeds, %{customdata[3]}<extra>%{fullData.name}</extra>"
)


def custom(rows: pd.DataFrame) -> list[list]:
    """What HOVER shows: low, high, number of seeds, and the labelled images seen in words."""
    seen = [seen_words(arm, n) for arm, n in zip(rows.arm, rows.n_labelled, strict=True)]
    return [[*row, words] for row, words in zip(rows[["low", "high", "n"]].to_numpy().tolist(), seen, strict=True)]


def _line(figure: go.Figure, arm: Arm, x, rows: pd.DataFrame, size: int, floor: float = 0.0) -> None:
    """Draw a training mix as a line with error bars: rows' means over `x`, with markers of `size` pixels.

    floor: of a log axis, 0 for a linear one.
    """
    drawn = on_log(rows, floor) if floor else rows
    figure.add_scatter(
        x=x,
        y=drawn["mean"],
        error_y=error_bars(drawn),
        name=arm.title,
        mode="lines+markers",
        line={"color": colour(arm), "dash": dash(arm), "width": 2},
        marker={"symbol": symbol(arm), "size": size},
        customdata=custom(rows),
        hovertemplate=HOVER,
    )


def error_name(metric: str) -> str:
    """What the lack of a metric to 1 is called: the error rate of an accuracy, "1 − F1 (macro)"."""
    name = METRICS[metric]
    return name.replace("Accuracy", "Error rate") if name.startswith("Accuracy") else f"1 − {name}"


def arms_chart(rows: pd.DataFrame, title: str, gains: bool = False, errors: bool = False) -> go.Figure:
    """One dot with its interval for each training mix, the best on top.

    rows: arm, mean, low, high, n, n_labelled and perhaps word, a verdict's. gains: they are differences, shown in
    points against a line at 0. errors: what is shown is what they lack to 1, on a log axis; an arrow at its edge marks
    an interval that reaches 0.
    """
    figure = go.Figure()
    rows = rows.sort_values("mean")
    rows, form, sign = (as_errors(rows) if errors else rows), ".2%", ""
    if gains:
        rows, form, sign = rows.assign(**{k: 100 * rows[k] for k in ("mean", "low", "high")}), ".2f", "+"
    facts, floor = custom(rows), log_floor(rows) if errors else 0.0
    drawn = on_log(rows, floor) if errors else rows
    spans = error_bars(drawn, share=not gains)
    bounds = f"[%{{customdata[0]:{sign}{form}}}, %{{customdata[1]:{sign}{form}}}]"
    for i, name in enumerate(rows.arm):
        arm, seen = Arm.parse(name), int(rows.n_labelled.iloc[i])
        label = arm.title.replace("augmentation", "aug.")
        label += f" ·\xa0n\xa0=\xa0{seen:,}" if seen or not arm.alone else " ·\xa0no\xa0labelled\xa0image"
        place = "<br>".join(wrap(label, LABEL, break_on_hyphens=False))
        told = f"<br>{rows.word.iloc[i]}" if "word" in rows else ""
        value, unit = f"{rows['mean'].iloc[i]:{sign}{form}}".replace("-", "−"), " points" * gains
        figure.add_scatter(
            x=[drawn["mean"].iloc[i]],
            y=[place],
            error_x=spans | {k: [spans[k].iloc[i]] for k in ("array", "arrayminus")},
            mode="markers",
            name=arm.title,
            marker={"color": colour(arm), "symbol": symbol(arm), "size": 11, "line": {"width": 2}},
            customdata=facts[i : i + 1],
            hovertemplate=f"<b>{value}</b>{unit} {bounds}, %{{customdata[2]}} seeds, %{{customdata[3]}}{told}"
            "<extra></extra>",
        )
        if errors and rows.low.iloc[i] <= 0:
            figure.add_annotation(
                x=0, xref="paper", y=place, text="◂ 0", showarrow=False, xanchor="left", yshift=9,
                font={"size": 10, "color": colour(arm)},
            )  # fmt: skip
    if gains:
        figure.add_vline(0, line={"color": REAL, "width": 1.5})
    styled(figure, title, "", False)
    figure.update_layout(height=90 + 31 * len(rows), showlegend=False, hovermode="closest", margin={"r": 24})
    told = "n: labelled images seen" + "; log axis, fewer errors to the left" * errors
    below = "in points; n: labelled images seen" if gains else told
    figure.update_layout(title_subtitle={"text": below, "font": {"size": 11}}, margin={"t": 60})
    figure.update_xaxes(tickformat="+~g" if gains else ".3~%", title=None, nticks=7 if gains else 4, tickangle=0)
    if errors:
        figure.update_xaxes(**error_axis(rows, floor))
    figure.update_yaxes(type="category", tickformat=None, automargin=True, ticklabelstandoff=6)
    return figure


def size_chart(summary: pd.DataFrame, arms: list[str], metric: str, errors: bool = False) -> go.Figure:
    """A metric against the number of real labelled images (log scale), a line with intervals for each training mix.

    Mixes that need no labelled image have no place on that axis: a dotted line from side to side, which is named.
    errors: as in `arms_chart`.
    """
    figure, whole = go.Figure(), summary.loc[summary.arm.isin(arms) & (summary.metric == metric)]
    floor = 0.0
    if errors:
        summary = whole = as_errors(whole)
        floor = log_floor(whole)
    sizes = sorted(summary.loc[summary.n_real > 0].n_real.unique())
    for name in arms:
        arm, rows = Arm.parse(name), summary.loc[(summary.arm == name) & (summary.metric == metric)]
        if arm.alone:
            # A curve, not a shape: it has a name in the legend, and can be pointed at.
            across = pd.concat([rows] * len(sizes))
            figure.add_scatter(
                x=sizes, y=across["mean"], name=f"{arm.title} (no labelled image)", mode="lines",
                line={"color": colour(arm), "dash": "dot", "width": 2}, customdata=custom(across),
                hovertemplate=HOVER.replace("%{x}: ", ""),
            )  # fmt: skip
            continue
        rows = rows.loc[rows.n_real > 0].sort_values("n_real")
        _line(figure, arm, rows.n_real, rows, 9, floor)
    name = error_name(metric) if errors else METRICS[metric]
    styled(figure, f"{name} by labelled images", "Labelled images (log)", False)
    figure.update_xaxes(type="log", tickvals=sizes, ticktext=[f"{n:,}" for n in sizes])
    figure.update_yaxes(error_axis(whole, floor) if errors else {"tickformat": ".1%"})
    figure.update_layout(height=460, hovermode="closest")
    return figure


def strength_chart(summary: pd.DataFrame, arms: list[str], corruption: str, title: str, steps: list) -> go.Figure:
    """Accuracy against the strength of one corruption, or epsilon of the attack; a line for each training mix.

    corruption: its name, or "attack". steps: the strengths or epsilons, in order.
    """
    figure = go.Figure()
    prefix, first = ("attack", 0) if corruption == "attack" else (f"corruption/{corruption}", 1)
    metrics = [f"{prefix}/{k + first}" for k in range(len(steps))]
    summary = summary.loc[summary.metric.isin(metrics)]
    for name in arms:
        rows = summary.loc[summary.arm == name].set_index("metric")
        rows = rows.loc[[m for m in metrics if m in rows.index]]
        _line(figure, Arm.parse(name), steps[: len(rows)], rows, 7)
    styled(figure, title, "Epsilon" if corruption == "attack" else "Strength", False)
    figure.update_yaxes(tickformat=".0%")
    figure.update_layout(hovermode="closest", height=260, showlegend=False)
    return figure
