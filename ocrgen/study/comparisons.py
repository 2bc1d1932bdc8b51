"""One comparison that bears on a claim of the paper, judged: what is compared, its figures, and its word."""

import math
from dataclasses import asdict, dataclass
from typing import Literal

from ocrgen.study.decision import Word
from ocrgen.utils.verdict import FAILS, HOLDS, OPEN, UNMEASURED, VerdictWord

EXPLORATORY: Literal["exploratory"] = "exploratory"  # was not declared before, so that no word is earned
AnyWord = VerdictWord | Word | Literal["exploratory"]
JUDGED: dict[str, VerdictWord] = {  # what the word of a comparison says of the claim that synthetic images help
    "better": HOLDS,
    "worse": FAILS,
    "no difference that matters": FAILS,
    "undecided": OPEN,
    "too few to tell": OPEN,
    EXPLORATORY: UNMEASURED,
}


@dataclass(frozen=True)
class Verdict:
    """One comparison, decided or exploratory.

    claim: number of the paper's claim that it bears on, 1 to 5. about: what is compared, in words. verdict: its word;
    words: that with what else it says. figure, low, high: mean and interval over n repetitions, of the declared family
    corrected for its size; low and high are None for a single one. unit: of the figure; differences of accuracy are
    shares, not points. n_labelled: labelled images that the arm learned from, its generator's included. n_test: test
    images whose error the interval holds, 0 for none. arm, against, metric, n_real: the training mix, what it is
    compared with, in which metric, at how many real labelled images; empty or 0 where that does not apply. less:
    whether a difference is surely smaller than what matters.
    """

    claim: int
    about: str
    verdict: AnyWord
    figure: float
    low: float | None
    high: float | None
    n: int
    unit: str
    n_labelled: int | None = None
    arm: str = ""
    against: str = ""
    metric: str = ""
    n_real: int = 0
    n_test: int = 0
    words: str = ""
    less: bool = False

    @property
    def judged(self) -> VerdictWord:
        """What it says of its claim. "Better" by less than matters does not hold."""
        return FAILS if self.less else JUDGED.get(self.verdict, self.verdict)  # type: ignore[return-value]

    @property
    def repetitions(self) -> str:
        """n in words, for example "5 seeds"."""
        unit = "training" if self.claim == 1 else "seed"
        return f"{self.n} {unit}{'s' if self.n != 1 else ''}"

    def to_json(self) -> dict:
        """All fields by name."""
        return asdict(self)


def bound(value: float) -> float | None:
    """An interval's bound; None in place of NaN."""
    return None if math.isnan(value) else value
