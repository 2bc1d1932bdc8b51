"""The paper's five claims: their words, the rules that judge them, and what a judged claim consists of."""

from dataclasses import dataclass

from ocrgen.study.choices import MATTERS
from ocrgen.study.config import PAPER_N
from ocrgen.study.saliency_verdicts import SANE
from ocrgen.study.verdicts import Verdict
from ocrgen.utils.numbers import real_minus
from ocrgen.utils.verdict import UNMEASURED, VerdictWord

WORDS = {
    1: "A CVAE is ten times faster than a CGAN",
    2: "LFID is an accurate stand-in for FID",
    3: "Synthetic images improve OCR",
    4: "Grad-CAM shows that the improvement is valid: OCR models look at the strokes",
    5: "It copes with noise, distortion and scarce data",
}
RULES = {
    1: "Training is timed three ways: with the paper's networks, with equal numbers of weights, with the same decoder. "
    "Holds if the CVAE is ten times faster each way, does not hold if it surely is in none; where it surely is in one "
    "way and surely not in another, it depends on what is compared.",
    2: "LFID-64 chooses the epoch of a training, and the generator; OCR models trained on its images tell how much "
    "accuracy each choice loses against the best. Epochs are judged in trainings that get worse, since elsewhere the "
    "last one is as good a choice: holds if LFID-64 surely loses less than the last epoch, and less than "
    f"{100 * MATTERS:.1f} points. Generators: holds if it is surely right in more than half of the seeds. The claim "
    f"holds if both do, and neither loses {100 * MATTERS:.1f} points more than FID's choice; one that surely does not "
    "refutes it. The features are those of digitnet, trained with all labels of both digit scripts: the paper's "
    "Inception network was not at hand.",
    3: f"Fair protocol at {PAPER_N} labelled images, or nearest to that: generator and OCR model learn from the same, "
    "and all training mixes are augmented. Which ways are compared was declared before; their words are corrected for "
    "their number (Holm). Holds if some way is better, and not surely by less than matters; does not hold if each is "
    "worse, or makes no difference that matters. Rendered characters are synthetic, too, and named apart.",
    4: "The maps of each OCR model, at the number of labelled images shown first, are checked four times. They tell "
    "where it looks if hiding what they mark misleads it sooner (deletion) than hiding what maps of networks with "
    "random weights mark, and sooner than hiding what is brightest in the blurred image itself; and if they correlate "
    f"with those networks' maps by less than {SANE}. It looks at the strokes if its maps' share on ink is more than "
    "half way from those networks' to the blurred image's. Holds if all checks do, of all OCR models; one that surely "
    "fails, corrected for their number, refutes it.",
    5: "Fair protocol, all training mixes augmented; two things are named. Noise and distortion: as claim 3, on "
    "corrupted test images, but against training with noise, which costs nothing. Scarce data: as claim 3, at the "
    "fewest labelled images. Holds if both do; one that does not refutes it.",
}
PAPER = "https://arxiv.org/abs/2402.17204"
REPORTED = {  # by the paper and the code beside it; of claims 4 and 5 they give no figure to hold ours against
    1: "The paper reports 10.2 times: 161 s against 1,640 s for a training, on GPUs.",
    2: "The paper reports an LFID-64 of 0.39 for its CVAE and 2.2 for its CGAN, in the order of their OCR accuracy; "
    "its FID-2048, 237 and 57, has them in the opposite order.",
    3: "The paper reports 90% to 92% with 10,000 CVAE images and 85.9% with 500 real ones; its CVAE had seen 60,000 "
    "labelled images.",
}
LINES = {  # what the line in a claim's figures means
    1: "ten times, as claimed",
    2: "what may be lost at most",
    3: "no gain",
    4: "half way, the least that counts as strokes",
    5: "no gain",
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
    def short(self) -> str:
        """The figure alone."""
        return real_minus(f"{self.value:{self.form}}")

    @property
    def words(self) -> str:
        """The figure with its interval."""
        if self.low is None or self.high is None:
            return f"{self.short} [no interval]"
        return f"{self.short} [" + real_minus(f"{self.low:{self.form}}, {self.high:{self.form}}]")


@dataclass(frozen=True)
class Claim:
    """One claim judged.

    verdict: how the parts, its comparisons, make it by `rule`. figures: what is shown first; unit: what they count;
    mark: the value that decides. n: seeds, or trainings (`counted`). n_labelled: images that were learned from. run:
    what it comes from; page and query: where its evidence is shown. gist: what was found, in one sentence. aside: what
    else must be known. note: what is missing, and the command that measures it. noun: what one of the classes is
    called.
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
    gist: str = ""
    aside: str = ""
    note: str = ""
    parts: tuple[Verdict, ...] = ()
    noun: str = "digit"

    @property
    def words(self) -> str:
        """The claim in the paper's sense."""
        return WORDS[self.number]

    @property
    def behind(self) -> list[str]:
        """What its figures rest on: n, and the labelled images seen, each if known."""
        what, _, rest = self.counted.partition(" ")
        counted = f"{what[:-1] if self.n == 1 else what} {rest}".strip()
        seen = f"{self.n_labelled:,} labelled images seen" if self.n_labelled else ""
        return [text for text in (f"n = {self.n} {counted}" if self.n else "", seen) if text]

    @property
    def reported(self) -> str:
        """What the paper says of it in figures; "" where it gives none that ours could be held against."""
        return REPORTED.get(self.number, "")

    @property
    def line(self) -> str:
        """What the line marks in its figures: "10, ten times, as claimed"."""
        return f"{self.mark:g}: {LINES[self.number]}"

    @property
    def rule(self) -> str:
        """How its comparisons make its verdict."""
        return RULES[self.number].format(noun=self.noun)
