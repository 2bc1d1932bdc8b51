"""Format the figures of a study alike on pages, in reports and on the command line."""

import math
from collections.abc import Mapping, Sequence

from ocrgen.datasets.alphabet import noun
from ocrgen.study.arms import Arm
from ocrgen.utils import numbers

ONE_SEED = "one seed: no interval"


def n_label(n: int, classes: Sequence[str], what: str = "images") -> str:
    """A number of images of which each class has its share: "280 images, 10 per letter"."""
    return f"{n:,} {what}, {per_class(n, classes)}"


def per_class(n: int, classes: Sequence[str]) -> str:
    """What n images are per class: "10 per letter", or "about 18 per letter" where they cannot be equally many."""
    about = "" if n % len(classes) == 0 else "about "
    return f"{about}{round(n / len(classes)):,} per {noun(classes)}"


def size_words(arm: str, n_real: int) -> str:
    """How many labelled images a training mix has: "500"; of n_real 0 "all", or "none" where it needs none."""
    return f"{n_real:,}" if n_real else "none" if Arm.parse(arm).alone else "all"


def seen_words(arm: str, n_labelled: int) -> str:
    """How many labelled images a training mix has seen, its generator's included, in words."""
    return "no labelled image" if not n_labelled and Arm.parse(arm).alone else f"{n_labelled:,} labelled images"


def points(share: float) -> str:
    """A difference of accuracies in percentage points, signed, never minus zero: 0.0123 gives +1.23."""
    return numbers.signed(100 * share, 2)


def accuracy(row: Mapping) -> str:
    """Mean and 95 % interval of an accuracy: 97.95% [97.67, 98.22]. row: mean, low, high (NaN for a single seed)."""
    if math.isnan(row["low"]):
        return f"{row['mean']:.2%} [{ONE_SEED}]"
    return f"{row['mean']:.2%} [{100 * row['low']:.2f}, {100 * row['high']:.2f}]"


def signed(value: float, unit: str) -> str:
    """A verdict's figure in its unit: +1.23 points for "accuracy", 2.4 times for "times", else signed: +0.123."""
    if unit == "accuracy":
        return f"{points(value)} points"
    return f"{value:.3g} times" if unit == "times" else numbers.signed(value, 3)


def bounds(low: float | None, high: float | None, unit: str = "accuracy", none: str = "no interval") -> str:
    """A 95 % interval in brackets, in its figure's unit; `none` in brackets where a bound is missing (None or NaN)."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return f"[{none}]"
    return "[" + ", ".join(signed(value, unit).split()[0] for value in (low, high)) + "]"
