"""How many sub-verdicts make one: rules that were written before there was any number to judge.

A claim made without exception is refuted by one exception; a claim that there is a way holds by one way. Either must
stand with its interval widened for the number of comparisons looked at (Bonferroni), since of many comparisons one goes
wrong by luck. That all parts hold, or that none does, needs no such care: it is harder the more there are.
"""

from collections.abc import Callable, Sequence

from ocrgen.benchmark import classify_speed
from ocrgen.study.verdicts import INK, SANE, classify_below, classify_gain
from ocrgen.utils.statistics import t_quantile

HOLDS, FAILS, OPEN, UNMEASURED = "holds", "does not hold", "undecided", "not measured"
BOUNDS: dict[str, Callable[[float, float], str]] = {  # a sub-verdict's rule by its unit, as in `verdicts`
    "accuracy": classify_gain,
    "area": lambda low, high: classify_gain(low, high, 0.0),
    "correlation": lambda low, high: classify_below(low, high, SANE),
    "share of saliency": lambda low, high: classify_below(-high, -low, INK),
    "times": classify_speed,
}


def corrected(part: dict, comparisons: int) -> str:
    """A sub-verdict with its interval (Student's t) widened for `comparisons` of them; bootstrapped ones stay."""
    if part["unit"] not in BOUNDS or part["low"] is None:
        return part["verdict"]
    wider = t_quantile(part["n"], comparisons) / t_quantile(part["n"])
    low, high = (part["figure"] + wider * (part[k] - part["figure"]) for k in ("low", "high"))
    return BOUNDS[part["unit"]](low, high)


def all_hold(parts: Sequence[dict]) -> str:
    """Of a claim without exception: holds if all parts hold; does not if one strictly does not."""
    if not parts:
        return UNMEASURED
    if all(p["verdict"] == HOLDS for p in parts):
        return HOLDS
    return FAILS if any(corrected(p, len(parts)) == FAILS for p in parts) else OPEN


def any_holds(parts: Sequence[dict]) -> str:
    """Of a claim that there is a way: holds if one part strictly holds; does not if no part holds, surely."""
    if not parts:
        return UNMEASURED
    if any(corrected(p, len(parts)) == HOLDS for p in parts):
        return HOLDS
    return FAILS if all(p["verdict"] == FAILS for p in parts) else OPEN


def combine(found: Sequence[str]) -> str:
    """Of a claim that names several things: holds if all do; does not if one does not; else undecided."""
    if not found or set(found) == {UNMEASURED}:
        return UNMEASURED
    if FAILS in found:
        return FAILS
    return HOLDS if set(found) == {HOLDS} else OPEN
