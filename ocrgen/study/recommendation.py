"""What an engineer is to do with their digits: use this much synthetic data, don't bother, or ask again."""

from dataclasses import dataclass

from ocrgen.study.plan import Arm
from ocrgen.study.results import Results
from ocrgen.study.verdicts import GAIN, classify_gain

ADVICE = {"holds": "Use it", "does not hold": "Don't bother", "undecided": "Not decided"}


@dataclass(frozen=True)
class Advice:
    """For n labelled images: the best way with synthetic images against the best way without.

    Both are chosen on validation data, over all seeds; the difference is that of the test accuracy, paired by seed,
    with its 95 % interval (NaN for a single seed). verdict: as `classify_gain` gives it, of a gain.
    """

    n: int
    arm: Arm
    against: Arm
    share: float  # synthetic share of a batch, mean of what validation chose
    mean: float
    low: float
    high: float
    seeds: int
    verdict: str

    @property
    def best(self) -> Arm:
        """What to train a reader on."""
        return self.arm if self.verdict == "holds" else self.against

    @property
    def headline(self) -> str:
        """In two words."""
        return ADVICE[self.verdict]

    def words(self) -> str:
        """In a sentence or two, with the figure."""
        mix = f"{self.arm.title} ({100 * self.share:.0f} % of a batch)"
        change = f"{points(self.mean)} points against {self.against.title}"
        if self.seeds < 2:
            return f"{mix}: {change}. One seed has no interval: let the study do more."
        told = f"{change} (95 %: {points(self.low)} to {points(self.high)}, {self.seeds} seeds)"
        return {
            "holds": f"{mix} reads better: {told}.",
            "does not hold": f"The best mix, {mix}, surely gains less than {100 * GAIN:.1f} points: {told}. "
            f"Train on {self.against.title}.",
            "undecided": f"The best mix, {mix}: {told}. Until more seeds tell, train on {self.against.title}.",
        }[self.verdict]


def points(share: float) -> str:
    """A difference of accuracies in percentage points, without a minus before zero."""
    return f"{round(100 * share, 1) + 0:+.1f}"


def advise(results: Results) -> list[Advice]:
    """Advice for each number of labelled images that has been compared; none under the paper's protocol.

    There the generator has seen images that the reader has not: what would be gained by them is no gain of method.
    """
    if results.config.protocol != "fair":
        return []
    return [advice for n in results.config.sizes() if (advice := _at(results, n))]


def _at(results: Results, n: int) -> Advice | None:
    bars = [Arm("real"), Arm("real", True)]
    mixes = [
        Arm("real", augmented, name, filtered)
        for name in results.config.generators
        for augmented in (True, False)
        for filtered in (True, False)
    ]
    found = [[(v["mean"], a) for a in arms if (v := results.of(a.name, n, "validation"))] for arms in (bars, mixes)]
    if not all(found):
        return None
    against, arm = (max(some, key=lambda x: x[0])[1] for some in found)
    d = results.difference(arm.name, against.name, n)
    if d is None:
        return None
    share = results.of(arm.name, n, "share")["mean"]
    verdict = classify_gain(d["low"], d["high"])
    return Advice(n, arm, against, share, d["mean"], d["low"], d["high"], d["n"], verdict)
