"""Claim 2: what it costs to let a distance choose the epoch of a training, or the generator, beside FID and no judge.

A rank correlation rewards whatever falls while accuracy rises, as the number of the epoch does. So a distance is judged
by what it is for, choosing: by its regret, the accuracy of the best choice minus that of the distance's own. The unit
is one seed, whose generators are averaged first, so that no interval mixes them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from ocrgen.study.comparisons import Verdict, bound
from ocrgen.study.decision import MIN_SEEDS
from ocrgen.study.formatting import bounds, points
from ocrgen.study.statistics import DISTANCES, scored
from ocrgen.utils.statistics import Interval, t_interval
from ocrgen.utils.verdict import FAILS, HOLDS, OPEN, VerdictWord

MATTERS = 0.005  # accuracy: what early stopping must have to find, and what a choice may cost
TIE = 0.001  # accuracy: below one standard error (0.12 points) of a difference on 10,000 test images
FID, EPOCH, GENERATOR = "fid_2048", "epoch", "generator"
NOTHING = "nothing in these trainings for early stopping to find"


@dataclass(frozen=True)
class Choice:
    """What one distance's choices cost.

    what: EPOCH, of which a training has several, or GENERATOR, of which a study has. regret: accuracy lost against the
    best choice, mean and interval over the seeds. over: that minus the regret of taking the last epoch, for EPOCH.
    over_fid: that minus FID-2048's. judged: trainings or seeds that the word speaks of, of `total`; none: that there
    are none. right: in how many of them the choice was right, for GENERATOR, and share: the exact interval of their
    share.
    """

    distance: str
    what: str
    word: VerdictWord
    regret: Interval
    over_fid: Interval
    judged: int
    total: int
    over: Interval | None = None
    right: int = 0
    share: tuple[float, float] = (0.0, 1.0)

    @property
    def none(self) -> bool:
        """Whether there was nothing to choose by which a distance could show anything."""
        return not self.judged

    @property
    def words(self) -> str:
        """What was found, without the regret."""
        if self.what == GENERATOR:
            low, high = self.share
            ties = self.total - self.judged
            tied = f", {ties} tie{'s' * (ties > 1)}" if ties else ""
            return (
                f"right in {self.right} of {self.judged} seed{'s' * (self.judged != 1)} [{low:.0%}, {high:.0%}]{tied}"
            )
        if self.over is None:
            return ""
        if self.none:
            last = 100 * (self.regret["mean"] - self.over["mean"])
            return f"the last epoch loses {last:.2f} points; {NOTHING}"
        more = f"{points(self.over['mean'])} points {bounds(self.over['low'], self.over['high'])}"
        return f"{more} against the last epoch, in {self.judged} of {self.total} trainings, which get worse"

    @property
    def no_worse(self) -> VerdictWord:
        """Whether it costs no more than FID's choices, by what matters; undecided where there is nothing to find."""
        return OPEN if self.none else classify_below(self.over_fid, MATTERS)


def classify_below(interval: Interval, limit: float) -> VerdictWord:
    """Whether a figure is below a limit: holds if all its interval is, does not if none is; else undecided.

    Fewer than MIN_SEEDS seeds decide nothing.
    """
    if interval["n"] < MIN_SEEDS:
        return OPEN
    return HOLDS if interval["high"] < limit else FAILS if interval["low"] >= limit else OPEN


def classify_epoch(regret: Interval, over: Interval) -> VerdictWord:
    """Whether a distance chooses epochs well, in trainings that get worse.

    Holds if it surely costs less than the last epoch, and surely less than MATTERS; does not hold if it surely costs no
    less than the last epoch, or surely MATTERS.
    """
    words = {classify_below(over, 0.0), classify_below(regret, MATTERS)}
    return FAILS if FAILS in words else OPEN if OPEN in words else HOLDS


def classify_generator(share: tuple[float, float], regret: Interval) -> VerdictWord:
    """Whether a distance chooses the generator well.

    Does not hold if it is surely right in less than half of the seeds, or surely costs MATTERS; else holds if
    it is surely right in more than half.
    """
    if share[1] < 0.5 or classify_below(regret, MATTERS) == FAILS:
        return FAILS
    return HOLDS if share[0] > 0.5 else OPEN


def gets_worse(accuracy: np.ndarray) -> bool:
    """Whether early stopping has something to find: the last epoch is MATTERS or more below the best.

    accuracy: (epochs,). So must be the mean of the last two epochs below that of the best two neighbours. Readers of
    equally good samples differ by some 0.2 points, and the best of ten is above the last by chance; trainings chosen by
    one lucky reader would be judged by luck.
    """
    pairs = (accuracy[1:] + accuracy[:-1]) / 2
    return all(values.max() - values[-1] >= MATTERS for values in (accuracy, pairs)[: max(1, len(accuracy) - 1)])


def choose_epochs(table: pd.DataFrame) -> list[Choice]:
    """How each of DISTANCES chooses epochs, of the trainings that get worse; of all, if these are of too few seeds.

    Of all it is undecided: what is lost there, or not, is lost by the last epoch too. Empty without scored epochs.
    """
    trainings = _trainings(table)
    worse = {key: t for key, t in trainings.items() if gets_worse(t.accuracy.to_numpy())}
    some = worse if len({seed for _, seed in worse}) >= MIN_SEEDS else {}
    rows = []
    for distance in DISTANCES if trainings else ():
        picked = {key: _picked(t, distance) for key, t in (some or trainings).items()}
        last = {key: t.accuracy.iloc[-1] for key, t in (some or trainings).items()}
        best = {key: t.accuracy.max() for key, t in (some or trainings).items()}
        by_fid = {key: _picked(t, FID) for key, t in (some or trainings).items()}
        regret = _lost(_by_seed({key: best[key] - picked[key] for key in picked}))
        over = _by_seed({key: last[key] - picked[key] for key in picked})
        over_fid = _by_seed({key: by_fid[key] - picked[key] for key in picked})
        word = classify_epoch(regret, over) if some else OPEN
        rows.append(Choice(distance, EPOCH, word, regret, over_fid, len(some), len(trainings), over))
    return rows


def choose_generators(table: pd.DataFrame) -> list[Choice]:
    """How each of DISTANCES chooses among generators at the last epoch, seed by seed; empty for a single generator.

    Right is a choice whose reader is more accurate than all others' by more than TIE, wrong one whose reader is less
    accurate than another's by more than that. What lies between counts neither way: there is no telling which is the
    better, and to be right by a coin's fall is no merit. Its regret counts.
    """
    trainings = _trainings(table)
    arms = list(dict.fromkeys(arm for arm, _ in trainings))
    seeds = list(dict.fromkeys(seed for _, seed in trainings))
    if len(arms) < 2:
        return []
    ends = {seed: pd.DataFrame({arm: trainings[arm, seed].iloc[-1] for arm in arms}).T for seed in seeds}
    rows = []
    for distance in DISTANCES:
        chosen = {seed: end[distance].idxmin() for seed, end in ends.items()}
        lead = [end.accuracy[chosen[s]] - end.accuracy.drop(chosen[s]).max() for s, end in ends.items()]
        regret = [end.accuracy.max() - end.accuracy[chosen[s]] for s, end in ends.items()]
        by_fid = [end.accuracy[end[FID].idxmin()] - end.accuracy[chosen[s]] for s, end in ends.items()]
        right, wrong = int(np.sum(np.array(lead) > TIE)), int(np.sum(np.array(lead) < -TIE))
        share = _exact(right, right + wrong)
        lost = _lost(t_interval(regret))
        figures = (lost, t_interval(by_fid), right + wrong, len(seeds))
        rows.append(Choice(distance, GENERATOR, classify_generator(share, lost), *figures, right=right, share=share))
    return rows


def choices(table: pd.DataFrame) -> list[Verdict]:
    """Claim 2: each distance's choice of the epoch and of the generator, and each LFID's beside FID's."""
    rows = []
    for c in (*choose_epochs(table), *choose_generators(table)):
        name, what = title(c.distance), c.what
        about = f"{name} chooses the {what}: accuracy lost against the best ({c.words})"
        rows.append(_verdict(c, about, c.word, c.regret))
        if c.distance != FID:
            about = f"{name} chooses the {what} no worse than {title(FID)}: accuracy lost beyond that"
            rows.append(_verdict(c, about, c.no_worse, c.over_fid))
    return rows


def title(distance: str) -> str:
    """LFID-64, of "lfid_64"."""
    return distance.upper().replace("_", "-")


def _verdict(c: Choice, about: str, word: VerdictWord, interval: Interval) -> Verdict:
    words = f"{word}: {NOTHING}" if c.none and c.what == EPOCH else word
    low, high = bound(interval["low"]), bound(interval["high"])
    return Verdict(
        2, about, word, interval["mean"], low, high, interval["n"], "accuracy", metric=c.distance, words=words
    )


def _trainings(table: pd.DataFrame) -> dict[tuple[str, int], pd.DataFrame]:
    """Scored epochs by (arm, seed), in order; only seeds in which every generator has come to the last epoch."""
    wide = scored(table)
    found: dict[tuple[str, int], pd.DataFrame] = {}
    for key, part in wide.groupby(level=["arm", "seed"], sort=False):
        assert isinstance(key, tuple)
        found[str(key[0]), int(key[1])] = part.droplevel(["arm", "seed"]).sort_index()
    if not found:
        return {}
    arms, last = {arm for arm, _ in found}, wide.index.get_level_values("epoch").max()
    ended = {key for key, part in found.items() if part.index[-1] == last and len(part) > 1}
    return {(arm, s): part for (arm, s), part in found.items() if all((a, s) in ended for a in arms)}


def _picked(training: pd.DataFrame, distance: str) -> float:
    """Accuracy of the epoch that is nearest by a distance; of equally near ones the first."""
    return float(training.accuracy.loc[training[distance].idxmin()])


def _by_seed(values: dict[tuple[str, int], float]) -> Interval:
    """Mean over the seeds of each seed's mean over its trainings, with Student's t interval."""
    seeds: dict[int, list[float]] = {}
    for (_, seed), value in values.items():
        seeds.setdefault(seed, []).append(value)
    return t_interval([float(np.mean(of_seed)) for of_seed in seeds.values()])


def _lost(interval: Interval) -> Interval:
    """The interval of a regret, which is never negative."""
    return {**interval, "low": float(np.maximum(interval["low"], 0.0))}


def _exact(hits: int, n: int) -> tuple[float, float]:
    """Clopper and Pearson's exact 95 % interval (1934) of a share: 5 of 5 may be a coin's fall, 6 of 6 hardly."""
    if not n:
        return 0.0, 1.0
    interval = binomtest(hits, n).proportion_ci(0.95, "exact")
    return float(interval.low), float(interval.high)
