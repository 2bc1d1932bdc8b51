"""How several comparisons make one verdict: rules that were written before there was any number to judge.

A claim made without exception is refuted by one exception; a claim that there is a way holds by one way. Either must
stand with its interval widened for the number of comparisons (Bonferroni), since of many comparisons one goes wrong by
chance. That all parts hold, or that none does, needs no such correction: it is harder the more there are.
"""

from collections.abc import Callable, Sequence

from ocrgen.benchmark import classify_speed
from ocrgen.study.saliency_verdicts import RULES_BY_UNIT as SALIENCY_RULES
from ocrgen.study.verdicts import Verdict
from ocrgen.utils.statistics import t_quantile
from ocrgen.utils.verdict import DEPENDS, FAILS, HOLDS, OPEN, UNMEASURED, VerdictWord

RULES_BY_UNIT: dict[str, Callable[[float, float], VerdictWord]] = {  # as a benchmark and a study use them
    "times": classify_speed,
    **SALIENCY_RULES,
}


def corrected(part: Verdict, comparisons: int) -> VerdictWord:
    """A comparison's verdict with its interval (Student's t) widened for so many of them; of other rules as it is."""
    if part.unit not in RULES_BY_UNIT or part.low is None or part.high is None:
        return part.judged
    wider = t_quantile(part.n, comparisons) / t_quantile(part.n)
    low, high = (part.figure + wider * (bound - part.figure) for bound in (part.low, part.high))
    return RULES_BY_UNIT[part.unit](low, high)


def all_hold(parts: Sequence[Verdict]) -> VerdictWord:
    """Of a claim without exception: holds if all parts hold; does not if one, corrected, does not."""
    if not parts:
        return UNMEASURED
    if all(p.verdict == HOLDS for p in parts):
        return HOLDS
    return FAILS if any(corrected(p, len(parts)) == FAILS for p in parts) else OPEN


def by_way(parts: Sequence[Verdict]) -> VerdictWord:
    """Of a claim that leaves open how to compare: as `all_hold`, but it depends if one part holds and one does not."""
    words = {corrected(p, len(parts)) for p in parts}
    if {HOLDS, FAILS} <= words:
        return DEPENDS
    return OPEN if all_hold(parts) == FAILS and words != {FAILS} else all_hold(parts)


def some_way(parts: Sequence[Verdict]) -> VerdictWord:
    """Of a claim that there is a way: holds if one is better by what may matter; does not if each surely is not.

    The comparisons are of one declared family, and their words are corrected for its size already.
    """
    words = {p.judged for p in parts} - {UNMEASURED}
    if not words:
        return UNMEASURED
    return HOLDS if HOLDS in words else OPEN if OPEN in words else FAILS


def combine(words: Sequence[VerdictWord]) -> VerdictWord:
    """Of a claim that names several things: holds if all do, does not if one does not; else open or not measured."""
    if FAILS in words:
        return FAILS
    if not words or UNMEASURED in words:
        return UNMEASURED
    return HOLDS if set(words) == {HOLDS} else OPEN
