"""What a study advises for one's own characters: what to train on, what it gains, and what it costs."""

from dataclasses import dataclass

from ocrgen.datasets import title as dataset_title
from ocrgen.study.arms import BAR, PSEUDO, Arm, trained
from ocrgen.study.decision import Decision, Word
from ocrgen.study.family import AT_WORK
from ocrgen.study.formatting import bounds, points
from ocrgen.study.results import Results
from ocrgen.utils.kept import kept
from ocrgen.utils.progress import duration
from ocrgen.utils.verdict import FAILS, HOLDS, OPEN, VerdictWord

HEADLINES: dict[Word, str] = {
    "better": "Use it",
    "worse": "Don’t use it",
    "no difference that matters": "Don’t bother",
    "undecided": "Not decided",
    "too few to tell": "Too few to tell",
}


@dataclass(frozen=True)
class Advice:
    """For n labelled images: the way that was decided on, its gain over real + augmentation, and its cost.

    way: of several better ones that with the largest lower bound; where none is better, the one nearest to it.
    decision: on that way, its interval corrected for the whole family. seconds: of one processor, that the way costs
    beyond real + augmentation, generator and reader; None if not measured. source: data set and size of the study, in
    words.
    """

    n: int
    way: Arm
    decision: Decision
    seconds: float | None
    source: str

    @property
    def use(self) -> bool:
        """Whether to train on the way rather than on real + augmentation alone."""
        return self.decision.word == "better" and not self.decision.less

    @property
    def best(self) -> Arm:
        """The training mix to use."""
        return self.way if self.use else Arm.parse(BAR)

    @property
    def verdict(self) -> str:
        """One of the five words; the first two may be followed by "by less than matters"."""
        return self.decision.verdict

    @property
    def judged(self) -> VerdictWord:
        """What it says of the claim that synthetic images help."""
        return HOLDS if self.use else FAILS if self.decision.decided else OPEN

    @property
    def headline(self) -> str:
        """The advice in a few words."""
        return (
            "Not worth it" if self.decision.less and self.decision.word == "better" else HEADLINES[self.decision.word]
        )

    @property
    def words(self) -> str:
        """The advice in a sentence to act on, with the figures behind it."""
        d = self.decision
        least = f"{100 * d.matters:.1f} points"
        interval = bounds(d.low, d.high, none="one seed: no interval")
        gain = f"{points(d.estimate.mean)} points {interval}"
        bar, way = Arm.parse(BAR).title, self.way.title
        if self.use:
            seconds = "" if self.seconds is None else duration(self.seconds) if self.seconds >= 1 else "less than 1 s"
            cost = f", for {seconds} of processor time" if seconds else ""
            saved = f"{1000 * d.estimate.mean:.0f} fewer errors per 1,000 characters"
            sentence = f"Train on {way}: {gain}, {saved}{cost}."
        elif d.word == "better":
            sentence = f"Train on {bar}. {way} is better by less than the {least} that matter: {gain}."
        elif d.word == "worse":
            sentence = f"Train on {bar}. Every synthetic way is worse; the least so is {way}: {gain}."
        elif d.word == "no difference that matters":
            sentence = f"Train on {bar}. No synthetic way gains the {least} that matter; the nearest is {way}: {gain}."
        else:
            more = f" What would decide: {d.would_decide}." if d.would_decide else ""
            more = " The study is not complete." if d.would_decide == AT_WORK else more
            until = "" if d.word == "too few to tell" else " for the time being"
            sentence = f"Train on {bar}{until}. Of the synthetic ways {way} stands best: {gain}.{more}"
        return f"{sentence} ({self.source})"

    def to_json(self) -> dict:
        """What `study --json` prints; gain, low and high are shares, bounds of a single seed null."""
        d = self.decision
        low, high = (None if x != x else x for x in (d.low, d.high))
        return {
            "n": self.n,
            "advice": self.headline,
            "verdict": self.verdict,
            "way": self.way.name,
            "against": BAR,
            "gain": d.estimate.mean,
            "low": low,
            "high": high,
            "matters": d.matters,
            "n_test": d.estimate.images,
            "seeds": d.estimate.seeds,
            "more_seeds": d.more_seeds,
            "seconds": self.seconds,
            "words": self.words,
        }


@kept
def advise(results: Results) -> list[Advice]:
    """Advice for each number of labelled images that has been compared; none under the paper's protocol.

    There the generator learns from labelled images that the reader of real images never gets, so that a gain could
    come from those labels alone.
    """
    if results.config.protocol == "paper":
        return []
    found = []
    for n in results.config.sizes():
        here = {Arm.parse(name): d for (name, size), d in results.decisions.items() if size == n}
        if here:
            way = chosen(here)
            found.append(Advice(n, way, here[way], cost(results, way, n), _source(results, here[way])))
    return found


def chosen(decisions: dict[Arm, Decision]) -> Arm:
    """The way that the advice is about.

    Of those better by what matters the one with the largest lower bound. Where there is none, an undecided one says
    more than a decided one, as it may still turn out better; of equals that with the largest mean.
    """
    better = {arm: d.low for arm, d in decisions.items() if d.word == "better" and not d.less}
    if better:
        return max(better, key=better.__getitem__)
    order = ("worse", "no difference that matters", "better", "too few to tell", "undecided")
    return max(decisions, key=lambda arm: (order.index(decisions[arm].word), decisions[arm].estimate.mean))


def cost(results: Results, way: Arm, n: int) -> float | None:
    """CPU seconds that one reader of a way takes beyond one of real + augmentation, its generator's training included.

    Means over the seeds; under protocol pool with the labelling. None if not measured.
    """
    t = results.table.loc[(results.table.n_real == n) & (results.table.metric == "cpu_seconds")]

    def mean(kind: str, arm: str) -> float:
        return float(t.loc[(t.kind == kind) & (t.arm == arm)].value.mean())

    seconds = (mean("reader", way.name) - mean("reader", BAR)) / results.config.readers_per_task
    learned = bool(way.generator) and trained(way.generator)
    parts = {"generator": way.generator if learned else ""}
    parts["pseudo"] = PSEUDO if results.config.protocol == "pool" and (learned or way.pool) else ""
    for kind, arm in parts.items():
        seconds += mean(kind, arm) if arm else 0.0
    return None if seconds != seconds else seconds


def _source(results: Results, decision: Decision) -> str:
    e = decision.estimate
    images = f", {e.images:,} test images" if results.whole_errors else "; the interval holds the seeds' error only"
    return f"{dataset_title(results.config.dataset)}, {e.seeds} seed{'s' * (e.seeds > 1)}{images}"
