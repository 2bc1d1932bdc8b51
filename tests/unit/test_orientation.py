"""Images that lie on their side are noticed, and upright ones never called so: of every source, few and noisy ones."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from ocrgen.datasets import Characters, DataError, load_data
from ocrgen.datasets.own import OwnData
from ocrgen.readers.orientation import TRANSPOSED, TURNS, UNKNOWN, UPRIGHT, find_orientation, righted
from tests.helpers.alphabets import alphabet
from tests.helpers.letters import GREEK, LATIN, characters

SMALL = tuple(map(str.lower, LATIN))
SOURCES = ["digits", "mnist", "arabic", "arabic-letters", "capitals", "small letters", "digits and letters"]


@cache
def source(name: str) -> Characters:
    """Characters that nothing shipped has learned from: held-out parts, and letters of fonts other than Pillow's."""
    if name == "capitals":
        return characters(LATIN, 8)
    if name == "small letters":
        return alphabet(26, 1).test
    if name == "digits and letters":
        return characters((*"0123456789", *LATIN, *SMALL), 3)
    try:
        return load_data(name).validation
    except DataError:
        pytest.skip(f"{name} is not at hand")


def laid(data: Characters, looks: str) -> Characters:
    """Upright images made to look so."""
    inverse = {"turned to the right": "turned to the left", "turned to the left": "turned to the right"}
    return replace(data, images=np.ascontiguousarray(TURNS[inverse.get(looks, looks)](data.images)))


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_every_source_is_upright_and_noticed_when_transposed(name):
    data = source(name).subset(100, 0)
    found, turned = find_orientation(data), find_orientation(laid(data, TRANSPOSED))
    assert found.looks == UPRIGHT and found.as_is > found.turned + 0.4
    assert turned.looks == TRANSPOSED and turned.turned == found.as_is and turned.as_is == found.turned
    assert f"recognises {round(100 * turned.as_is)} % as they are" in turned.told and "look transposed" in turned.told


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES[:-1])
def test_thirty_images_are_enough_and_upright_ones_are_never_called_transposed(name):
    looks = [find_orientation(source(name).subset(30, seed)).looks for seed in range(4)]
    assert set(looks) <= {UPRIGHT, UNKNOWN} and looks.count(UPRIGHT) >= 3
    turned = [find_orientation(laid(source(name).subset(30, seed), TRANSPOSED)).looks for seed in range(4)]
    assert set(turned) <= {TRANSPOSED, UNKNOWN} and turned.count(TRANSPOSED) >= 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits", "arabic-letters", "capitals"])
@pytest.mark.parametrize("noise", [30, 90])
def test_noise_makes_nothing_look_transposed(name, noise):
    data = source(name).subset(60, 0)
    noisy = data.images + np.random.default_rng(0).normal(0, noise, data.images.shape)
    assert find_orientation(replace(data, images=np.clip(noisy, 0, 255).astype(np.uint8))).upright


@pytest.mark.parametrize("looks", [looks for looks in TURNS if looks != UPRIGHT])
def test_all_ways_to_lie_are_told_apart_and_mended(looks):
    upright = source("digits")
    lying = OwnData("mine", laid(upright, looks), None, ())
    assert find_orientation(lying.whole).looks == looks
    mended = righted(lying, looks)
    assert np.array_equal(mended.whole.images, upright.images) and len(mended.notes) == 1


def test_what_cannot_be_told_is_not():
    greek = characters(GREEK, 3)
    assert find_orientation(greek).looks == UNKNOWN and "cannot be told" in find_orientation(greek).told
    digits = source("digits")
    assert not find_orientation(digits[:10]).by, "too few"
    wrong = replace(digits, labels=np.roll(digits.labels, 1))
    assert find_orientation(wrong).looks == UNKNOWN, "labels that fit nothing"
    round_ones = digits[np.isin(digits.labels, (0, 8))]
    assert find_orientation(round_ones).upright, "these look much the same every way"


def test_digits_of_another_script_under_their_values():
    arabic = source("arabic").subset(60, 0)
    assert find_orientation(laid(arabic, TRANSPOSED)).by == "an OCR model of Arabic digits"
    theirs = arabic.relabelled(tuple("٠١٢٣٤٥٦٧٨٩"))
    assert find_orientation(laid(theirs, TRANSPOSED)).looks == TRANSPOSED
    assert not find_orientation(replace(arabic, classes=tuple("०१२३४५६७८९"))).by, "no reader of Devanagari is shipped"
