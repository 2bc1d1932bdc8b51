"""The comparisons of a study that bear on the paper's claims 2 to 5, decided; all others are exploratory."""

from functools import lru_cache

from ocrgen.study.arms import BAR, NOISE_BAR, Arm
from ocrgen.study.choices import choices
from ocrgen.study.comparisons import EXPLORATORY, JUDGED, AnyWord, Verdict, bound
from ocrgen.study.decision import Decision, decide, default_matters
from ocrgen.study.results import Results
from ocrgen.study.saliency_verdicts import saliency_verdicts

__all__ = ["EXPLORATORY", "JUDGED", "AnyWord", "Verdict", "bound", "exploratory", "verdicts"]


@lru_cache(maxsize=8)
def verdicts(results: Results) -> tuple[Verdict, ...]:
    """The comparisons of a study that bear on claims 2 to 5 of the paper, in this order."""
    return (*choices(results.table), *_gains(results), *saliency_verdicts(results.table), *_robustness(results))


def _decided(results: Results, claim: int, about: str, arm: str, against: str, n: int, metric: str, d: Decision):
    row = results.of(arm, n, metric)
    images = d.estimate.images if results.whole_errors else 0
    return Verdict(
        claim, about, d.word, d.estimate.mean, bound(d.low), bound(d.high), d.estimate.seeds, "accuracy",
        int(row["n_labelled"]) if row else None, arm, against, metric, n, images, d.words, d.less,
    )  # fmt: skip


def _gains(results: Results) -> list[Verdict]:
    """Claim 3: the declared family first, by size; then, exploratory, synthetic images in place of real ones.

    In place of real ones they are compared with real + augmentation too, as that is what one would give up.
    """
    rows = []
    for (name, n), decision in results.decisions.items():
        about = f"{Arm.parse(name).title} reads better than {n:,} {Arm.parse(BAR).title}"
        rows.append(_decided(results, 3, about, name, BAR, n, "accuracy", decision))
    declared = set(results.decisions)
    for n in results.config.sizes():
        for arm in results.config.arms:
            # On top of real images without augmentation a gain may be what augmentation gives for nothing.
            if not arm.synthetic or (arm.name, n) in declared:
                continue
            against = "real" if arm.real and not arm.augmented else BAR
            if row := exploratory(results, 3, arm, against, n, "accuracy"):
                rows.append(row)
    return rows


def exploratory(results: Results, claim: int, arm: Arm, against: str, n: int, metric: str) -> Verdict | None:
    """A comparison that was not declared: figure and interval, and no word; None if it has not been measured."""
    difference, row = results.difference(arm.name, against, n, metric), results.of(arm.name, n, metric)
    if difference is None or row is None:
        return None
    about = f"{arm.title} against {n:,} {Arm.parse(against).title}"
    interval = (difference["mean"], bound(difference["low"]), bound(difference["high"]), int(difference["n"]))
    n_labelled = int(row["n_labelled"])
    return Verdict(
        claim, about, EXPLORATORY, *interval, "accuracy", n_labelled, arm.name, against, metric, n,
        int(difference["images"]), EXPLORATORY,
    )  # fmt: skip


def _robustness(results: Results) -> list[Verdict]:
    """Claim 5: accuracy under noise and distortion at each n, against training with noise, which is the plainest way.

    At each n a family of its own. Its other part, scarce data, is claim 3 at the smallest n.
    """
    rows = []
    for n in results.config.sizes():
        ways = {
            a.name: results.measured.estimate(a.name, NOISE_BAR, n, "corrupted")
            for a in results.config.arms
            if a.primary
        }
        family = {name: e for name, e in ways.items() if e}
        bar = results.of(NOISE_BAR, n, "corrupted")
        if not family or not bar:
            continue
        for name, decision in decide(family, default_matters(bar["mean"])).items():
            about = f"{Arm.parse(name).title} reads better under corruption than {n:,} {Arm.parse(NOISE_BAR).title}"
            rows.append(_decided(results, 5, about, name, NOISE_BAR, n, "corrupted", decision))
    return rows
