"""What a study recommends for one's own digits: use synthetic data, and how much, or do not bother."""

from dataclasses import dataclass

from ocrgen.study.formatting import bounds, points
from ocrgen.study.plan import Arm
from ocrgen.study.results import Results
from ocrgen.study.verdicts import GAIN, classify_gain
from ocrgen.utils.verdict import FAILS, HOLDS, OPEN, VerdictWord

HEADLINES: dict[VerdictWord, str] = {HOLDS: "Use it", FAILS: "Don't bother", OPEN: "Not decided"}


@dataclass(frozen=True)
class Recommendation:
    """For n labelled images: the best training mix with synthetic images against the best one without.

    arm, against: both chosen by mean validation accuracy over all seeds. share: synthetic share of a batch, chosen on
    validation data, mean over the seeds. mean, low, high: difference of their test accuracies, paired by seed, with its
    95 % interval (NaN for a single seed). verdict: of `classify_gain` on that interval.
    """

    n: int
    arm: Arm
    against: Arm
    share: float
    mean: float
    low: float
    high: float
    seeds: int
    verdict: VerdictWord

    @property
    def best(self) -> Arm:
        """The training mix to use: the one with synthetic images only where it surely gains."""
        return self.arm if self.verdict == HOLDS else self.against

    @property
    def headline(self) -> str:
        """The recommendation in two words."""
        return HEADLINES[self.verdict]

    @property
    def words(self) -> str:
        """The recommendation in a sentence or two, with the figure."""
        mix = f"{self.arm.title} ({100 * self.share:.0f}% of a batch)"
        change = f"{points(self.mean)} points against {self.against.title}"
        if self.seeds < 2:
            return f"{mix}: {change}. One seed has no interval: let the study do more."
        change = f"{change} (95%: {bounds(self.low, self.high)}, {self.seeds} seeds)"
        if self.verdict == HOLDS:
            return f"{mix} reads better: {change}."
        if self.verdict == FAILS:
            return (
                f"The best mix, {mix}, surely gains less than {100 * GAIN:.1f} points: {change}. "
                f"Train on {self.against.title}."
            )
        return f"The best mix, {mix}: {change}. Until more seeds tell, train on {self.against.title}."

    def to_json(self) -> dict:
        """The object that `study --json` prints: n, advice, verdict, words."""
        return {"n": self.n, "advice": self.headline, "verdict": self.verdict, "words": self.words}


def recommend(results: Results) -> list[Recommendation]:
    """A recommendation for each number of labelled images that has been compared; none under the paper's protocol.

    There the generator learns from labelled images that the reader of real images never gets, so that a gain could
    come from those labels alone.
    """
    if results.config.protocol != "fair":
        return []
    return [advice for n in results.config.sizes() if (advice := _recommend_at(results, n))]


def _recommend_at(results: Results, n: int) -> Recommendation | None:
    """The recommendation for n labelled images; None where too little has been measured."""
    baselines = [Arm("real"), Arm("real", True)]
    mixes = [
        Arm("real", augmented, name, filtered)
        for name in results.config.generators
        for augmented in (True, False)
        for filtered in (True, False)
    ]
    against, arm = _best(results, baselines, n), _best(results, mixes, n)
    if against is None or arm is None:
        return None
    difference, share = results.difference(arm.name, against.name, n), results.of(arm.name, n, "share")
    if difference is None or share is None:
        return None
    low, high = difference["low"], difference["high"]
    verdict = classify_gain(low, high)
    return Recommendation(n, arm, against, share["mean"], difference["mean"], low, high, difference["n"], verdict)


def _best(results: Results, arms: list[Arm], n: int) -> Arm | None:
    """The training mix with the highest mean validation accuracy; None where none has been measured."""
    scored = [(row["mean"], arm) for arm in arms if (row := results.of(arm.name, n, "validation"))]
    return max(scored, key=lambda pair: pair[0])[1] if scored else None
