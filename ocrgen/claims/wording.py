"""How verdicts are worded: their marks and meanings, and the rule of each comparison."""

from collections import Counter
from collections.abc import Iterable

from ocrgen.study.verdicts import GAIN, INK, RANK, SANE, Verdict
from ocrgen.utils.verdict import DEPENDS, FAILS, HOLDS, OPEN, UNMEASURED, VerdictWord

MARKS: dict[VerdictWord, str] = {HOLDS: "✓", FAILS: "✗", DEPENDS: "≷", OPEN: "?", UNMEASURED: "–"}
MEANINGS: dict[VerdictWord, str] = {
    HOLDS: "the whole interval lies on the claim's side",
    FAILS: "the data speak against the claim, by the rule written beside it",
    DEPENDS: "it surely holds in one way of comparing, and surely not in another",
    OPEN: "it spans both: more repetitions may tell",
    UNMEASURED: "nothing here speaks on it yet",
}
_GAIN = (
    f"A gain does not hold where the whole 95% interval of the difference lies below {100 * GAIN:.1f} points, which "
    "helps nobody. Else it holds where the interval lies above zero, and is undecided where it does not. Training "
    "mixes are paired by seed."
)
COMPARISON_RULES = {
    2: "A distance stands in for FID where its rank correlation with accuracy (Spearman) is surely negative and surely "
    f"at most {RANK} worse than FID's own. It does not where the correlation is surely positive, or surely more than "
    f"{RANK} worse. n counts trainings: the epochs of one belong together.",
    3: _GAIN,
    4: "Maps order pixels better than chance where hiding what they mark lowers the reader's certainty sooner (the "
    f"interval lies above zero). They are not those of random weights where they correlate surely below {SANE}. A "
    f"reader looks at ink no less where it surely loses under {100 * INK:.0f}% of its saliency to the paper.",
    5: _GAIN,
}


def counted(verdicts: Iterable[Verdict]) -> str:
    """How many comparisons came out how: 3 × holds, 1 × undecided."""
    counts = Counter(v.verdict for v in verdicts)
    return ", ".join(f"{counts[word]} × {word}" for word in MARKS if counts[word])
