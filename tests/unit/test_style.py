"""The colours of generators: legible on both grounds, no two alike, the same for a run on every page."""

from itertools import combinations

import pytest

from ocrgen.generators import generators
from ocrgen.plots.style import FAMILIES, OTHERS, REAL, colour, hue
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


def test_the_first_runs_have_the_hues_of_their_models():
    for number, model in enumerate(FAMILIES, 1):
        assert colour(model, number) == hue(model) == colour(model, number + 5) != colour(model, number + 1)
    assert len({hue(model) for model in [*generators(), "quill"]} | {REAL}) == len(generators()) + 2


def test_the_overview_calls_generators_as_the_other_pages_do():
    assert {name: kind.title for name, kind in generators().items()} == TITLES
