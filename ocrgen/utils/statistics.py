"""Confidence intervals of means and of shares."""

from functools import lru_cache
from typing import TypedDict

import numpy as np
from scipy.stats import t as student


def share_interval(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share of `hits` in `n` > 0 (Wilson 1927); sensible at 0 and at n, too."""
    p, scale = hits / n, 1 + z * z / n
    middle = (p + z * z / (2 * n)) / scale
    half = z / scale * np.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


class Interval(TypedDict):
    """A mean with its 95 % interval over n independent repetitions; bounds are NaN for a single one."""

    mean: float
    low: float
    high: float
    n: int


def t_interval(values) -> Interval:
    """Mean and 95 % interval of independent repetitions by Student's t; without bounds (NaN) for a single one."""
    values = np.asarray(values, float)
    n, mean = len(values), float(values.mean())
    half = float(t_quantile(n) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    return {"mean": mean, "low": mean - half, "high": mean + half, "n": n}


@lru_cache
def t_quantile(n: int, comparisons: int = 1) -> float:
    """Student's t for a 95 % interval of n repetitions, or of each of `comparisons` that are to be right at once."""
    return float(student.ppf(1 - 0.025 / comparisons, n - 1))
