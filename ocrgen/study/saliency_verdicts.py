"""Claim 4: whether Grad-CAM's maps tell where a reader looks, and whether that is on the strokes."""

import math
from collections.abc import Callable

import pandas as pd

from ocrgen.study.arms import Arm
from ocrgen.study.comparisons import EXPLORATORY, Verdict, bound
from ocrgen.utils.statistics import t_interval
from ocrgen.utils.verdict import FAILS, HOLDS, OPEN, VerdictWord

SANE = 0.5  # correlation: maps closer than that to those of random weights do not show what was learned
HALF_WAY = 0.5  # from where a network with random weights seems to look, 0, to the ink itself, 1
AREA, CORRELATION, WAY, SHARE = "area", "correlation", "of the way to the ink", "share of saliency"


def classify_above(low: float, high: float, limit: float) -> VerdictWord:
    """Whether a figure is above a limit: holds if all its interval is, does not if none is; else undecided."""
    if math.isnan(low) or math.isnan(high):
        return OPEN
    return HOLDS if low > limit else FAILS if high <= limit else OPEN


RULES_BY_UNIT: dict[str, Callable[[float, float], VerdictWord]] = {
    AREA: lambda low, high: classify_above(low, high, 0.0),
    CORRELATION: lambda low, high: classify_above(-high, -low, -SANE),
    WAY: lambda low, high: classify_above(low, high, HALF_WAY),
}
CHECKS = {  # measure of `faithfulness`: its unit, and what holds where it is judged so
    "gain_over_untrained": (AREA, "the maps order pixels better than those of networks with random weights (deletion)"),
    "gain_over_blurred": (AREA, "the maps order pixels better than the blurred image itself (deletion)"),
    "sanity": (CORRELATION, f"the maps are not those of random weights (correlation under {SANE})"),
    "ink_scale": (WAY, f"looks at the strokes (0 random weights, 1 the blurred image; above {HALF_WAY})"),
}


def saliency_verdicts(table: pd.DataFrame) -> list[Verdict]:
    """The checks of every reader that was explained, by n and arm; empty for readers measured by earlier rules.

    The maps tell where a reader looks only if hiding what they mark misleads it sooner than hiding what two others mark
    that know nothing of it: networks with random weights, which show what any such network draws, and the image itself,
    blurred to the maps' resolution, which shows what is known by seeing that ink is bright. The reader looks at strokes
    if its maps lie on ink more like that image than like those networks: not off what could be reached, since no map of
    such a resolution lies wholly on thin strokes. Exploratory: the share on ink against that of the reader of real
    images. Intervals are Student's t over the seeds.
    """
    saliency = table.loc[table.kind == "saliency"]
    rows = []
    for key, group in saliency.groupby(["n_real", "arm"], sort=False):
        assert isinstance(key, tuple)
        n, arm = int(key[0]), str(key[1])
        figures = group.pivot(index="seed", columns="metric", values="value")
        if not set(CHECKS) <= set(figures.columns):
            continue
        reader, n_labelled = f"OCR model of {Arm.parse(arm).title}, n = {n:,}", int(group.n_labelled.max())
        for metric, (unit, about) in CHECKS.items():
            i = t_interval(figures[metric].dropna())
            word = RULES_BY_UNIT[unit](i["low"], i["high"])
            interval = (i["mean"], bound(i["low"]), bound(i["high"]), i["n"])
            rows.append(
                Verdict(4, f"{reader}: {about}", word, *interval, unit, n_labelled, arm, metric=metric, n_real=n)
            )
        real = saliency.loc[(saliency.n_real == n) & (saliency.arm == "real") & (saliency.metric == "on_ink")]
        more = (figures.on_ink - real.set_index("seed").value).dropna()
        if arm != "real" and len(more):
            i = t_interval(more)
            interval = (i["mean"], bound(i["low"]), bound(i["high"]), i["n"])
            about = f"{reader}: share of the saliency on ink, against the OCR model of real images alone"
            pair = (n_labelled, arm, "real", "on_ink", n)
            rows.append(Verdict(4, about, EXPLORATORY, *interval, SHARE, *pair, words=EXPLORATORY))
    return rows
