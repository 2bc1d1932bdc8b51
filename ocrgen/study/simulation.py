"""Studies with a known truth, to measure what an interval covers and how often a family of verdicts errs."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student

from ocrgen.study.decision import ALPHA, Decision, decide
from ocrgen.study.inference import estimate
from ocrgen.study.sequential import LOOKS, look

Rule = Callable[[np.ndarray], tuple[float, float]]


def correctness(
    rng: np.random.Generator,
    accuracies: Iterable[float],
    seeds: int,
    images: int,
    difficulty: float = 1.5,
    own: float = 0.4,
    seed: float = 0.06,
) -> Iterator[np.ndarray]:
    """Correctness (seeds, images) of ways of training that share test images, one way after the other.

    A reader is right where m + x_i + b_i + a_s + e_si > 0: the image's difficulty x, shared by all ways, what the way
    itself makes of it (b), the seed (a) and chance (e), normal with standard deviations `difficulty`, `own`, `seed` and
    1. m makes `accuracies` the exact population means: m = q(accuracy) sqrt(1 + difficulty^2 + own^2 + seed^2).
    """
    x = difficulty * rng.standard_normal(images, np.float32)
    scale = (1 + difficulty**2 + own**2 + seed**2) ** 0.5
    for accuracy in accuracies:
        level = norm.ppf(accuracy) * scale + x + own * rng.standard_normal(images, np.float32)
        effects = seed * rng.standard_normal((seeds, 1), np.float32)
        yield (rng.standard_normal((seeds, images), np.float32) + effects > -level.astype(np.float32)).astype(
            np.float32
        )


def both_errors(difference: np.ndarray) -> tuple[float, float]:
    """The interval of `estimate`, of differences (seeds, images)."""
    return estimate(difference, np.zeros_like(difference)).interval()


def simple_sum(difference: np.ndarray) -> tuple[float, float]:
    """Both variances added, as if the residual were not in each: too wide. differences (seeds, images)."""
    s, n = difference.shape
    a, b = difference.mean(1).var(ddof=1) / s, difference.mean(0).var(ddof=1) / n
    df = (a + b) ** 2 / max(a**2 / (s - 1) + b**2 / (n - 1), 1e-300)
    half = student.ppf(0.975, df) * (a + b) ** 0.5 if a + b > 0 else 0.0
    return float(difference.mean() - half), float(difference.mean() + half)


def seeds_alone(difference: np.ndarray) -> tuple[float, float]:
    """Student's t over the seeds, as if the test images were the population. differences (seeds, images)."""
    means = difference.mean(1)
    half = student.ppf(0.975, len(means) - 1) * means.std(ddof=1) / len(means) ** 0.5
    return float(means.mean() - half), float(means.mean() + half)


RULES: dict[str, Rule] = {"both": both_errors, "sum": simple_sum, "seeds": seeds_alone}


def coverage(
    seeds: Iterable[int],
    images: Iterable[int],
    studies: int = 2000,
    accuracies: tuple[float, float] = (0.95, 0.945),
    start: int = 0,
    **model: float,
) -> pd.DataFrame:
    """Share of simulated studies whose 95 % interval of a difference holds the truth.

    model: standard deviations, as in `correctness`. Columns: images, seeds, rule, coverage, width (mean, a share).
    Smaller studies are the first seeds of larger ones, so that rows of one number of images are not independent.
    """
    seeds, rows, truth = sorted(seeds), [], accuracies[0] - accuracies[1]
    for n in images:
        rng, cells = np.random.default_rng([start, n]), [(s, name) for s in seeds for name in RULES]
        bounds = np.empty((studies, len(cells), 2))
        for row in bounds:
            a, b = correctness(rng, accuracies, seeds[-1], n, **model)
            for j, (s, name) in enumerate(cells):
                row[j] = RULES[name]((a[:s] - b[:s]).astype(float))
        held = ((bounds[..., 0] <= truth) & (truth <= bounds[..., 1])).mean(0)
        width = (bounds[..., 1] - bounds[..., 0]).mean(0)
        rows += [(n, s, name, held[j], width[j]) for j, (s, name) in enumerate(cells)]
    return pd.DataFrame(rows, columns=["images", "seeds", "rule", "coverage", "width"])


def family_errors(
    gains: tuple[float, ...],
    images: int = 1000,
    studies: int = 1000,
    accuracy: float = 0.95,
    matters: float = 0.005,
    start: int = 0,
    **model: float,
) -> dict[str, float]:
    """Share of simulated studies in which some verdict at some look is false: the family-wise error.

    gains: true difference of each way from a bar of `accuracy`, with which all share the test images. False is "better"
    or "worse" where there is no difference or the opposite one, and "no difference that matters" or "by less than
    matters" of a difference of `matters` or more. Keys: "looks", as `look` decides; "alpha at each look", with Holm's
    correction but none for the looks; "no correction", each comparison alone at each look.
    """
    rng, wrong = np.random.default_rng(start), np.zeros(3)
    truth = {str(i): gain for i, gain in enumerate(gains)}

    def false(decisions: dict[str, Decision]) -> bool:
        return any(_false(d, truth[name], matters) for name, d in decisions.items())

    for _ in range(studies):
        bar, *ways = correctness(rng, (accuracy, *(accuracy + g for g in gains)), LOOKS[-1], images, **model)
        before, erred = None, np.zeros(3, bool)
        for n in LOOKS:
            family = {str(i): estimate(way[:n], bar[:n]) for i, way in enumerate(ways)}
            before = look(family, matters, before)
            alone = {name: decide({name: e}, matters, alpha=ALPHA)[name] for name, e in family.items()}
            erred |= [false(before), false(decide(family, matters)), false(alone)]
        wrong += erred
    return dict(zip(("looks", "alpha at each look", "no correction"), (wrong / studies).tolist(), strict=True))


def _false(decision: Decision, truth: float, matters: float) -> bool:
    """Whether a decision contradicts the true difference `truth`."""
    sign = {"better": 1, "worse": -1}.get(decision.word)
    same = decision.less or decision.word == "no difference that matters"
    return (sign is not None and sign * truth <= 0) or (same and abs(truth) >= matters - 1e-12)
