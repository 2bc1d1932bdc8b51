"""The paper's claims as verdicts. The rules stand here, before any number does."""

import math
from dataclasses import asdict, dataclass
from functools import lru_cache

from ocrgen.study.plan import Arm
from ocrgen.study.results import Results
from ocrgen.utils.statistics import t_interval

GAIN = 0.001  # accuracy: a difference that is surely smaller than a tenth of a point helps nobody
INK = 0.02  # share of saliency: a reader may look at ink by this much less than one of real digits
SANE = 0.5  # correlation: maps that agree more than this with those of random weights show no learning
RANK = 0.1  # Spearman: a stand-in for FID may rank worse than FID by this much


@dataclass(frozen=True)
class Verdict:
    """One claim judged: holds, does not hold or undecided; the figure with its 95 % interval over n repetitions."""

    claim: int  # 1 to 5, as the paper makes them
    about: str
    verdict: str
    figure: float | None
    low: float | None
    high: float | None
    n: int
    unit: str
    n_labelled: int | None = None  # images that the arm has learned from, its generator included
    arm: str = ""  # whose figure it is, what it is compared with, of which metric, at which n: by name
    against: str = ""
    metric: str = ""
    n_real: int = 0


def classify_gain(low: float, high: float, margin: float = GAIN) -> str:
    """Whether a difference is a gain: does not hold if its interval lies below the margin; holds if above zero."""
    if math.isnan(low) or math.isnan(high):
        return "undecided"
    return "does not hold" if high < margin else "holds" if low > 0 else "undecided"


def classify_stand_in(low: float, high: float, over_low: float, over_high: float) -> str:
    """Whether a distance can stand in for FID as a judge of samples (bounds of its Spearman correlation with accuracy).

    Holds if the correlation is surely negative, and surely at most RANK worse than FID's; does not hold if it is surely
    positive, or surely more than RANK worse.
    """
    if any(map(math.isnan, (low, high, over_low, over_high))):
        return "undecided"
    if high < 0 and over_high < RANK:
        return "holds"
    return "does not hold" if low > 0 or over_low > RANK else "undecided"


@lru_cache(maxsize=8)
def verdicts(results: Results) -> list[dict]:
    """All claims on which this study has something to say, as dicts of Verdict's fields, in the paper's order."""
    found = [*_distances(results), *_helps(results), *_looks(results), *_robust(results)]
    return [{k: None if isinstance(v, float) and math.isnan(v) else v for k, v in asdict(f).items()} for f in found]


def _distances(results: Results) -> list[Verdict]:
    """Over all generators, where the choice between them counts too, and within each, as a stop in training needs."""
    found = []
    for r in results.correlations:
        if r["distance"] == "fid_2048":
            continue
        whose = "" if r["scope"] == "all" else f"{Arm.parse(r['scope']).title} "
        name = r["distance"].upper().replace("_", "-")
        found.append(
            Verdict(
                2,
                f"{name} ranks {r['checkpoints']} {whose}checkpoints as OCR accuracy does, no worse than FID-2048",
                classify_stand_in(r["low"], r["high"], r["over_fid_low"], r["over_fid_high"]),
                r["spearman"],
                r["low"],
                r["high"],
                r["trainings"],
                "Spearman",
                arm=r["scope"],
                metric=r["distance"],
            )
        )
    return found


def _compare(results: Results, claim: int, arm: Arm, against: Arm, n: int, metric: str, about: str) -> list[Verdict]:
    difference = results.difference(arm.name, against.name, n, metric)
    if difference is None:
        return []
    low, high = difference["low"], difference["high"]
    seen = results.of(arm.name, n, metric)["n_labelled"]
    figures = (classify_gain(low, high), difference["mean"], low, high, difference["n"], "accuracy", int(seen))
    return [Verdict(claim, about, *figures, arm.name, against.name, metric, n)]


def _helps(results: Results) -> list[Verdict]:
    """Instead of real images, beside them, and beside classical augmentation; plain and filtered."""
    found, config = [], results.config
    for n in config.sizes():
        for name in config.generators:
            for filtered in (False, True):
                for real, augmented in (("", False), ("real", False), ("real", True)):
                    arm = Arm(real, augmented, name, filtered)
                    against = Arm("real", augmented)
                    about = f"{arm.title} reads better than {n:,} {against.title}"
                    found += _compare(results, 3, arm, against, n, "accuracy", about)
    return found


def classify_below(low: float, high: float, bound: float) -> str:
    """Whether a figure is surely below a bound."""
    if math.isnan(low) or math.isnan(high):
        return "undecided"
    return "holds" if high < bound else "does not hold" if low > bound else "undecided"


def _looks(results: Results) -> list[Verdict]:
    """Do Grad-CAM's maps of readers of generated digits say what these read by, and is it the strokes?"""
    table = results.table[results.table.kind == "saliency"]
    found = []
    for (n, arm), group in table.groupby(["n_real", "arm"], sort=False):
        values = group.pivot(index="seed", columns="metric", values="value")
        title, seen = Arm.parse(arm).title, int(group.n_labelled.max())

        def add(about: str, figures, rule, n=n, arm=arm, seen=seen, unit="share of saliency") -> None:
            i = t_interval(figures)
            told = (rule(i["low"], i["high"]), i["mean"], i["low"], i["high"], i["n"], unit, seen)
            found.append(Verdict(4, about, *told, arm, metric=unit, n_real=int(n)))

        gain = "the maps order pixels better than chance (deletion)"
        add(f"{title}, n = {n:,}: {gain}", values.deletion_gain, lambda a, b: classify_gain(a, b, 0.0), unit="area")
        alike = "the maps are not those of random weights (correlation under 0.5)"
        add(f"{title}, n = {n:,}: {alike}", values.sanity, lambda a, b: classify_below(a, b, SANE), unit="correlation")
        real = table[(table.n_real == n) & (table.arm == "real") & (table.metric == "on_ink")]
        if arm != "real" and len(real):
            less = (real.set_index("seed").value - values.on_ink).dropna()
            about = f"{title}, n = {n:,}: looks at ink no less than the reader of real digits"
            if len(less):
                add(about, -less, lambda a, b: classify_below(-b, -a, INK))
    return found


def _robust(results: Results) -> list[Verdict]:
    """Under noise and distortion, and under attack, at each n; scarce data are claim 3 at the smallest n."""
    found, config = [], results.config
    for n in config.sizes():
        for name in config.generators:
            for metric, words in (("corrupted", "under corruption"), ("attacked", "under attack (FGSM)")):
                arm, against = Arm("real", True, name, True), Arm("real", True)
                about = f"{arm.title} reads better {words} than {n:,} {against.title}"
                found += _compare(results, 5, arm, against, n, metric, about)
    return found
