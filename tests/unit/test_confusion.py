"""The confusion matrix and the scores of classes as charts, at ten classes and at sixty-two."""

import string
from dataclasses import replace

import numpy as np
import pytest

from ocrgen.datasets import classes_of
from ocrgen.datasets.alphabet import DIGITS, shown
from ocrgen.plots import confusion_views
from ocrgen.plots.confusion import NUMBERED, class_chart, class_scores, confusion_chart, labels, row_shares
from ocrgen.study import read_results
from ocrgen.study.formatting import n_label, per_class
from tests.helpers.arabic import LETTERS, N, study_of

ARABIC = classes_of("arabic-letters")
SIXTY_TWO = tuple(string.digits + string.ascii_uppercase + string.ascii_lowercase)


def counts(k: int) -> list[list[int]]:
    """Confusions of k classes; each is also read as the next one, as often as its own index tells."""
    matrix = np.diag(np.full(k, 100))
    matrix[np.arange(k - 1), np.arange(1, k)] = np.arange(1, k)
    return matrix.tolist()


@pytest.mark.parametrize("classes", [DIGITS, classes_of("arabic"), ARABIC, SIXTY_TWO], ids=len)
def test_a_confusion_matrix_has_the_texts_of_its_classes_on_both_axes(classes):
    k = len(classes)
    figure = confusion_chart(counts(k), classes, "Misread")
    cells, points = figure.data
    assert list(cells.x) == list(cells.y) == list(map(shown, classes))
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        assert axis.type == "category" and list(axis.categoryarray) == list(map(shown, classes))
    assert figure.layout.yaxis.range == (k - 0.5, -0.5)  # the first class on top
    true, read, count, *texts = points.customdata[[c[:2] == [3, 4] for c in map(list, points.customdata)].index(True)]
    assert (true, read, count) == (3, 4, 4) and texts == [shown(classes[3]), shown(classes[4])]
    # A number stands in a cell only where it fits into it.
    assert (points.text is not None) == ("text" in points.mode) == (k <= NUMBERED)
    room = figure.layout.height / k
    assert room >= 18 and (k > NUMBERED or room > points.textfont.size if k > 12 else room > 30)


def test_of_many_classes_only_cells_that_count_something_are_drawn():
    points = confusion_chart(counts(62), SIXTY_TWO, "Misread").data[1]
    assert len(points.x) == len(points.customdata) == 61
    assert len(confusion_chart(counts(10), DIGITS, "Misread").data[1].x) == 90


def test_nothing_misread_is_no_fault():
    perfect = np.diag([5] * 28).tolist()
    assert len(confusion_chart(perfect, ARABIC, "Misread").data[1].x) == 0


def test_precision_recall_and_f1_of_each_class():
    scores = class_scores(np.array([[8, 2, 0], [4, 6, 0], [0, 0, 0]]))
    assert scores["read"].tolist() == [10, 10, 0]
    assert scores["precision"].tolist()[:2] == pytest.approx([8 / 12, 6 / 8]) and np.isnan(scores["precision"][2])
    assert scores["recall"].tolist()[:2] == pytest.approx([0.8, 0.6]) and np.isnan(scores["recall"][2])
    for c in (0, 1):
        p, r = scores["precision"][c], scores["recall"][c]
        assert scores["f1"][c] == pytest.approx(2 * p * r / (p + r))


def test_shares_and_changes_say_so_in_their_cells():
    few, many = np.array([[90, 10], [5, 95]]), np.array([[45, 5], [10, 40]])
    shares = confusion_chart(row_shares(few), DIGITS[:2], "", "shares").data[1]
    assert list(shares.text) == ["10.0", "5.0"]  # of each true class, not of all
    change = confusion_chart(100 * (row_shares(many) - row_shares(few)), DIGITS[:2], "", "change")
    assert list(change.data[1].text) == ["", "+15.0"]
    assert change.data[0].zmin == -change.data[0].zmax  # no change has the middle colour


def test_a_mix_that_misread_nothing_is_a_sentence_not_a_chart(arabic_store):
    results = read_results(study_of(arabic_store))
    k = len(LETTERS)
    perfect = replace(results, confusions={f"real|{N}": np.diag([3] * k).tolist()})
    section = confusion_views.confusion(perfect)
    assert section is not None and not section.views and "Nothing was misread by: real." in section.caption
    change = confusion_views.confusion_change(results, f"real|{N}", f"real+aug|{N}")
    assert "real + augmentation minus real" in change.alt


def test_labels_are_plain_different_and_not_too_long():
    assert labels(("<b>", "a & b")) == ["&lt;b&gt;", "a &amp; b"]
    long = labels(("a check mark that goes on", "a cross"))
    assert long == ["a check mark …", "a cross"]
    alike = ("the same beginning 1", "the same beginning 2")
    assert labels(alike) == list(alike)
    assert labels(("٣", "ب")) == [shown("٣"), shown("ب")]


def test_the_views_of_a_study_of_letters(arabic_store):
    results = read_results(study_of(arabic_store))
    matrices, classes = confusion_views.confusion(results), confusion_views.by_class(results)
    assert matrices.title.endswith(f"n = {N} images, 4 per letter") and matrices.columns == 2
    assert all(shown(LETTERS[0]) in view.figure.layout.xaxis.categoryarray for view in matrices.views)
    assert classes.title.startswith("How well each letter is read") and "F1 of each letter" in classes.views[0].title
    drawn = classes.views[0].figure.data
    assert [t.name for t in drawn] == ["real", "real + augmentation", "real + augmentation + CVAE, filtered"]
    for trace in drawn:
        for text, value in zip(trace.x, trace.y, strict=True):
            row = results.of("real", N, f"f1/{list(map(shown, LETTERS)).index(text)}")
            assert trace.name != "real" or value == pytest.approx(row["mean"])


def test_scores_of_sixty_two_classes_keep_their_order(arabic_store):
    results = read_results(study_of(arabic_store))
    rows = results.readers.loc[results.readers.metric.str.startswith("f1/")]
    figure = class_chart(rows, SIXTY_TWO, "F1")
    assert list(figure.layout.xaxis.categoryarray) == list(SIXTY_TWO)


@pytest.mark.parametrize(
    ("n", "classes", "words"),
    [
        (280, ARABIC, "280 images, 10 per letter"),
        (500, ARABIC, "500 images, about 18 per letter"),
        (5000, DIGITS, "5,000 images, 500 per digit"),
        (np.int64(248), SIXTY_TWO, "248 images, 4 per character"),
        (140_000, ARABIC, "140,000 images, 5,000 per letter"),
    ],
)
def test_n_is_told_in_all_and_per_class(n, classes, words):
    assert n_label(n, classes) == words
    assert words.endswith(per_class(n, classes))
