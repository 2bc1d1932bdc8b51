"""What a study says first: at which number of labelled images, by which differences, and how far it has come."""

from collections.abc import Iterable
from dataclasses import dataclass

from ocrgen.datasets import title
from ocrgen.study.formatting import ONE_SEED, bounds, points
from ocrgen.study.plan import PAPER_N, Arm, plan
from ocrgen.study.results import Results
from ocrgen.study.verdicts import classify_gain
from ocrgen.utils.verdict import VerdictWord

PROTOCOLS = {"fair": "fair protocol", "paper": "the paper's protocol"}


@dataclass(frozen=True)
class Comparison:
    """One difference of accuracy, paired by seed: mean and 95 % interval (NaN for a single seed) over the seeds.

    generator: whose images make the difference; "" where it is augmentation. n_labelled: images that the arm learned
    from, its generator's included.
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
        return self.arm.generator

    @property
    def verdict(self) -> VerdictWord:
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
    """The protocol in words; `equal`: whether all training mixes learned from the same labelled images."""

    title: str
    text: str
    equal: bool


def nearest(sizes: Iterable[int]) -> int:
    """The number of labelled images to judge at: the paper's, or the one nearest to it."""
    return min(sizes, key=lambda n: (abs(n - PAPER_N), n))


def compared_sizes(results: Results) -> list[int]:
    """Numbers of labelled images at which there is something to compare."""
    return [n for n in results.config.sizes() if results.difference("real+aug", "real", n)]


def headline_size(results: Results) -> int:
    """The number of labelled images that every first view of a study shows."""
    return nearest(compared_sizes(results) or results.config.sizes())


def headline(results: Results) -> list[Comparison]:
    """Augmentation, each generator filtered on top of it, and each generator alone, at the headline's size."""
    names, n = results.config.generators, headline_size(results)
    bar, on_top = Arm("real", True), [Arm("real", True, name, True) for name in names]
    asked = [(bar, Arm("real"), "Augmentation instead of synthetic data")]
    asked += [(a, bar, f"{Arm(generator=a.generator).title} digits, filtered, on top of that") for a in on_top]
    alone = [Arm(generator=name) for name in names]
    asked += [(a, Arm("real"), f"{a.title} digits alone, in place of real ones") for a in alone]
    return [c for arm, against, words in asked if (c := compare(results, arm, against, n, words))]


def compare(results: Results, arm: Arm, against: Arm, n: int, words: str = "") -> Comparison | None:
    """The difference between two training mixes at n labelled images; None where it has not been measured."""
    d, row = results.difference(arm.name, against.name, n), results.of(arm.name, n, "accuracy")
    if d is None or row is None:
        return None
    return Comparison(words, arm, against, n, d["mean"], d["low"], d["high"], d["n"], int(row["n_labelled"]))


def banner(results: Results) -> Banner:
    """How many labelled images the training mixes learned from: no figure of a study can be read without it."""
    config, data = results.config, title(results.config.dataset)
    if config.protocol == "fair":
        sizes = ", ".join(f"{n:,}" for n in config.n)
        text = (
            f"At each n ({sizes}) every training mix, generator and filter included, learned from the same n labelled "
            f"images of {data}; at most n more (up to {config.validation:,}) served to choose among settings. The test "
            "images were used only for the final evaluation."
        )
        return Banner("Fair protocol: an equal comparison.", text, True)
    most = int(results.summary.n_labelled.max())
    text = (
        f"The generators learned from {most:,} labelled images of {data}, the readers of real images from {PAPER_N}. "
        f"What is gained here may come from the other {most - PAPER_N:,} labels. Whether synthetic images pay where "
        f"only {PAPER_N} are labelled is for a study of the fair protocol to say."
    )
    return Banner("The paper's protocol: not an equal comparison.", text, False)


def complete_seeds(results: Results) -> int:
    """Seeds of which every task has a result."""
    wanted = len(plan(results.config)) // results.config.seeds
    tasks = results.table[["kind", "arm", "n_real", "seed", "epoch"]].drop_duplicates()
    return sum(count >= wanted for count in tasks.groupby("seed").size())


def seeds_in_words(results: Results) -> str:
    """5 seeds, or 3 of 5 seeds where some are not complete."""
    seeds = results.config.seeds
    whole = results.done == results.total
    return f"{seeds if whole else f'{complete_seeds(results)} of {seeds}'} seed{'s' * (seeds > 1 or not whole)}"
