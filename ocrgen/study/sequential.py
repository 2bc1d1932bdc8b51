"""Add seeds until a family is decided, looking at set times only, without more false verdicts than a single look."""

from collections.abc import Mapping

from ocrgen.study.decision import ALPHA, Decision, K, decide
from ocrgen.study.inference import Estimate

LOOKS = (8, 12, 16, 20)  # seeds


def look(
    family: Mapping[K, Estimate],
    matters: float | Mapping[K, float],
    before: Mapping[K, Decision] | None = None,
    accuracies: Mapping[K, tuple[float, float]] | None = None,
    looks: tuple[int, ...] = LOOKS,
    alpha: float = ALPHA,
) -> dict[K, Decision]:
    """One look at the whole family, whose estimates hold exactly looks[k] seeds, or fewer where decided before.

    alpha is divided equally over the looks, as Pocock's constant boundary (1977) divides it but by Bonferroni, which
    needs no assumption on how the looks depend on each other. At each look the whole family is Holm-corrected,
    superiority and equivalence apart. The first true null rejected then has p <= alpha / (looks x true nulls) at some
    look, so that the family-wise error of each is at most alpha. before: the last look's decisions; what was decided
    there is final and is returned as it was.
    """
    before = before or {}
    if set(before) - set(family):
        raise ValueError("the family must stay as it was declared")
    final = {name: d for name, d in before.items() if d.decided}
    seeds = {e.seeds for name, e in family.items() if name not in final}
    if seeds - set(looks):
        raise ValueError(f"looks are at {looks} seeds, not {sorted(seeds)}")
    fresh = decide(family, matters, accuracies, alpha / len(looks))
    return {name: final.get(name, d) for name, d in fresh.items()}
