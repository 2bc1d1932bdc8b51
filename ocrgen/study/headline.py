"""What a study says first: its headline comparisons, the protocol in words, and how many seeds are complete."""

from collections.abc import Iterable
from dataclasses import dataclass

from ocrgen.datasets import title as dataset_title
from ocrgen.datasets.alphabet import noun
from ocrgen.study.arms import BAR, Arm
from ocrgen.study.config import PAPER_N
from ocrgen.study.decision import Decision
from ocrgen.study.formatting import ONE_SEED, bounds, n_label, points
from ocrgen.study.results import Results
from ocrgen.study.verdicts import EXPLORATORY, JUDGED, AnyWord
from ocrgen.utils.kept import kept
from ocrgen.utils.verdict import FAILS, VerdictWord

REDRAWN = 0.05  # share of samples that are copies, from which a generator is said to redraw its training images
PROTOCOLS = {"fair": "fair protocol", "pool": "pool protocol", "paper": "the paper's protocol"}
EARLIER = (
    " It was made by the rules of an earlier version: shares and steps were chosen by as many labelled images again, "
    "and its intervals hold the error of the seeds only. Here it is judged anew from its table by the present rules."
)


@dataclass(frozen=True)
class Comparison:
    """The accuracy of one training mix (arm) minus that of another (against) at n real labelled images.

    mean, low, high: as shares, paired by seed, with the 95 % interval, of the declared family corrected for its size
    (NaN for a single seed). n_labelled: labelled images that the arm learned from, its generator's included. n_test:
    test images whose error the interval holds, 0 for none. decision: None where it was not declared.
    """

    title: str
    arm: Arm
    against: Arm
    n: int
    mean: float
    low: float
    high: float
    seeds: int
    n_labelled: int
    n_test: int = 0
    decision: Decision | None = None

    @property
    def generator(self) -> str:
        """The generator whose images make the difference; "" where augmentation or pseudo-labels do."""
        return self.arm.generator

    @property
    def verdict(self) -> AnyWord:
        """The word of the comparison."""
        return self.decision.word if self.decision else EXPLORATORY

    @property
    def less(self) -> bool:
        """Whether the difference is surely smaller than what matters."""
        return bool(self.decision and self.decision.less)

    @property
    def judged(self) -> VerdictWord:
        """What it says of the claim that synthetic images help."""
        return FAILS if self.less else JUDGED[self.verdict]

    @property
    def words(self) -> str:
        """The verdict with what else it says."""
        return self.decision.words if self.decision else EXPLORATORY

    @property
    def would_decide(self) -> str:
        """What more to measure, in words; "" where that is not asked."""
        return self.decision.would_decide if self.decision else ""

    @property
    def interval(self) -> str:
        """The interval in words: 95%: [-0.22, +0.44], 8 seeds, 10,000 test images."""
        if self.seeds < 2:
            return ONE_SEED
        images = f", {self.n_test:,} test images" if self.n_test else ""
        return f"95%: {bounds(self.low, self.high)}, {self.seeds} seeds{images}"

    @property
    def figure(self) -> str:
        """The difference in points, signed."""
        return points(self.mean)


@dataclass(frozen=True)
class Banner:
    """The protocol in words. equal: whether all training mixes learned from the same number of labelled images."""

    title: str
    text: str
    equal: bool


def nearest(sizes: Iterable[int]) -> int:
    """The number of labelled images nearest to the paper's (PAPER_N), the smaller one of two."""
    return min(sizes, key=lambda n: (abs(n - PAPER_N), n))


def compared_sizes(results: Results) -> list[int]:
    """The numbers of labelled images at which `real` and `real+aug` have been compared."""
    return [n for n in results.config.sizes() if results.difference("real+aug", "real", n)]


def headline_size(results: Results) -> int:
    """The number of labelled images that all views of a study show first."""
    return nearest(compared_sizes(results) or results.config.sizes())


def shown_ways(results: Results) -> list[Arm]:
    """The declared ways that are shown first: filtered images only, of generators that have both."""
    ways = [arm for arm in results.config.arms if arm.primary]
    filtered = {arm.generator for arm in ways if arm.filtered}
    return [arm for arm in ways if arm.filtered or arm.generator not in filtered]


def headline(results: Results) -> list[Comparison]:
    """Augmentation, each way on top of it, and each generator's images in its place, at the headline's size."""
    n, kind, bar = headline_size(results), noun(results.classes), Arm.parse(BAR)
    pairs = [(bar, Arm("real"), "Augmentation instead of synthetic data")]
    for arm in shown_ways(results):
        source = Arm(generator=arm.generator).title
        images = f"{source} {kind}s{', filtered,' * arm.filtered}" if arm.generator else "pseudo-labels"
        below = "pseudo-labels" if arm.pool and arm.generator else "that"
        pairs.append((arm, bar, f"{images[:1].upper()}{images[1:]} on top of {below}"))
    for arm in results.config.arms:
        if not arm.real and arm.generator and arm.filtered == arm.augmented:
            source = Arm(generator=arm.generator).title
            pairs.append((arm, bar, f"{source[:1].upper()}{source[1:]} {kind}s in place of real ones"))
    return [c for arm, against, title in pairs if (c := compare(results, arm, against, n, title))]


def compare(results: Results, arm: Arm, against: Arm, n: int, title: str = "") -> Comparison | None:
    """The difference between two training mixes at n labelled images; None where it has not been measured."""
    d, row = results.difference(arm.name, against.name, n), results.of(arm.name, n, "accuracy")
    if d is None or row is None:
        return None
    decision = results.decisions.get((arm.name, n)) if against.name == BAR else None
    figures = (d["mean"], d["low"], d["high"], int(d["n"]), int(row["n_labelled"]), int(d["images"]))
    return Comparison(title, arm, against, n, *figures, decision)


def banner(results: Results) -> Banner:
    """How many labelled images the training mixes learned from, without which no figure of a study can be read."""
    config, data = results.config, dataset_title(results.config.dataset)
    earlier = EARLIER if config.rules == 1 else ""
    sizes = "; ".join(n_label(n, results.classes) for n in config.sizes())
    if config.protocol == "paper":
        return Banner("The paper's protocol: not an equal comparison.", _paper(results, data) + earlier, False)
    text = f"At each n ({sizes}) every training mix, generator and filter included, learned from the same n labelled "
    text += f"images of {data}"
    if config.protocol == "pool":
        pool = results.summary.loc[results.summary.metric == "n_unlabelled"]
        count = int(pool["mean"].max()) if len(pool) else config.unlabelled
        text += f", and, where its name says so, from {count:,} others without their labels"
    text += "." if config.rules == 1 else f"; nothing was chosen by further ones.{_means(results)}"
    text += f" The test images were used only for the final evaluation.{redrawn(results)}"
    title = (
        "Pool protocol: equally many labels." if config.protocol == "pool" else "Fair protocol: an equal comparison."
    )
    return Banner(title, text + earlier, True)


def _means(results: Results) -> str:
    """How many readers each figure is a mean of, and how they were trained."""
    config = results.config
    steps = results.summary.loc[(results.summary.metric == "steps") & (results.summary.n_real > 0)]
    steps = sorted({int(s) for s in steps.loc[steps.kind == "reader"]["mean"]})
    told = " to ".join(f"{s:,}" for s in dict.fromkeys(steps[:1] + steps[-1:]))
    trained = f", each after {told} steps" if steps else ""
    readers = f"{config.readers_per_task} OCR models" if config.readers_per_task > 1 else "one OCR model"
    return f" Each seed trains {readers}{trained}; synthetic images are {config.share:.0%} of a batch beside real ones."


def _paper(results: Results, data: str) -> str:
    """What learned from what under the paper's protocol, and with which networks, steps, filters and choices."""
    config, s = results.config, results.summary
    seen = s.loc[s.kind.isin(("generator", "epoch"))]
    most = int((seen if len(seen) else s).n_labelled.max()) if len(s) else PAPER_N
    named = ", ".join(Arm(generator=g).title for g in config.trained)
    steps = f"{config.steps:,}" if config.steps else "400 to 2,000"
    return (
        f"Networks: {named} of preset {config.preset}, {config.epochs} epochs; OCR models of preset {config.reader}, "
        f"{steps} steps. The epoch of a generator is chosen by its OCR model's accuracy on validation images; the "
        f"filter is an OCR model trained on all training images. The generators learned from {most:,} labelled images "
        f"of {data}, the OCR models of real images from {PAPER_N}. What is gained here may come from the other "
        f"{most - PAPER_N:,} labels. Whether synthetic images pay where only {PAPER_N} are labelled is for a study of "
        "the fair protocol to say."
        f"{redrawn(results)}"
    )


def redrawn(results: Results) -> str:
    """A sentence for each generator that redraws its training images; "" where none does, or none was looked at."""
    rows = results.summary.loc[(results.summary.kind == "generator") & (results.summary.metric == "memorised")]
    told = ""
    for arm, group in rows.loc[rows["mean"] > REDRAWN].groupby("arm", sort=False):
        by_n = sorted(group.to_dict("records"), key=lambda r: r["n_labelled"])
        first, *others = (f"{r['mean']:.0%}{{}} at n = {r['n_labelled']:,}" for r in by_n)
        shares = ", ".join([first.format(" of its samples"), *(other.format("") for other in others)])
        told += (
            f" The {Arm.parse(str(arm)).title} redraws its training images: {shares} lie as near to one of them as "
            "only 1% of new handwriting does."
        )
    return told


@kept
def complete_seeds(results: Results) -> int:
    """The number of seeds of which every task has a result."""
    per_seed = max(1, results.total // results.seeds)
    tasks = results.table[["kind", "arm", "n_real", "seed", "epoch"]].drop_duplicates()
    return sum(count >= per_seed for count in tasks.groupby("seed").size())


def seeds_in_words(results: Results) -> str:
    """ "5 seeds", or "3 of 5 seeds" while some are not complete."""
    seeds = results.seeds
    whole = results.done == results.total
    return f"{seeds if whole else f'{complete_seeds(results)} of {seeds}'} seed{'s' * (seeds > 1 or not whole)}"
