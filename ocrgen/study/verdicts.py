"""How one comparison of a study is decided. The rules stand here, before any number does."""

import math
from dataclasses import asdict, dataclass
from functools import lru_cache

import pandas as pd

from ocrgen.study.plan import Arm
from ocrgen.study.results import Results
from ocrgen.utils.statistics import t_interval
from ocrgen.utils.verdict import FAILS, HOLDS, OPEN, VerdictWord

GAIN = 0.001  # accuracy: a difference that is surely smaller than a tenth of a point helps nobody
INK = 0.02  # share of saliency: a reader may look at ink by this much less than one of real digits
SANE = 0.5  # correlation: maps that agree more than this with those of random weights show no learning
RANK = 0.1  # Spearman: a stand-in for FID may rank worse than FID by this much


@dataclass(frozen=True)
class Verdict:
    """One comparison judged: the figure with its 95 % interval over n repetitions, None for a single one.

    claim: the claim of the paper that it bears on, 1 to 5. unit: what the figure counts; differences of accuracy are
    shares, not points. n_labelled: images that the arm learned from, its generator's included. arm, against, metric,
    n_real: whose figure it is, what it is compared with, of which metric, at how many labelled images.
    """

    claim: int
    about: str
    verdict: VerdictWord
    figure: float
    low: float | None
    high: float | None
    n: int
    unit: str
    n_labelled: int | None = None
    arm: str = ""
    against: str = ""
    metric: str = ""
    n_real: int = 0

    @property
    def repetitions(self) -> str:
        """What n counts, for people: 5 seeds."""
        one = "training" if self.claim in (1, 2) else "seed"
        return f"{self.n} {one}{'s' if self.n != 1 else ''}"

    def to_json(self) -> dict:
        """All fields by name."""
        return asdict(self)


def classify_gain(low: float, high: float, margin: float = GAIN) -> VerdictWord:
    """Whether a difference is a gain: does not hold if its interval lies below the margin; holds if above zero."""
    if math.isnan(low) or math.isnan(high):
        return OPEN
    return FAILS if high < margin else HOLDS if low > 0 else OPEN


def classify_below(low: float, high: float, bound: float) -> VerdictWord:
    """Whether a figure lies below a bound: holds if its whole interval does, does not hold if none of it does."""
    if math.isnan(low) or math.isnan(high):
        return OPEN
    return HOLDS if high < bound else FAILS if low > bound else OPEN


def classify_stand_in(low: float, high: float, over_low: float, over_high: float) -> VerdictWord:
    """Whether a distance can stand in for FID as a judge of samples (bounds of its Spearman correlation with accuracy).

    Holds if the correlation is surely negative, and surely at most RANK worse than FID's; does not hold if it is surely
    positive, or surely more than RANK worse.
    """
    if any(map(math.isnan, (low, high, over_low, over_high))):
        return OPEN
    if high < 0 and over_high < RANK:
        return HOLDS
    return FAILS if low > 0 or over_low > RANK else OPEN


@lru_cache(maxsize=8)
def verdicts(results: Results) -> tuple[Verdict, ...]:
    """Every comparison of a study that bears on a claim of the paper, in the order of the claims."""
    return (*_distances(results), *_gains(results), *_saliency(results), *_robustness(results))


def _bound(value: float) -> float | None:
    return None if math.isnan(value) else value


def _distances(results: Results) -> list[Verdict]:
    """Over all generators, where the choice between them counts too, and within each, as early stopping needs."""
    rows = []
    for r in results.correlations:
        if r["distance"] == "fid_2048":
            continue
        whose = "" if r["scope"] == "all" else f"{Arm.parse(r['scope']).title} "
        name = r["distance"].upper().replace("_", "-")
        rows.append(
            Verdict(
                2,
                f"{name} ranks {r['checkpoints']} {whose}checkpoints as OCR accuracy does, no worse than FID-2048",
                classify_stand_in(r["low"], r["high"], r["over_fid_low"], r["over_fid_high"]),
                r["spearman"],
                _bound(r["low"]),
                _bound(r["high"]),
                r["trainings"],
                "Spearman",
                arm=r["scope"],
                metric=r["distance"],
            )
        )
    return rows


def _compare(results: Results, claim: int, arm: Arm, against: Arm, n: int, metric: str, about: str) -> list[Verdict]:
    difference = results.difference(arm.name, against.name, n, metric)
    row = results.of(arm.name, n, metric)
    if difference is None or row is None:
        return []
    low, high = difference["low"], difference["high"]
    interval = (difference["mean"], _bound(low), _bound(high), difference["n"])
    sides = {"arm": arm.name, "against": against.name, "metric": metric, "n_real": n}
    return [
        Verdict(
            claim, about, classify_gain(low, high), *interval, "accuracy", int(row["n_labelled"]), **sides
        )  # fmt: skip
    ]


def _gains(results: Results) -> list[Verdict]:
    """Instead of real images, beside them, and beside classical augmentation; plain and filtered."""
    rows, config = [], results.config
    for n in config.sizes():
        for name in config.generators:
            for filtered in (False, True):
                for real, augmented in (("", False), ("real", False), ("real", True)):
                    arm = Arm(real, augmented, name, filtered)
                    against = Arm("real", augmented)
                    about = f"{arm.title} reads better than {n:,} {against.title}"
                    rows += _compare(results, 3, arm, against, n, "accuracy", about)
    return rows


def _saliency(results: Results) -> list[Verdict]:
    """Do Grad-CAM's maps of readers of generated digits say what these read by, and is it the strokes?"""
    table = results.table.loc[results.table.kind == "saliency"]
    rows = []
    for key, group in table.groupby(["n_real", "arm"], sort=False):
        assert isinstance(key, tuple)
        n, arm = key
        checks = group.pivot(index="seed", columns="metric", values="value")
        whose, labelled = f"{Arm.parse(arm).title}, n = {n:,}", int(group.n_labelled.max())

        def check(about: str, values: pd.Series, rule, unit: str, of=(arm, n, whose, labelled)) -> None:
            arm, n, whose, labelled = of
            i = t_interval(values)
            word = rule(i["low"], i["high"])
            interval = (i["mean"], _bound(i["low"]), _bound(i["high"]), i["n"])
            rows.append(
                Verdict(4, f"{whose}: {about}", word, *interval, unit, labelled, arm, metric=unit, n_real=int(n))
            )

        better = "the maps order pixels better than chance (deletion)"
        check(better, checks.deletion_gain, lambda low, high: classify_gain(low, high, 0.0), "area")
        own = f"the maps are not those of random weights (correlation under {SANE})"
        check(own, checks.sanity, lambda low, high: classify_below(low, high, SANE), "correlation")
        real = table.loc[(table.n_real == n) & (table.arm == "real") & (table.metric == "on_ink")]
        if arm != "real" and len(real):
            less = (real.set_index("seed").value - checks.on_ink).dropna()
            if len(less):
                ink = "looks at ink no less than the reader of real digits"
                check(ink, -less, lambda low, high: classify_below(-high, -low, INK), "share of saliency")
    return rows


def _robustness(results: Results) -> list[Verdict]:
    """Under noise and distortion, and under attack, at each n; scarce data are claim 3 at the smallest n."""
    rows, config = [], results.config
    for n in config.sizes():
        for name in config.generators:
            for metric, words in (("corrupted", "under corruption"), ("attacked", "under attack (FGSM)")):
                arm, against = Arm("real", True, name, True), Arm("real", True)
                about = f"{arm.title} reads better {words} than {n:,} {against.title}"
                rows += _compare(results, 5, arm, against, n, metric, about)
    return rows
