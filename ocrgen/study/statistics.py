"""Statistics over a study's seeds: intervals, differences paired by seed, rank correlations."""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from ocrgen.study.arms import BAR, NOISE_BAR
from ocrgen.study.correctness import PER_IMAGE, Correctness
from ocrgen.study.inference import Estimate
from ocrgen.utils.statistics import Interval, t_interval, t_quantile

DISTANCES = ("lfid_64", "lfid_192", "lfid_768", "fid_2048")
JUDGES = (*DISTANCES, "epoch")
PAIRED = ("accuracy", "f1_macro", "corrupted", "attacked")
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


def scored(table: pd.DataFrame) -> pd.DataFrame:
    """Scored epochs: index arm, seed, epoch, in order; columns DISTANCES and accuracy. Empty where there are none."""
    epochs = table.loc[(table.kind == "epoch") & table.metric.isin([*DISTANCES, "accuracy"])]
    wide = epochs.pivot_table(index=["arm", "seed", "epoch"], columns="metric", values="value")
    if not {*DISTANCES, "accuracy"} <= set(wide.columns):
        return wide.iloc[:0]
    return wide.dropna()


def correlations(table: pd.DataFrame) -> list[dict]:
    """How each judge of a generator's checkpoints agrees with the accuracy of a reader of their samples.

    One row per generator (scope: its arm) and judge: DISTANCES, and "epoch", the bare number of the epoch, by which the
    later is the nearer: what a distance tells beyond that must be more. Never over several generators at once: that
    would mix the difference between generators with that between epochs (Simpson 1951).

    spearman: rank correlation within one training, mean over the trainings; -1 for a perfect judge, 0 where one side is
    constant. over_fid: that minus FID-2048's, below 0 if it ranks better. residual: rank correlation over all
    checkpoints of what remains of both after each epoch's mean over the seeds is taken off: what it tells at a fixed
    epoch; NaN for the epoch itself and for a single training. low, high and the like: 95 % intervals over the
    trainings, one a seed: Student's t, of residual by the jackknife over seeds (Tukey 1958). checkpoints, trainings:
    how many of each. Trainings of fewer than 3 checkpoints are left out.
    """
    wide, rows = scored(table), []
    for arm, part in wide.groupby(level="arm", sort=False):
        seeds = [g.droplevel(["arm", "seed"]) for _, g in part.groupby(level="seed") if len(g) >= 3]
        if not seeds:
            continue
        found = {judge: np.array([_spearman(_judged(s, judge), s.accuracy) for s in seeds]) for judge in JUDGES}
        for judge in JUDGES:
            row = {"scope": str(arm), "distance": judge}
            row |= _clipped("spearman", t_interval(found[judge]), 1)
            row |= _clipped("over_fid", t_interval(found[judge] - found["fid_2048"]), 2, "over_fid_")
            row |= _clipped("residual", _jackknife(seeds, judge), 1, "residual_")
            rows.append(row | {"checkpoints": sum(map(len, seeds)), "trainings": len(seeds)})
    return rows


def _judged(training: pd.DataFrame, judge: str) -> np.ndarray:
    """By what a judge ranks a training's checkpoints: the least is the best."""
    return -training.index.to_numpy() if judge == "epoch" else training[judge].to_numpy()


def _spearman(a: ArrayLike, b: ArrayLike) -> float:
    """Spearman's rank correlation, ties sharing their mean rank; 0 where one side is constant."""
    x, y = (rankdata(values) for values in (a, b))
    x, y = x - x.mean(), y - y.mean()
    norm = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / norm if norm else 0.0


def _jackknife(seeds: list[pd.DataFrame], judge: str) -> Interval:
    """Rank correlation of the residuals at fixed epochs; interval of the pseudo-values n r - (n - 1) r_without."""
    n = len(seeds)
    if judge == "epoch" or n < 2:
        return {"mean": math.nan, "low": math.nan, "high": math.nan, "n": n}
    both = [pd.concat([s[name] for s in seeds], axis=1).to_numpy() for name in (judge, "accuracy")]  # (epochs, n) each

    def residual(without: int | None) -> float:
        some = both if without is None else [np.delete(values, without, 1) for values in both]
        there = ~np.isnan(some[0])
        rest = [(v - (np.nansum(v, 1) / np.maximum(there.sum(1), 1))[:, None])[there] for v in some]
        # Differences of equal numbers leave some 1e-17, which would be ranked.
        return _spearman(*(v.round(12) for v in rest))

    whole = residual(None)
    if n < 3:  # without one seed nothing would remain
        return {"mean": whole, "low": math.nan, "high": math.nan, "n": n}
    interval = t_interval([n * whole - (n - 1) * residual(i) for i in range(n)])
    half = interval["high"] - interval["mean"]
    return {"mean": whole, "low": whole - half, "high": whole + half, "n": n}


def _clipped(name: str, interval: Interval, limit: float, prefix: str = "") -> dict[str, float]:
    """An interval as entries of a row, its bounds within what is possible: -limit to limit."""
    low, high = (float(np.clip(interval[k], -limit, limit)) for k in ("low", "high"))
    return {name: interval["mean"], f"{prefix}low": low, f"{prefix}high": high}
