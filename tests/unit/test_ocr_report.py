"""What a reader reads, graded as the field's definitions say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import precision_recall_fscore_support

from ocrgen.readers.evaluation import calibration_error, report
from ocrgen.utils.errors import UserError

SHARES = arrays(np.float64, (20, 10), elements=st.floats(0.001, 1))


def answers(read, confidence=0.9):
    """Class probabilities whose largest is `confidence`, at the digit that is to be read."""
    out = np.full((len(read), 10), (1 - confidence) / 9, np.float32)
    out[np.arange(len(read)), read] = confidence
    return out


def test_a_report_worked_by_hand():
    truth, read = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 1, 1])
    graded = report(answers(read), truth)
    assert graded.n == 6 and graded.accuracy == pytest.approx(4 / 6)
    # Digit 0: all of two answers right, two of three found. 1: two of four, both. 2: never answered.
    precision, recall, f1 = [1, 1 / 2, 0], [2 / 3, 1, 0], [4 / 5, 2 / 3, 0]
    assert [d["precision"] for d in graded.per_class[:3]] == pytest.approx(precision)
    assert [d["recall"] for d in graded.per_class[:3]] == pytest.approx(recall)
    assert [d["f1"] for d in graded.per_class[:3]] == pytest.approx(f1)
    assert [d["n"] for d in graded.per_class] == [3, 2, 1, 0, 0, 0, 0, 0, 0, 0]
    assert graded.precision_macro == pytest.approx(np.mean(precision))
    assert graded.recall_macro == pytest.approx(np.mean(recall))
    assert graded.f1_macro == pytest.approx(np.mean(f1))
    assert graded.f1_weighted == pytest.approx(np.average(f1, weights=[3, 2, 1]))
    assert graded.precision_weighted == pytest.approx(np.average(precision, weights=[3, 2, 1]))
    assert graded.recall_weighted == pytest.approx(graded.accuracy)
    assert graded.misread == [2, 5] and graded.read == [1, 1]
    assert np.array(graded.confusion)[:3, :3].tolist() == [[2, 1, 0], [0, 2, 0], [0, 1, 0]]
    assert np.sum(graded.confusion) == 6
    assert set(graded.figures()) == {
        *(f"{figure}_{average}" for figure in ("precision", "recall", "f1") for average in ("macro", "weighted")),
        *("accuracy", "calibration_error"),
    }


def test_a_report_agrees_with_scikit_learn_on_all_digits():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 10, 500)
    read = np.where(rng.random(500) < 0.7, truth, rng.integers(0, 10, 500))
    graded = report(answers(read), truth)
    for average in ("macro", "weighted"):
        theirs = precision_recall_fscore_support(truth, read, average=average)[:3]
        ours = [getattr(graded, f"{figure}_{average}") for figure in ("precision", "recall", "f1")]
        assert ours == pytest.approx(theirs)


def test_a_digit_that_nobody_wrote_or_read_counts_in_no_average():
    truth = np.repeat(np.arange(9), 3)
    graded = report(answers(truth), truth)
    assert graded.f1_macro == graded.precision_macro == 1
    assert graded.per_class[9] == {"precision": 0, "recall": 0, "f1": 0, "n": 0}
    # Once it is read it counts: an answer that is never right.
    graded = report(answers(np.r_[truth[:-1], 9]), truth)
    assert graded.f1_macro < 0.95


def test_nothing_to_grade_is_a_problem():
    with pytest.raises(UserError, match="no images"):
        report(np.empty((0, 10), np.float32), np.empty(0, np.int64))


def test_calibration_in_closed_form():
    truth = np.arange(100) % 10
    off = (truth + 1) % 10
    half = np.where(np.arange(100) < 50, truth, off)
    assert calibration_error(answers(truth, 1.0), truth) == 0
    assert calibration_error(answers(half, 1.0), truth) == pytest.approx(0.5)
    assert calibration_error(answers(half, 0.5), truth) == pytest.approx(0, abs=1e-6)
    assert calibration_error(answers(off, 0.75), truth) == pytest.approx(0.75)
    # Two bins, sure and right, half sure and never right: gaps weigh by their images.
    both = np.concatenate([answers(truth[:75], 1.0), answers(off[75:], 0.5)])
    assert calibration_error(both, truth) == pytest.approx(0.25 * 0.5)


@given(SHARES, st.lists(st.integers(0, 9), min_size=20, max_size=20))
def test_calibration_lies_between_0_and_1_and_above_the_gap_of_the_means(weights, labels):
    shares, labels = weights / weights.sum(1, keepdims=True), np.array(labels)
    error = calibration_error(shares, labels)
    gap = abs(shares.max(1).mean() - (shares.argmax(1) == labels).mean())
    assert gap - 1e-9 <= error <= 1
