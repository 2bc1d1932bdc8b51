"""The paper's five claims: their words, the rules that judge them, and what a judged claim consists of."""

from dataclasses import dataclass

from ocrgen.study.config import PAPER_N
from ocrgen.study.verdicts import Verdict
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
    2: "",
    3: f"Fair protocol at {PAPER_N} labelled images, or nearest to that: generator and reader learn from the same, "
    "and all training mixes are augmented. Which ways are compared was declared before; their words are corrected for "
    "their number (Holm). Holds if some way is better, and not surely by less than matters; does not hold if each is "
    "worse, or makes no difference that matters. Rendered characters are synthetic, too, and named apart.",
    4: "",
    5: "Fair protocol, all training mixes augmented; two things are named. Noise and distortion: as claim 3, on "
    "corrupted test images, but against training with noise, which costs nothing. Scarce data: as claim 3, at the "
    "fewest labelled images. Holds if both do; one that does not refutes it.",
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
