"""Bars of classes: upright for a few, below each other for many, and a word where a class has no value."""

import string

import pytest

from ocrgen.datasets import classes_of
from ocrgen.datasets.alphabet import ARABIC_DIGITS, DIGITS
from ocrgen.plots.style import class_bars

LETTERS = classes_of("arabic-letters")
MANY = tuple(string.digits + string.ascii_letters)


@pytest.mark.parametrize(
    ("classes", "lying", "first"),
    [
        (DIGITS, False, "0"),
        (ARABIC_DIGITS, False, "\u2068٠\u2069 (0)"),
        (LETTERS, True, "\u2068أ\u2069"),
        (MANY, True, "0"),
        (("check mark", "cross"), True, "check mark"),
    ],
)
def test_each_class_has_its_bar_and_its_text(classes, lying, first):
    values = [float(i) for i in range(len(classes))]
    figure = class_bars("LFID-64", classes, {"#1": (values, "#000"), "#2": (values[::-1], "#111")})
    bar, other = figure.data
    texts, heights = (bar.y, bar.x) if lying else (bar.x, bar.y)
    assert texts[0] == first and len(set(texts)) == len(classes)
    assert list(heights) == values and list(other.x if lying else other.y) == values[::-1]
    # Digits of a data set are texts: a number axis would put gaps between them.
    assert (figure.layout.yaxis if lying else figure.layout.xaxis).type == "category"
    assert figure.layout.height >= (15 * len(classes) if lying else 300)


@pytest.mark.parametrize("classes", [DIGITS, LETTERS])
def test_a_class_without_a_value_has_a_word_and_no_bar(classes):
    values = [1.0, None, *[2.0] * (len(classes) - 2)]
    bar, word = class_bars("LFID-64", classes, {"#1": (values, "#000")}).data
    assert None in (bar.x if len(classes) > 12 else bar.y)
    assert word.mode == "text" and len(word.text) == 1 and word.text[0].replace("<br>", " ") == "too few"
