"""Statistics over a study's seeds: intervals, differences paired by seed, rank correlations."""

import math

import numpy as np
import pandas as pd

from ocrgen.study.arms import BAR, NOISE_BAR
from ocrgen.study.correctness import PER_IMAGE, Correctness
from ocrgen.study.inference import Estimate
from ocrgen.utils.statistics import t_interval, t_quantile

DISTANCES = ("lfid_64", "lfid_192", "lfid_768", "fid_2048")
PAIRED = ("accuracy", "f1_macro", "corrupted", "attacked")
RESAMPLES = 2000
LEAST = 1e-10  # variance of a seed: of few images, several seeds may happen to agree


def summarise(table: pd.DataFrame, correct: Correctness | None = None) -> pd.DataFrame:
    """Mean and 95 % interval for each kind, arm, n_real, epoch and metric.

    table, correct: as in `Results`. The interval holds the errors of seeds and test images where readers' images are
    kept one by one (accuracy, also under corruption and attack); else it is Student's over the seeds. Columns added:
    mean, low, high (NaN for a single seed), n seeds, and the greatest n_labelled and n_validation.
    """
    keys = ["kind", "arm", "n_real", "epoch", "metric"]
    figures = {"mean": ("value", "mean"), "std": ("value", "std"), "n": ("value", "size")}
    counts = {k: (k, "max") for k in ("n_labelled", "n_validation")}
    rows = table.groupby(keys, sort=False).agg(**figures, **counts).reset_index().astype(dict.fromkeys(counts, int))
    half = rows["std"] * rows.n.map({n: t_quantile(n) / n**0.5 for n in rows.n.unique()})
    rows["low"], rows["high"] = rows["mean"] - half, rows["mean"] + half
    if correct and correct.counts:
        for i, row in rows.loc[(rows.kind == "reader") & rows.metric.isin(PER_IMAGE)].iterrows():
            if found := correct.estimate((str(row["arm"]), int(row["n_real"]), str(row["metric"]))):
                rows.loc[i, ["low", "high"]] = found.interval()
    return rows.loc[:, [*keys, "mean", "low", "high", "n", *counts]]


def paired(table: pd.DataFrame, correct: Correctness | None = None) -> pd.DataFrame:
    """Each reader's figures minus those of `real`, `real+aug` and `real+aug+noise` at the same n and seed.

    For the metrics in PAIRED. Columns: arm, against, n_real, metric; mean and 95 % interval low, high over the n seeds
    that have both, as for `summarise`; images: how many test images the interval counts in, 0 for seeds alone.
    """
    rows = []
    readers = table.loc[(table.kind == "reader") & (table.n_real > 0) & table.metric.isin(PAIRED)]
    for key, group in readers.groupby(["n_real", "metric"]):
        assert isinstance(key, tuple)
        n_real, metric = int(key[0]), str(key[1])
        by_seed = group.pivot(index="seed", columns="arm", values="value")
        names, values = list(by_seed.columns), by_seed.to_numpy()
        for against in [name for name in ("real", BAR, NOISE_BAR) if name in names]:
            gains = values - values[:, [names.index(against)]]
            for arm, gain in zip(names, gains.T, strict=True):
                if arm == against or np.isnan(gain).all():
                    continue
                row = {"arm": arm, "against": against, "n_real": n_real, "metric": metric}
                row |= {**t_interval(gain[~np.isnan(gain)]), "images": 0}
                both = [(name, n_real, metric) for name in (arm, against)]
                if correct and (found := correct.estimate(both[0], both[1])):
                    low, high = found.interval()
                    row |= {"mean": found.mean, "low": low, "high": high, "images": found.images}
                rows.append(row)
    return pd.DataFrame(rows, columns=["arm", "against", "n_real", "metric", "mean", "low", "high", "n", "images"])


def of_seeds(
    table: pd.DataFrame, arm: str, against: str, n_real: int, metric: str, seeds: int | None, images: int
) -> Estimate | None:
    """The difference between two training mixes by the error of the seeds alone; None if it has not been measured.

    images: number of test images, whose error is not counted in.
    """
    of_both = table.loc[(table.kind == "reader") & (table.n_real == n_real) & (table.metric == metric)]
    wide = of_both.loc[of_both.arm.isin((arm, against))].pivot(index="seed", columns="arm", values="value")
    if not {arm, against} <= set(wide.columns):
        return None
    gains = (wide[arm] - wide[against]).dropna().sort_index().to_numpy()[:seeds]
    if not len(gains):
        return None
    if len(gains) < 2:
        return Estimate(float(gains[0]), math.nan, math.nan, math.nan, 1, images)
    return Estimate(float(gains.mean()), max(float(gains.var(ddof=1)), LEAST), 0.0, len(gains) - 1, len(gains), images)


def correlations(table: pd.DataFrame) -> list[dict]:
    """Spearman's correlation of each distance with the accuracy of a reader of the same checkpoint's samples.

    One row per distance and scope: "all" generators together, and each arm by itself; empty for fewer than 3
    checkpoints. spearman: near -1 for a good distance. over_fid: the correlation minus FID-2048's, below zero if the
    distance ranks better than FID. low, high, over_fid_low, over_fid_high: 95 % percentile intervals of a bootstrap
    (Efron 1979) over whole trainings (generator x seed), since the epochs of one training are not independent; NaN for
    a single training. checkpoints, trainings: how many of each.
    """
    epochs = table.loc[(table.kind == "epoch") & table.metric.isin([*DISTANCES, "accuracy"])]
    wide = epochs.pivot_table(index=["arm", "seed", "epoch"], columns="metric", values="value").dropna()
    if not {*DISTANCES, "accuracy"} <= set(wide.columns) or len(wide) < 3:
        return []
    rng, rows = np.random.default_rng(0), []
    arms = list(wide.index.get_level_values("arm").unique())
    for scope in ["all", *arms] if len(arms) > 1 else arms:
        part = wide if scope == "all" else wide.loc[[scope]]
        values = part[[*DISTANCES, "accuracy"]].to_numpy()
        training = part.groupby(level=["arm", "seed"]).ngroup().to_numpy()
        n_trainings = training.max() + 1
        figure = _spearman(values, np.ones((1, len(values))))[0]
        drawn = rng.integers(n_trainings, size=(RESAMPLES if n_trainings > 1 else 0, n_trainings))
        times_drawn = (drawn[:, :, None] == np.arange(n_trainings)).sum(1)
        resampled = _spearman(values, times_drawn[:, training].astype(float))
        for j, distance in enumerate(DISTANCES):
            row = {"scope": scope, "distance": distance, "spearman": float(figure[j])} | _percentiles(resampled[:, j])
            row |= {"over_fid": float(figure[j] - figure[-1])}
            row |= _percentiles(resampled[:, j] - resampled[:, -1], "over_fid_")
            rows.append(row | {"checkpoints": len(part), "trainings": int(n_trainings)})
    return rows


def _spearman(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Spearman's correlation of every column but the last with the last: (resamples, columns - 1).

    values: (rows, columns). weights: (resamples, rows), how often each row was drawn. A row's rank is the number of
    drawn rows below it, ties counting half. 0 where a column is constant.
    """
    ranks = []
    for column in values.T:
        below = (column < column[:, None]) + 0.5 * (column == column[:, None])
        rank = weights @ below.T
        rank -= (weights * rank).sum(1, keepdims=True) / weights.sum(1, keepdims=True)
        ranks.append(rank)
    last = weights * ranks[-1]
    norms = [np.sqrt((weights * rank**2).sum(1)) for rank in ranks]
    rho = [(last * rank).sum(1) / np.maximum(a * norms[-1], 1e-12) for rank, a in zip(ranks, norms, strict=True)]
    return np.stack(rho[:-1], 1)


def _percentiles(values: np.ndarray, prefix: str = "") -> dict[str, float]:
    """Bounds of the central 95 % of `values` (n,) as {prefix}low and {prefix}high; NaN if there are none."""
    low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (float("nan"),) * 2
    return {f"{prefix}low": float(low), f"{prefix}high": float(high)}
