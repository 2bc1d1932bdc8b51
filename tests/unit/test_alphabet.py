"""Class texts: what they are called, how they are shown, and how those of two sets match."""

import pytest

from ocrgen.datasets import Characters, DataError, alphabet
from ocrgen.datasets.alphabet import (
    ARABIC_DIGITS,
    DIGITS,
    AlphabetError,
    article,
    check_classes,
    digit_value,
    index_in,
    is_rtl,
    noun,
    shown,
    stored_classes,
    summary,
)
from tests.helpers.letters import GREEK, LATIN, characters


@pytest.mark.parametrize(
    ("classes", "name", "words"),
    [
        (DIGITS, "digit", "digits 0 to 9"),
        (ARABIC_DIGITS, "digit", "digits \u2068٠\u2069 (0) to \u2068٩\u2069 (9)"),
        (tuple("37"), "digit", "2 digits"),
        (LATIN, "letter", "26 letters"),
        (("q\u0303", "ب"), "letter", "2 letters"),
        ((*DIGITS, "A"), "character", "11 characters"),
        (("check mark", "A"), "character", "2 characters"),
        (("10", "11"), "character", "2 characters"),
    ],
)
def test_what_classes_are_called(classes, name, words):
    assert noun(classes) == name and summary(classes) == words


@pytest.mark.parametrize(
    ("text", "seen"),
    [("7", "7"), ("٣", "\u2068٣\u2069 (3)"), ("ب", "\u2068ب\u2069"), ("A", "A"), ("check mark", "check mark")],
)
def test_how_a_text_is_shown(text, seen):
    assert shown(text) == seen


def test_what_is_a_digit_and_what_runs_from_the_right():
    assert [digit_value(text) for text in ("7", "٣", "३", "²", "12", "A", "")] == [7, 3, 3, None, None, None, None]
    assert [is_rtl(text) for text in ("ب", "א", "A", "٣", "7", "")] == [True, True, False, False, False, False]
    assert [article(text) for text in ("8", "7", "A", "B", "x", "b", "omega", "check mark", "11", "ب")] == [
        *("an", "a", "an", "a", "an", "a", "an", "a", "an", "a")
    ]


def test_one_letter_may_differ_in_case_and_words_may_not():
    assert check_classes(("A", "a", "q\u0303", "Q\u0303")) == ("A", "a", "q\u0303", "Q\u0303")
    with pytest.raises(AlphabetError, match="'Stop' and 'STOP', differ in capitals only"):
        check_classes(("Stop", "STOP"))
    with pytest.raises(AlphabetError, match="'a b' and 'a  b', differ in spaces or Unicode form only"):
        check_classes(("a b", "a  b"))


def test_stored_classes_are_those_of_the_metadata_or_of_the_data():
    assert stored_classes({}) == DIGITS and stored_classes({}, LATIN) == LATIN
    assert stored_classes({"classes": list("AB")}, LATIN) == ("A", "B")
    for damaged in ("AB", [1, 2], {"A": 1}, ["A"], 7):
        with pytest.raises(AlphabetError):
            stored_classes({"classes": damaged})


def test_texts_match_in_any_order_and_digits_by_value():
    assert index_in("CAB", "ABC") == [2, 0, 1]
    assert index_in(ARABIC_DIGITS, DIGITS[::-1]) == list(range(10))[::-1]
    with pytest.raises(AlphabetError, match=r"^D, E are not among the 3 classes A, B, C$"):
        index_in("ADE", "ABC")
    with pytest.raises(AlphabetError, match=r"and others are not among the 24 classes .*…$"):
        index_in(LATIN, GREEK)


def test_relabelled_images_keep_what_they_show():
    some = characters(("A", "B", "C"), 2)
    turned = some.relabelled(("C", "Z", "B", "A"))
    assert [turned.classes[c] for c in turned.labels] == [some.classes[c] for c in some.labels]
    assert turned.counts.tolist() == [2, 0, 2, 2]
    assert some[some.labels < 2].relabelled(("B", "A")).n_classes == 2, "a class without images need not be there"
    with pytest.raises(DataError, match="drawn: C is not among the 2 classes"):
        some.relabelled(("A", "B"))


@pytest.mark.parametrize("k", [0, 1, 101])
def test_too_few_and_too_many_classes_are_refused(k):
    some = characters(("A", "B"), 1)
    with pytest.raises(DataError, match=f"x: {k} class.*expected {alphabet.MIN_CLASSES} to {alphabet.MAX_CLASSES}"):
        Characters(some.images, some.labels, tuple(f"w{i}" for i in range(k)), "x")
