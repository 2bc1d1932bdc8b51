"""How verdicts are worded: their marks and meanings, and the rule of each comparison."""

from collections import Counter
from collections.abc import Iterable

from ocrgen.study.choices import MATTERS, TIE
from ocrgen.study.saliency_verdicts import HALF_WAY, SANE
from ocrgen.study.verdicts import EXPLORATORY, AnyWord, Verdict
from ocrgen.utils.verdict import DEPENDS, FAILS, HOLDS, OPEN, UNMEASURED, VerdictWord

MEANINGS: dict[VerdictWord, str] = {
    HOLDS: "the data speak for the claim, by the rule written beside it",
    FAILS: "the data speak against the claim, by the rule written beside it",
    DEPENDS: "it surely holds in one way of comparing, and surely not in another",
    OPEN: "the data do not decide: more seeds or more test images may",
    UNMEASURED: "nothing here speaks on it yet",
}
MARKS: dict[AnyWord, str] = {
    **{HOLDS: "✓", FAILS: "✗", DEPENDS: "≷", OPEN: "?", UNMEASURED: "–"},
    **{"better": "▲", "worse": "▼", "no difference that matters": "=", "too few to tell": "…", EXPLORATORY: "·"},
}
BOTH_ERRORS = "Intervals hold the errors of seeds and test images"
_FAMILY = (
    "Better or worse: the difference is there, corrected for all that were declared (Holm, 5%). No difference that "
    "matters: it surely lies within what matters, either way (two one-sided tests). Too few to tell: under 3 seeds or "
    f"200 test images, or both above 99.5%. {BOTH_ERRORS}, and are as wide as the "
    "number of comparisons asks for (Bonferroni), so that a word may be surer than its interval. Exploratory: not "
    "declared beforehand, which earns no word."
)
COMPARISON_RULES = {
    2: "Figures are points of accuracy that a choice loses against the best. Epochs are judged in trainings that get "
    f"worse, whose last epoch is {100 * MATTERS:.1f} points or more below the best, by two neighbouring epochs too: a "
    "distance must surely lose less than the last epoch, and less than that. In other trainings there is nothing to "
    "find, and nothing is decided. Generators are chosen at the last epoch, seed by seed: a distance must surely be "
    f"right in more than half of them (exact; 6 of 6 is the least). OCR models within {100 * TIE:.1f} points are a "
    "tie, which counts neither way. n counts seeds, whose generators are averaged first. Digitnet's features, trained "
    "with all labels of both digit scripts, stand in for Inception's.",
    3: _FAMILY,
    4: "Networks with random weights know nothing, and the blurred image nothing of the OCR model: maps that mislead "
    "the OCR model no sooner than both (deletion: area above them, above zero) do not tell where it looks. Nor do maps "
    f"that correlate by {SANE} or more with those of random weights. Share on ink: 0 is where maps of random weights "
    f"lie, 1 where the blurred image itself does; an OCR model looks at strokes above {HALF_WAY}. The share against "
    "the OCR model of real images alone is exploratory.",
    5: _FAMILY,
}


def rule_of(claim: int, whole_errors: bool) -> str:
    """How a claim's comparisons are judged. whole_errors: as in `Results`."""
    rule = COMPARISON_RULES[claim]
    return rule if whole_errors else rule.replace(BOTH_ERRORS, "Intervals hold the error of the seeds alone")


def counted(verdicts: Iterable[Verdict]) -> str:
    """How many comparisons came out how: 3 × holds, 1 × undecided."""
    counts = Counter(v.verdict for v in verdicts)
    return ", ".join(f"{counts[word]} × {word}" for word in MARKS if counts[word])
