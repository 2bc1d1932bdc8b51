"""What is shown of the claim on LFID beside its verdict: what its choices lose, how it ranks, what it costs."""

import math
from collections.abc import Sequence

import pandas as pd

from ocrgen.claims.claim import Figure
from ocrgen.claims.selection import Benchmark
from ocrgen.study.arms import Arm
from ocrgen.study.choices import EPOCH, FID, GENERATOR, Choice, choose_epochs, choose_generators, title
from ocrgen.study.results import Results
from ocrgen.utils.numbers import signed


def chosen(table: pd.DataFrame, distance: str) -> list[Choice]:
    """The choices of epoch and generator of a distance, and FID's beside them."""
    return [c for c in (*choose_epochs(table), *choose_generators(table)) if c.distance in (distance, FID)]


def lost(choices: Sequence[Choice]) -> tuple[Figure, ...]:
    """What each choice loses, in points."""
    rows = []
    for c in choices:
        mean, low, high = (100 * c.regret[k] for k in ("mean", "low", "high"))
        bounds = (None, None) if math.isnan(high) else (low, high)
        rows.append(Figure(f"{title(c.distance)}, {c.what}", mean, *bounds, form=".2f"))
    return tuple(rows)


def gist(choices: Sequence[Choice], distance: str) -> str:
    """What the choices of one distance were worth, in a line, without figures' intervals."""
    of = {c.what: c for c in choices if c.distance == distance}
    told = []
    if (c := of.get(EPOCH)) and c.none:
        told.append("No training here gets worse, so that there is nothing to stop for")
    elif c:
        told.append(f"To stop a training: {c.word}")
    if c := of.get(GENERATOR):
        told.append(f"It picks the better generator in {c.right} of {c.judged} seed{'s' * (c.judged != 1)}")
    return f"{'. '.join(told)}." * bool(told)


def told(choices: Sequence[Choice], results: Results, speed: Benchmark | None) -> str:
    """Each choice in words, rank correlations and cost."""
    by_words: dict[tuple[str, str], list[str]] = {}
    for c in choices:
        by_words.setdefault((c.what, c.words), []).append(title(c.distance))
    in_words = [f"{what.capitalize()}, by {' and '.join(names)}: {words}." for (what, words), names in by_words.items()]
    return " ".join(filter(None, (*in_words, ranks(results, choices[0].distance), cost(speed))))


def ranks(results: Results, distance: str) -> str:
    """How a distance ranks the epochs of a training, how their bare number does, and what it tells at a fixed epoch."""
    rows = {(r["distance"], r["scope"]): r for r in results.correlations}
    scopes = {r["scope"]: Arm.parse(r["scope"]).title for r in results.correlations}

    def listed(judge: str, value: str) -> str:
        return ", ".join(f"{signed(rows[judge, scope][value], 2)} ({name})" for scope, name in scopes.items())

    if not rows:
        return ""
    return (
        f"Rank correlation with accuracy within a training: {title(distance)} {listed(distance, 'spearman')}; the bare "
        f"number of the epoch {listed('epoch', 'spearman')}. At a fixed epoch: {title(distance)} "
        f"{listed(distance, 'residual')}."
    )


def cost(speed: Benchmark | None) -> str:
    """What LFID-64 and FID-2048 take to compute; "" if it has not been measured."""
    took = {row["size"]: row for row in reversed(speed.distances if speed else ())}  # of several of a size the first
    if not {64, 2048} <= set(took):
        return ""
    small, large = (f"{took[size]['value']:.3g} {took[size]['unit']}" for size in (64, 2048))
    return f"With the features' statistics at hand, LFID-64 takes {small} to compute and FID-2048 {large}."
