"""The paper's five claims: their words, the rules that judge them, and what a judged claim consists of."""

from dataclasses import dataclass

from ocrgen.study.plan import PAPER_N
from ocrgen.study.verdicts import GAIN, INK, RANK, SANE, Verdict
from ocrgen.utils.verdict import UNMEASURED, VerdictWord

WORDS = {
    1: "A CVAE is ten times faster than a CGAN",
    2: "LFID is an accurate stand-in for FID",
    3: "Synthetic images improve OCR",
    4: "Grad-CAM shows that the improvement is valid: readers look at the strokes",
    5: "It copes with noise, distortion and scarce data",
}
RULES = {
    1: "Training is timed three ways: with the paper's networks, with equal numbers of weights, with the same decoder. "
    "Holds if the CVAE is ten times faster each way, does not hold if it surely is in none; where it surely is in one "
    "way and surely not in another, it depends on what is compared.",
    2: "LFID-64 of each checkpoint's samples is ranked against the accuracy of a reader trained on them, within each "
    "generator and over all. Holds if the rank correlation (Spearman) is everywhere surely negative and at most "
    f"{RANK} worse than FID's; one place where it surely is not refutes it.",
    3: f"Fair protocol at {PAPER_N} labelled images, or nearest to that: generator and reader learn from the same, "
    "and all training mixes are augmented. Holds if some way (either generator, plain or filtered) surely gains, its "
    "interval widened for the number of ways; does not hold if each surely gains less than "
    f"{100 * GAIN:.1f} points.",
    4: "Each reader's maps are checked three times: they order pixels better than chance (deletion), correlate with "
    f"those of random weights by less than {SANE}, and lie on ink at most {100 * INK:.0f} points less than those of a "
    "reader of real {noun}s. Holds if all checks do; one that surely fails refutes it.",
    5: "Fair protocol, all training mixes augmented; two things are named. Noise and distortion: as claim 3, on "
    "corrupted test images, filtered {noun}s. Scarce data: as claim 3, at the fewest labelled images. Holds if both "
    "do.",
}


@dataclass(frozen=True)
class Figure:
    """One number of a claim with its 95 % interval, None for a single repetition; `model` where it is a generator's."""

    label: str
    value: float
    low: float | None
    high: float | None
    form: str = "+.2f"
    model: str = ""

    @property
    def words(self) -> str:
        """The figure with its interval."""
        if self.low is None or self.high is None:
            return f"{self.value:{self.form}} [no interval]"
        return f"{self.value:{self.form}} [{self.low:{self.form}}, {self.high:{self.form}}]"


@dataclass(frozen=True)
class Claim:
    """One claim judged.

    verdict: how the parts, its comparisons, make it by `rule`. figures: what is shown first; unit: what they count;
    mark: the value that decides. n: seeds, or trainings (`counted`). n_labelled: images that were learned from. run:
    what it comes from; page and query: where its evidence is shown. aside: what else must be known. note: what is
    missing, and the command that measures it. noun: what one of the classes is called.
    """

    number: int
    page: str
    verdict: VerdictWord = UNMEASURED
    query: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    unit: str = ""
    mark: float = 0
    n: int | None = None
    counted: str = "seeds"
    n_labelled: int | None = None
    run: str | None = None
    aside: str = ""
    note: str = ""
    parts: tuple[Verdict, ...] = ()
    noun: str = "digit"

    @property
    def words(self) -> str:
        """The claim in the paper's sense."""
        return WORDS[self.number]

    @property
    def rule(self) -> str:
        """How its comparisons make its verdict."""
        return RULES[self.number].format(noun=self.noun)
