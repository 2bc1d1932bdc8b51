"""Decide each comparison of a study by rules and margins that were fixed before any result was known."""

import math
from dataclasses import asdict, dataclass
from functools import lru_cache

import pandas as pd

from ocrgen.datasets.alphabet import noun
from ocrgen.study.plan import Arm
from ocrgen.study.results import Results
from ocrgen.utils.statistics import t_interval
from ocrgen.utils.verdict import FAILS, HOLDS, OPEN, VerdictWord

GAIN = 0.001  # accuracy: less than a tenth of a percentage point is of no practical use
INK = 0.02  # share of saliency: by so much less than a reader of real digits another may look at ink
SANE = 0.5  # correlation: maps closer to those of random weights do not show what was learned
RANK = 0.1  # Spearman: by so much worse than FID a stand-in for it may rank


@dataclass(frozen=True)
class Verdict:
    """One comparison, decided.

    claim: number of the paper's claim that it bears on, 1 to 5. about: what is compared, in words. figure, low, high:
    mean and 95 % interval over n repetitions; low and high are None for a single one. unit: of the figure; differences
    of accuracy are shares, not points. n_labelled: labelled images that the arm learned from, its generator's included.
    arm, against, metric, n_real: the training mix ("all" for all generators), what it is compared with, in which
    metric, at how many real labelled images; empty or 0 where that does not apply.
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
        """n in words, for example "5 seeds"."""
        unit = "training" if self.claim in (1, 2) else "seed"
        return f"{self.n} {unit}{'s' if self.n != 1 else ''}"

    def to_json(self) -> dict:
        """All fields by name."""
        return asdict(self)


def classify_gain(low: float, high: float, margin: float = GAIN) -> VerdictWord:
    """Whether a difference with the interval [low, high] is a gain.

    Holds if low > 0; does not hold if high < margin, even where low > 0: too small to matter. Open otherwise, and where
    a bound is NaN.
    """
    if math.isnan(low) or math.isnan(high):
        return OPEN
    return FAILS if high < margin else HOLDS if low > 0 else OPEN


def classify_below(low: float, high: float, bound: float) -> VerdictWord:
    """Whether a figure lies below `bound`: holds if high does, does not hold if low lies above it; else open."""
    if math.isnan(low) or math.isnan(high):
        return OPEN
    return HOLDS if high < bound else FAILS if low > bound else OPEN


def classify_stand_in(low: float, high: float, over_low: float, over_high: float) -> VerdictWord:
    """Whether a distance ranks samples by OCR accuracy well enough to replace FID.

    low, high: bounds of its Spearman correlation with accuracy; over_low, over_high: of that minus FID's. Holds if
    high < 0 and over_high < RANK; does not hold if low > 0 or over_low > RANK. Open otherwise, and where one is NaN.
    """
    if any(map(math.isnan, (low, high, over_low, over_high))):
        return OPEN
    if high < 0 and over_high < RANK:
        return HOLDS
    return FAILS if low > 0 or over_low > RANK else OPEN


@lru_cache(maxsize=8)
def verdicts(results: Results) -> tuple[Verdict, ...]:
    """All decided comparisons of a study that bear on claims 2 to 5 of the paper, in this order."""
    return (*_distances(results), *_gains(results), *_saliency(results), *_robustness(results))


def _bound(value: float) -> float | None:
    """An interval's bound; None in place of NaN."""
    return None if math.isnan(value) else value


def _distances(results: Results) -> list[Verdict]:
    """Claim 2: whether each LFID can replace FID.

    Over all generators' checkpoints, as for choosing a generator, and within each generator's, as for early stopping.
    """
    rows = []
    for r in results.correlations:
        if r["distance"] == "fid_2048":
            continue
        generator = "" if r["scope"] == "all" else f"{Arm.parse(r['scope']).title} "
        name = r["distance"].upper().replace("_", "-")
        rows.append(
            Verdict(
                2,
                f"{name} ranks {r['checkpoints']} {generator}checkpoints as OCR accuracy does, no worse than FID-2048",
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
    """Whether `arm` is better than `against` in `metric` at n labelled images; empty if it has not been measured."""
    difference = results.difference(arm.name, against.name, n, metric)
    row = results.of(arm.name, n, metric)
    if difference is None or row is None:
        return []
    low, high = difference["low"], difference["high"]
    interval = (difference["mean"], _bound(low), _bound(high), difference["n"])
    n_labelled, word = int(row["n_labelled"]), classify_gain(low, high)
    return [Verdict(claim, about, word, *interval, "accuracy", n_labelled, arm.name, against.name, metric, n)]


def _gains(results: Results) -> list[Verdict]:
    """Claim 3: generated images in place of real ones, beside them, and beside classical augmentation."""
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
    """Claim 4: whether Grad-CAM's maps are faithful to the readers, and whether these look at the strokes."""
    table = results.table.loc[results.table.kind == "saliency"]
    rows = []
    for key, group in table.groupby(["n_real", "arm"], sort=False):
        assert isinstance(key, tuple)
        n, arm = key
        checks = group.pivot(index="seed", columns="metric", values="value")
        mix, n_labelled = f"{Arm.parse(arm).title}, n = {n:,}", int(group.n_labelled.max())

        # Defaults bind this turn of the loop.
        def check(about: str, values: pd.Series, rule, unit: str, of=(arm, n, mix, n_labelled)) -> None:
            arm, n, mix, n_labelled = of
            i = t_interval(values)
            word = rule(i["low"], i["high"])
            interval = (i["mean"], _bound(i["low"]), _bound(i["high"]), i["n"])
            rows.append(
                Verdict(4, f"{mix}: {about}", word, *interval, unit, n_labelled, arm, metric=unit, n_real=int(n))
            )

        better = "the maps order pixels better than chance (deletion)"
        check(better, checks.deletion_gain, lambda low, high: classify_gain(low, high, 0.0), "area")
        own = f"the maps are not those of random weights (correlation under {SANE})"
        check(own, checks.sanity, lambda low, high: classify_below(low, high, SANE), "correlation")
        real = table.loc[(table.n_real == n) & (table.arm == "real") & (table.metric == "on_ink")]
        if arm != "real" and len(real):
            deficit = (real.set_index("seed").value - checks.on_ink).dropna()
            if len(deficit):
                ink = f"looks at ink no less than the reader of real {noun(results.classes)}s"
                check(ink, -deficit, lambda low, high: classify_below(-high, -low, INK), "share of saliency")
    return rows


def _robustness(results: Results) -> list[Verdict]:
    """Claim 5: accuracy under noise and distortion, and under attack, at each n.

    Its third part, scarce data, is claim 3 at the smallest n.
    """
    rows, config = [], results.config
    for n in config.sizes():
        for name in config.generators:
            for metric, condition in (("corrupted", "under corruption"), ("attacked", "under attack (FGSM)")):
                arm, against = Arm("real", True, name, True), Arm("real", True)
                about = f"{arm.title} reads better {condition} than {n:,} {against.title}"
                rows += _compare(results, 5, arm, against, n, metric, about)
    return rows
