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


def clustered_share_interval(hits: ArrayLike, clusters: ArrayLike) -> tuple[float, float]:
    """Interval of the proportion p of `hits` bool (n,), which are dependent within `clusters` (n,), such as writers.

    p +- t sqrt(G / (G - 1) sum_g (sum_{i in g} (hit_i - p))^2) / n, with Student's t of G - 1 degrees of freedom over
    the G clusters (Cameron & Miller, "A practitioner's guide to cluster-robust inference", 2015), cut to [0, 1]. Of one
    cluster, or where all clusters have the same share and the variance is 0, it is Wilson's interval.
    """
    hits, clusters = np.asarray(hits, float), np.asarray(clusters)
    n, p = len(hits), float(hits.mean())
    _, index = np.unique(clusters, return_inverse=True)
    sums = np.bincount(index, hits - p)
    g = len(sums)
    spread = float(np.square(sums).sum())
    if g < 2 or spread < 1e-9:
        return share_interval(round(hits.sum()), n)
    half = t_quantile(g) * np.sqrt(g / (g - 1) * spread) / n
    return max(0.0, p - float(half)), min(1.0, p + float(half))


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
