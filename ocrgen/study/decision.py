"""Decide a family of differences that was declared before: better, worse, no difference that matters, or undecided."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtrit

from ocrgen.study.inference import Estimate

Word = Literal["better", "worse", "no difference that matters", "undecided", "too few to tell"]
K = TypeVar("K")  # what names a comparison
ALPHA = 0.05
MIN_SEEDS, MIN_IMAGES, CEILING = 3, 200, 0.995
MOST_SEEDS = 1000
NO_SEEDS = "no number of seeds"


@dataclass(frozen=True)
class Decision:
    """One comparison, decided. Differences are shares, not points.

    low, high: simultaneous interval over the family (Bonferroni, level 1 - alpha / m): wider than the Holm test that
    decides, so that a word may be surer than its interval. p_superiority, p_equivalence: Holm-corrected. less: whether
    the difference, though surely there, is surely smaller than `matters`. would_decide: what more to measure, in words;
    more_seeds: how many more seeds, if any number would do.
    """

    word: Word
    less: bool
    estimate: Estimate
    low: float
    high: float
    matters: float
    p_superiority: float
    p_equivalence: float
    would_decide: str = ""
    more_seeds: int | None = None

    @property
    def decided(self) -> bool:
        """Whether the question has an answer."""
        return self.word in ("better", "worse", "no difference that matters")

    @property
    def words(self) -> str:
        """The verdict, and what would decide it: "undecided (about 3 more seeds)"."""
        return f"{self.verdict} ({self.would_decide})" if self.would_decide else self.verdict

    @property
    def verdict(self) -> str:
        """The word, for example "better by less than matters"."""
        return f"{self.word} by less than matters" if self.less else self.word


def default_matters(accuracy: float) -> float:
    """The least difference that matters: the larger of 0.005 and a tenth of the bar's error rate 1 - accuracy."""
    return max(0.005, (1 - accuracy) / 10)


def holm(p: ArrayLike) -> np.ndarray:
    """Holm's step-down corrected p-values (1979) of a family p (m,): max_{j <= i} (m - j + 1) p_(j), at most 1."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return corrected


def too_few(estimate: Estimate, accuracies: Sequence[float] = ()) -> bool:
    """Whether a study is too small for verdicts, or all `accuracies` of the two ways leave no room to differ."""
    full = bool(accuracies) and min(accuracies) > CEILING
    return math.isnan(estimate.df) or estimate.seeds < MIN_SEEDS or estimate.images < MIN_IMAGES or full


def decide(
    family: Mapping[K, Estimate],
    matters: float | Mapping[K, float],
    accuracies: Mapping[K, Sequence[float]] | None = None,
    alpha: float = ALPHA,
    missing: int = 0,
) -> dict[K, Decision]:
    """Decide the comparisons of a family, which must hold all that were declared before any result was known.

    matters: the least difference that matters, of all or of each. accuracies: of both ways of each. Superiority
    (two-sided, alpha) and equivalence (Schuirmann's two one-sided tests, 1987, at alpha: a 1 - 2 alpha interval inside
    +-matters) each have their own Holm correction. Comparisons that are too small to tell remain in the family with
    p = 1, and so do those `missing`, declared but not measured yet.
    """
    size = len(family) + missing
    least = dict(matters) if isinstance(matters, Mapping) else dict.fromkeys(family, matters)
    few = {name: too_few(e, (accuracies or {}).get(name, ())) for name, e in family.items()}
    absent = [1.0] * missing
    superiority = holm([1.0 if few[name] else e.p_superiority() for name, e in family.items()] + absent)
    equivalence = holm([1.0 if few[name] else e.p_equivalence(least[name]) for name, e in family.items()] + absent)
    decisions: dict[K, Decision] = {}
    for (name, e), p, q in zip(family.items(), superiority, equivalence, strict=False):
        differs, same = p <= alpha, q <= alpha
        word: Word = "undecided"
        if few[name]:
            word = "too few to tell"
        elif differs:
            word = "better" if e.mean > 0 else "worse"
        elif same:
            word = "no difference that matters"
        more = seeds_to_decide(e, least[name], alpha, size) if word == "undecided" else 0.0
        bounds = e.interval(1 - alpha / size)
        less = bool(differs and same)
        decisions[name] = Decision(
            word, less, e, *bounds, least[name], float(p), float(q),
            would_decide(more) if word == "undecided" else "",
            int(more) if word == "undecided" and more <= MOST_SEEDS else None,
        )  # fmt: skip
    return decisions


def seeds_to_decide(estimate: Estimate, matters: float, alpha: float = ALPHA, comparisons: int = 1) -> float:
    """About how many more seeds would decide an open comparison if its mean and variances stay as they are.

    Infinite where the variance that the seeds share, being of the test images, keeps it open by itself; MOST_SEEDS + 1
    for any number beyond MOST_SEEDS. comparisons: Bonferroni, a little more than Holm's test may need.
    """
    alpha = alpha / comparisons
    gap, mean = matters - abs(estimate.mean), abs(estimate.mean)

    def open_at(seeds: float) -> bool:
        variance = estimate.seed_variance / seeds + estimate.image_variance
        scale, df = math.sqrt(variance), estimate.df * seeds / estimate.seeds
        two, one = (float(ndtri(q) if math.isinf(df) else stdtrit(df, q)) for q in (1 - alpha / 2, 1 - alpha))
        return mean <= two * scale and gap <= one * scale

    if open_at(math.inf):
        return math.inf
    if open_at(MOST_SEEDS):
        return MOST_SEEDS + 1
    few, enough = estimate.seeds, MOST_SEEDS
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (middle, enough) if open_at(middle) else (few, middle)
    return enough - estimate.seeds


def would_decide(more: float) -> str:
    """What `seeds_to_decide` says, in words: "about N more seeds", or "no number of seeds: more test images"."""
    if math.isinf(more):
        return f"{NO_SEEDS}: more test images"
    if more > MOST_SEEDS:
        return f"more than {MOST_SEEDS:,} seeds, or more test images"
    return f"about {more:.0f} more seed{'s' if more != 1 else ''}"
