"""95 % confidence intervals of means and of proportions."""

from functools import lru_cache
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest
from scipy.stats import t as student


def share_interval(hits: int, n: int) -> tuple[float, float]:
    """Wilson's score interval (1927) of the proportion hits / n, 0 <= hits <= n, n > 0; not degenerate at 0 or n."""
    interval = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


class Interval(TypedDict):
    """A mean with its 95 % interval over n independent repetitions; bounds are NaN for a single one."""

    mean: float
    low: float
    high: float
    n: int


def t_interval(values: ArrayLike) -> Interval:
    """Mean of independent repetitions `values` (n,) with Student's t interval; low and high are NaN for n = 1."""
    values = np.asarray(values, float)
    n, mean = len(values), float(values.mean())
    half = float(t_quantile(n) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    return {"mean": mean, "low": mean - half, "high": mean + half, "n": n}


@lru_cache
def t_quantile(n: int, comparisons: int = 1) -> float:
    """Quantile of Student's t with n - 1 degrees of freedom for a two-sided 95 % interval.

    comparisons: number of intervals that are to hold simultaneously (Bonferroni).
    """
    return float(student.ppf(1 - 0.025 / comparisons, n - 1))
