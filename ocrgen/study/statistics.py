"""Statistics over a study's seeds: intervals, differences paired by seed, rank correlations."""

import numpy as np
import pandas as pd

from ocrgen.utils.statistics import t_interval, t_quantile

DISTANCES = ("lfid_64", "lfid_192", "lfid_768", "fid_2048")
PAIRED = ("accuracy", "f1_macro", "corrupted", "attacked")
RESAMPLES = 2000


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Mean and 95 % interval over the seeds of every figure of every arm, size and epoch."""
    keys = ["kind", "arm", "n_real", "epoch", "metric"]
    figures = {"mean": ("value", "mean"), "low": ("value", "std"), "n": ("value", "size")}
    seen = {k: (k, "max") for k in ("n_labelled", "n_validation")}
    found = table.groupby(keys, sort=False).agg(**figures, **seen).reset_index().astype(dict.fromkeys(seen, int))
    half = found.low * found.n.map({n: t_quantile(n) / n**0.5 for n in found.n.unique()})
    found["low"], found["high"] = found["mean"] - half, found["mean"] + half
    return found.loc[:, [*keys, "mean", "low", "high", "n", *seen]]


def paired(table: pd.DataFrame) -> pd.DataFrame:
    """Every arm minus `real` and minus `real+aug` of the same n and seed: mean and 95 % interval over the seeds."""
    found = []
    readers = table.loc[(table.kind == "reader") & (table.n_real > 0) & table.metric.isin(PAIRED)]
    for key, group in readers.groupby(["n_real", "metric"]):
        assert isinstance(key, tuple)
        n_real, metric = key
        by_seed = group.pivot(index="seed", columns="arm", values="value")
        names, values = list(by_seed.columns), by_seed.to_numpy()
        for against in [name for name in ("real", "real+aug") if name in names]:
            gains = values - values[:, [names.index(against)]]
            for arm, gain in zip(names, gains.T, strict=True):
                if arm != against and not np.isnan(gain).all():
                    about = {"arm": arm, "against": against, "n_real": int(n_real), "metric": metric}
                    found.append(about | t_interval(gain[~np.isnan(gain)]))
    return pd.DataFrame(found, columns=["arm", "against", "n_real", "metric", "mean", "low", "high", "n"])


def correlations(table: pd.DataFrame) -> list[dict]:
    """Spearman's correlation of each distance with the accuracy of a reader of the same checkpoint's samples.

    Over all generators and within each. Intervals: bootstrap of whole trainings (generator x seed), since the epochs of
    one training are no independent checkpoints. `over_fid`: correlation minus FID's, below zero if the distance
    ranks better than FID. A good distance has a correlation near -1.
    """
    epochs = table.loc[(table.kind == "epoch") & table.metric.isin([*DISTANCES, "accuracy"])]
    wide = epochs.pivot_table(index=["arm", "seed", "epoch"], columns="metric", values="value").dropna()
    if not {*DISTANCES, "accuracy"} <= set(wide.columns) or len(wide) < 3:
        return []
    rng, found = np.random.default_rng(0), []
    arms = list(wide.index.get_level_values("arm").unique())
    for scope in ["all", *arms] if len(arms) > 1 else arms:
        part = wide if scope == "all" else wide.loc[[scope]]
        values = part[[*DISTANCES, "accuracy"]].to_numpy()
        training = part.groupby(level=["arm", "seed"]).ngroup().to_numpy()
        runs = training.max() + 1
        figure = _spearman(values, np.ones((1, len(values))))[0]
        drawn = rng.integers(runs, size=(RESAMPLES if runs > 1 else 0, runs))
        times = (drawn[:, :, None] == np.arange(runs)).sum(1)  # that each training was drawn
        again = _spearman(values, times[:, training].astype(float))
        for j, distance in enumerate(DISTANCES):
            row = {"scope": scope, "distance": distance, "spearman": float(figure[j])} | _percentiles(again[:, j])
            over = {"over_fid": float(figure[j] - figure[-1])} | _percentiles(again[:, j] - again[:, -1], "over_fid_")
            found.append(row | over | {"checkpoints": len(part), "trainings": int(runs)})
    return found


def _spearman(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Of every column but the last with the last, (resamples, columns - 1); 0 where one is constant.

    weights: (resamples, rows), how often each row was drawn. Its rank: how many drawn ones lie below it, ties by half.
    """
    ranks = []
    for column in values.T:
        below = (column < column[:, None]) + 0.5 * (column == column[:, None])
        rank = weights @ below.T
        rank -= (weights * rank).sum(1, keepdims=True) / weights.sum(1, keepdims=True)
        ranks.append(rank)
    last = weights * ranks[-1]
    length = [np.sqrt((weights * rank**2).sum(1)) for rank in ranks]
    found = [(last * rank).sum(1) / np.maximum(a * length[-1], 1e-12) for rank, a in zip(ranks, length, strict=True)]
    return np.stack(found[:-1], 1)


def _percentiles(values: np.ndarray, prefix: str = "") -> dict[str, float]:
    low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (float("nan"),) * 2
    return {f"{prefix}low": float(low), f"{prefix}high": float(high)}
