"""Error rates on a log axis, for accuracies near their ceiling: what a share lacks to 1, and where the axis begins."""

from math import log10

import numpy as np
import pandas as pd

CEILING = 0.95  # best accuracy from which error rates tell more


def as_errors(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a share, such as an accuracy, as rows of what it lacks to 1; bounds below 0 are 0."""
    low, high = (1 - rows.high).clip(lower=0), (1 - rows.low).clip(upper=1)
    return rows.assign(mean=1 - rows["mean"], low=low, high=high)


def log_floor(rows: pd.DataFrame) -> float:
    """Where a log axis of these rows begins, below all that is above 0; what reaches 0 is drawn up to its edge."""
    values = rows[["mean", "low"]].to_numpy(float)
    return 0.6 * float(values[values > 0].min()) if (values > 0).any() else 1e-4


def on_log(rows: pd.DataFrame, floor: float) -> pd.DataFrame:
    """Rows whose bounds and means of 0, which a log axis cannot show, lie beyond its edge, at half of `floor`."""
    return rows.assign(**{name: rows[name].mask(rows[name] <= 0, floor / 2) for name in ("mean", "low")})


def error_axis(rows: pd.DataFrame, floor: float) -> dict:
    """A log axis of error rates, from `floor` to above all bounds: ticks of 1, 2 and 5 in each decade."""
    top = min(1.0, 1.3 * float(np.nanmax(rows[["mean", "high"]].to_numpy(float))))
    ticks = [d * 10.0**e for e in range(-6, 1) for d in (1, 2, 5) if floor <= d * 10.0**e <= top]
    if len(ticks) > 6:
        ticks = [t for t in ticks if f"{t:e}".startswith(("1.0", "5.0"))]
    return {
        "type": "log", "range": [log10(floor), log10(max(top, 2 * floor))], "tickvals": ticks,
        "ticktext": [f"{100 * t:.3g}%" for t in ticks], "tickformat": None,
    }  # fmt: skip
