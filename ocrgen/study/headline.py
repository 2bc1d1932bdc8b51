"""What a study says first: its headline comparisons, the protocol in words, and how many seeds are complete."""

from collections.abc import Iterable
from dataclasses import dataclass

from ocrgen.datasets import title as dataset_title
from ocrgen.datasets.alphabet import noun
from ocrgen.study.formatting import ONE_SEED, bounds, n_label, points
from ocrgen.study.plan import PAPER_N, Arm, plan
from ocrgen.study.results import Results
from ocrgen.study.verdicts import classify_gain
from ocrgen.utils.verdict import VerdictWord

REDRAWN = 0.05  # share of samples that are copies, from which a generator is said to redraw its training images
PROTOCOLS = {"fair": "fair protocol", "paper": "the paper's protocol"}


@dataclass(frozen=True)
class Comparison:
    """The accuracy of one training mix (arm) minus that of another (against) at n real labelled images.

    mean, low, high: as shares, paired by seed, with the 95 % interval over the seeds (NaN for a single seed).
    n_labelled: labelled images that the arm learned from, its generator's included.
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

    @property
    def generator(self) -> str:
        """The generator whose images make the difference; "" where augmentation does."""
        return self.arm.generator

    @property
    def verdict(self) -> VerdictWord:
        """Whether the difference is a gain."""
        return classify_gain(self.low, self.high)

    @property
    def interval(self) -> str:
        """The interval in words: 95%: [-0.22, +0.44], 5 seeds."""
        if self.seeds < 2:
            return ONE_SEED
        return f"95%: {bounds(self.low, self.high)}, {self.seeds} seeds"

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


def headline(results: Results) -> list[Comparison]:
    """Augmentation, each generator filtered on top of it, and each generator alone, at the headline's size."""
    names, n, kind = results.config.generators, headline_size(results), noun(results.classes)
    augmented, on_top = Arm("real", True), [Arm("real", True, name, True) for name in names]
    pairs = [(augmented, Arm("real"), "Augmentation instead of synthetic data")]
    pairs += [(a, augmented, f"{Arm(generator=a.generator).title} {kind}s, filtered, on top of that") for a in on_top]
    alone = [Arm(generator=name) for name in names]
    pairs += [(a, Arm("real"), f"{a.title} {kind}s alone, in place of real ones") for a in alone]
    return [c for arm, against, title in pairs if (c := compare(results, arm, against, n, title))]


def compare(results: Results, arm: Arm, against: Arm, n: int, title: str = "") -> Comparison | None:
    """The difference between two training mixes at n labelled images; None where it has not been measured."""
    d, row = results.difference(arm.name, against.name, n), results.of(arm.name, n, "accuracy")
    if d is None or row is None:
        return None
    return Comparison(title, arm, against, n, d["mean"], d["low"], d["high"], d["n"], int(row["n_labelled"]))


def banner(results: Results) -> Banner:
    """How many labelled images the training mixes learned from, without which no figure of a study can be read."""
    config, data = results.config, dataset_title(results.config.dataset)
    if config.protocol == "fair":
        sizes = "; ".join(n_label(n, results.classes) for n in config.n)
        text = (
            f"At each n ({sizes}) every training mix, generator and filter included, learned from the same n labelled "
            f"images of {data}; at most n more (up to {config.validation:,}) served to choose among settings. The test "
            f"images were used only for the final evaluation.{redrawn(results)}"
        )
        return Banner("Fair protocol: an equal comparison.", text, True)
    most = int(results.summary.n_labelled.max())
    text = (
        f"The generators learned from {most:,} labelled images of {data}, the readers of real images from {PAPER_N}. "
        f"What is gained here may come from the other {most - PAPER_N:,} labels. Whether synthetic images pay where "
        f"only {PAPER_N} are labelled is for a study of the fair protocol to say.{redrawn(results)}"
    )
    return Banner("The paper's protocol: not an equal comparison.", text, False)


def redrawn(results: Results) -> str:
    """A sentence for each generator that redraws its training images; "" where none does, or none was looked at."""
    rows = results.summary.loc[(results.summary.kind == "generator") & (results.summary.metric == "memorised")]
    told = ""
    for arm, group in rows.loc[rows["mean"] > REDRAWN].groupby("arm", sort=False):
        shares = ", ".join(f"{r['mean']:.0%} at n = {r['n_labelled']:,}" for r in group.to_dict("records"))
        told += (
            f" The {Arm.parse(str(arm)).title} redraws its training images: so near to one of them are {shares} of its "
            "samples, and 1% of new handwriting."
        )
    return told


def complete_seeds(results: Results) -> int:
    """The number of seeds of which every task has a result."""
    per_seed = len(plan(results.config)) // results.config.seeds
    tasks = results.table[["kind", "arm", "n_real", "seed", "epoch"]].drop_duplicates()
    return sum(count >= per_seed for count in tasks.groupby("seed").size())


def seeds_in_words(results: Results) -> str:
    """ "5 seeds", or "3 of 5 seeds" while some are not complete."""
    seeds = results.config.seeds
    whole = results.done == results.total
    return f"{seeds if whole else f'{complete_seeds(results)} of {seeds}'} seed{'s' * (seeds > 1 or not whole)}"
