"""The colours of generators: legible on both grounds, no two alike, the same for a run on every page."""

from itertools import combinations
from math import dist

import pytest

from ocrgen.generators import generators
from ocrgen.plots.style import FAMILIES, OTHERS, REAL, hue, shades
from ocrgen.ui.overview.showcase import TITLES

GROUNDS = "#FFFFFF", "#0F1319"  # of the light and the dark theme


def linear(code: str) -> list[float]:
    values = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, 1 to 21."""
    weights = 0.2126, 0.7152, 0.0722
    low, high = sorted(sum(w * v for w, v in zip(weights, linear(code), strict=True)) for code in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("family", [*FAMILIES.values(), OTHERS, [REAL]])
def test_every_shade_is_legible_on_light_and_dark(family):
    assert min(contrast(shade, ground) for shade in family for ground in GROUNDS) > 2.8


def test_no_two_shades_are_one():
    shades = [REAL, *OTHERS, *(shade for family in FAMILIES.values() for shade in family)]
    for one, other in combinations(shades, 2):
        assert max(abs(a - b) for a, b in zip(linear(one), linear(other), strict=True)) > 0.03, (one, other)


def oklab(code: str) -> list[float]:
    """Ottosson's OKLab, in which equal distances look about equally large."""
    r, g, b = linear(code)
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    middle = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return [
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    ]


@pytest.mark.parametrize("family", FAMILIES.values())
def test_six_runs_of_one_generator_are_told_apart(family):
    assert len(family) == 6
    assert min(dist(oklab(one), oklab(other)) for one, other in combinations(family, 2)) > 0.1


def test_the_newest_run_of_each_generator_has_its_hue(store):
    runs = [store.create("train", {"dataset": "digits", "model": model}, model) for model in ("cvae", "cgan", "cvae")]
    old, other, new = runs
    assert shades(runs) == {new: hue("cvae"), old: FAMILIES["cvae"][1], other: hue("cgan")} == shades(runs[::-1])
    assert len({hue(model) for model in [*generators(), "quill"]} | {REAL}) == len(generators()) + 2


def test_the_overview_calls_generators_as_the_other_pages_do():
    assert {name: kind.title for name, kind in generators().items()} == TITLES
