"""How the intervals of a study's declared family have shrunk from seed to seed, and what decided each comparison."""

from dataclasses import dataclass

from ocrgen.study.arms import BAR, Arm
from ocrgen.study.decision import ALPHA, Decision
from ocrgen.study.family import declared
from ocrgen.study.results import Results
from ocrgen.study.sequential import LOOKS
from ocrgen.utils.kept import kept


@dataclass(frozen=True)
class Step:
    """Mean and interval, as shares, of the first `seeds` seeds. look: whether the study decides by so many."""

    seeds: int
    mean: float
    low: float
    high: float
    look: bool


@dataclass(frozen=True)
class Course:
    """One comparison of the declared family: what has been decided, and how its interval has come along.

    way: training mix, compared with real + augmentation at n labelled images. steps: from two seeds on, as far as they
    are complete. decided_at: how many seeds it took to decide; None while it is open.
    """

    way: Arm
    n: int
    decision: Decision
    steps: tuple[Step, ...]
    decided_at: int | None


def level(results: Results) -> float:
    """The level of each interval, so that all of the family hold at once, at all looks, with 95 %."""
    looks = len(LOOKS) if results.config.until_decided else 1
    return 1 - ALPHA / looks / len(declared(results.config))


@kept
def courses(results: Results) -> list[Course]:
    """The declared family as far as it has been measured, by size and in the order of its declaration."""
    found = []
    for arm, n in declared(results.config):
        if decision := results.decisions.get((arm, n)):
            at = decision.estimate.seeds if decision.decided else None
            found.append(Course(Arm.parse(arm), n, decision, tuple(_steps(results, arm, n)), at))
    return found


def _steps(results: Results, arm: str, n: int) -> list[Step]:
    """The interval at each number of complete seeds: a seed that lacks either training mix ends them."""
    config, found = results.config, []
    looks = LOOKS if config.until_decided else (config.seeds,)
    for seeds in range(2, config.most_seeds + 1):
        estimate = results.measured.estimate(arm, BAR, n, seeds=seeds)
        if estimate is None or estimate.seeds < seeds:
            break
        found.append(Step(seeds, estimate.mean, *estimate.interval(level(results)), seeds in looks))
    return found
