"""A reader graded on other data: classes by text, intervals that hold the test set's error, notes on what it is not."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from ocrgen.__main__ import main
from ocrgen.datasets import DataError, load_data
from ocrgen.datasets.alphabet import ARABIC_DIGITS
from ocrgen.readers.checkpoint import save_reader
from ocrgen.readers.evaluation import grade
from ocrgen.readers.grading import evaluate
from ocrgen.readers.runs import FILE, load
from ocrgen.runs.store import RunStore
from ocrgen.utils.errors import UserError
from ocrgen.utils.statistics import clustered_share_interval, share_interval, t_interval
from tests.helpers.letters import LATIN, characters, in_folders, unpacked
from tests.helpers.readers import train

pytestmark = pytest.mark.slow

KNOWN = LATIN[:6]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A user's set of six letters, and where it is."""
    return unpacked(tmp_path_factory.mktemp("own") / "letters", in_folders(KNOWN, 20, 48))


@pytest.fixture(scope="module")
def graded_store(tmp_path_factory, own) -> RunStore:
    """A reader of digits and one of letters."""
    store = RunStore(tmp_path_factory.mktemp("graded"), shipped=None)
    train(store, label="digits")
    train(store, label="letters", dataset=str(own))
    return store


def save(path, these, **changes):
    arrays = {"images": these.images, "labels": these.labels, "classes": np.array(these.classes)} | changes
    np.savez(path, **arrays)
    return str(path)


def test_a_named_set_is_its_test_part_and_agrees_with_the_readers_report(graded_store):
    graded = evaluate(graded_store, "digits", "digits")
    run = graded_store.get("digits")
    assert (graded.split, graded.n, graded.writers, graded.notes) == ("test", 360, None, [])
    assert graded.accuracy == run.request.accuracy and graded.reader == run.name
    assert (graded.low, graded.high) == share_interval(round(graded.accuracy * 360), 360)
    report = grade(load(run)[0], load_data("digits").test)
    assert graded.precision_macro == pytest.approx(report.precision_macro)
    assert graded.f1_macro == pytest.approx(report.f1_macro)
    assert (
        graded.confusion == report.confusion
        and [row.n for row in graded.per_class] == np.sum(report.confusion, 1).tolist()
    )
    most = graded.confusions[0]
    off = np.array(report.confusion) * (1 - np.eye(10, dtype=int))
    assert most.n == off.max() == off[int(most.written), int(most.read)]


def test_ones_own_set_is_read_whole_unless_the_reader_was_trained_on_it(graded_store, own, tmp_path):
    graded = evaluate(graded_store, "letters", str(own))
    assert (graded.split, graded.n) == ("test", 18)
    assert graded.notes == [
        "The OCR model was trained on this set: it is graded on the test part, which it has not seen."
    ]
    other = evaluate(graded_store, "letters", save(tmp_path / "other.npz", characters(KNOWN, 8, first=100)))
    assert (other.split, other.n, other.notes) == ("all", 48, [])
    assert other.accuracy > 0.6
    assert evaluate(graded_store, "letters", str(tmp_path / "other.npz"), "validation").n == 6


def test_images_that_the_reader_has_learned_from_are_told(graded_store, own, tmp_path):
    graded = evaluate(graded_store, "letters", str(own), "all")
    assert graded.n == 120 and graded.notes[0].startswith(
        "96 of these 120 images (80%) are among those that the OCR model"
    )
    # The same images under another name and in another order are known by what they show.
    known = load_data(str(own)).train
    shuffled = known[np.random.default_rng(0).permutation(len(known))]
    assert (
        "96 of these 96 images (100%)" in evaluate(graded_store, "letters", save(tmp_path / "x.npz", shuffled)).notes[0]
    )


def test_of_a_studys_reader_only_its_own_labelled_images_count_as_seen(graded_store, own, tmp_path):
    reader, _ = load(graded_store.get("letters"))
    file = tmp_path / "reader.safetensors"
    save_reader(reader, {"arm": "real", "dataset": str(own), "seed": 3, "n": 30}, file)
    graded = evaluate(graded_store, str(file), str(own), "train")
    assert any(note.startswith(f"30 of these {graded.n} images") for note in graded.notes)


def test_classes_match_by_text_in_any_order_and_some_are_enough(graded_store, tmp_path):
    these = characters(KNOWN, 8, first=200)
    straight = evaluate(graded_store, "letters", save(tmp_path / "a.npz", these))
    turned = these.relabelled(KNOWN[::-1])
    assert evaluate(graded_store, "letters", save(tmp_path / "b.npz", turned)).accuracy == straight.accuracy
    some = characters(KNOWN[2:5], 8, first=200)
    part = evaluate(graded_store, "letters", save(tmp_path / "c.npz", some))
    assert [row.character for row in part.per_class] == list(KNOWN[2:5])
    assert part.recall_macro == pytest.approx(part.accuracy), "classes that are not shown count in no average"
    assert "The images show 3 of the 6 classes that the OCR model knows." in part.notes


def test_digits_match_by_value_whatever_their_script(graded_store, tmp_path):
    test = load_data("digits").test
    arabic = save(tmp_path / "arabic.npz", replace(test, classes=ARABIC_DIGITS))
    graded = evaluate(graded_store, "digits", arabic)
    assert graded.accuracy == evaluate(graded_store, "digits", "digits").accuracy
    assert "another script" in graded.notes[0] and "matched by value" in graded.notes[0]


def test_other_classes_are_named(graded_store, tmp_path):
    path = save(tmp_path / "more.npz", characters((*KNOWN, "Z", "ب"), 3))
    with pytest.raises(DataError, match=r"reads 6 letters, and .*more\.npz has 8 letters: .*Z, .*ب.* are not among"):
        evaluate(graded_store, "letters", path)
    with pytest.raises(DataError, match="Choose an OCR model that was trained on the same classes"):
        evaluate(graded_store, "letters", "digits")


def test_a_file_of_a_reader_is_graded_as_its_run(graded_store, tmp_path):
    run = graded_store.get("digits")
    file = tmp_path / "mine.safetensors"
    shutil.copy(run.path / "weights" / FILE, file)
    assert evaluate(graded_store, str(file), "digits").accuracy == run.request.accuracy
    with pytest.raises(UserError, match="no such file"):
        evaluate(graded_store, str(tmp_path / "none.safetensors"), "digits")


def test_a_few_images_are_enough_to_grade_on(graded_store, tmp_path):
    few = characters(KNOWN[:2], 1, first=300)
    assert evaluate(graded_store, "letters", save(tmp_path / "few.npz", few)).n == 2
    with pytest.raises(DataError, match=r"few\.npz: no images of letter A are left for"):
        evaluate(graded_store, "letters", str(tmp_path / "few.npz"), "test")


def test_what_is_no_reader_is_told(graded_store):
    run = graded_store.create("study", {"dataset": "digits"}, "study")
    try:
        with pytest.raises(UserError, match="is no OCR model: name an OCR model's run, or a .safetensors file"):
            evaluate(graded_store, run.name, "digits")
    finally:
        graded_store.delete(run)


def test_the_interval_is_clustered_where_writers_are_known(graded_store, tmp_path):
    test = load_data("digits").test
    writers = test.labels  # as if each digit were by a writer of its own
    path = save(tmp_path / "w.npz", test, writer=writers)
    graded = evaluate(graded_store, "digits", path)
    right = np.arange(360) < 0  # as many hits in each writer's rows as the reader had
    for row, label in zip(graded.per_class, range(10), strict=True):
        right[np.flatnonzero(test.labels == label)[: round(row.recall * row.n)]] = True
    assert (graded.writers, graded.n, graded.split) == (10, 360, "all")
    assert (graded.low, graded.high) == pytest.approx(clustered_share_interval(right, writers))
    unknown = evaluate(graded_store, "digits", save(tmp_path / "unknown.npz", test))
    assert (unknown.low, unknown.high) == share_interval(round(graded.accuracy * 360), 360) != (graded.low, graded.high)
    one = evaluate(graded_store, "digits", save(tmp_path / "one.npz", test, writer=writers * 0))
    assert (one.low, one.high) == (unknown.low, unknown.high) and "All images are by one writer" in one.notes[0]


def test_evaluate_from_a_shell(graded_store, own, monkeypatch, capsys):
    monkeypatch.setenv("OCRGEN_RUNS", str(graded_store.root))
    assert main(["evaluate", "letters", str(own), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {
        "reader",
        "dataset",
        "split",
        "n",
        "writers",
        "accuracy",
        "low",
        "high",
        "per_class",
        "notes",
    } <= told.keys()
    assert told["n"] == 18 and told["per_class"][0].keys() == {"character", "n", "precision", "recall", "f1"}
    assert main(["evaluate", "letters", str(own)]) == 0
    shown = capsys.readouterr().out
    assert f"accuracy {told['accuracy']:.2%}, 95 % interval" in shown and "\nF  " in shown
    for args, message in (
        (["nobody", "digits"], "no run 'nobody'"),
        (["letters", "nothing"], "no data set"),
        (["letters", "digits"], "not among the 6 classes"),
    ):
        assert main(["evaluate", *args]) == 2
        assert message in capsys.readouterr().err


def test_of_clusters_of_one_size_the_interval_is_students_of_their_means():
    rng = np.random.default_rng(0)
    hits = rng.random((12, 40)) < rng.uniform(0.6, 0.9, (12, 1))
    expected = t_interval(hits.mean(1))
    found = clustered_share_interval(hits.ravel(), np.repeat(np.arange(12), 40))
    assert found == pytest.approx((expected["low"], expected["high"]))
    order = rng.permutation(hits.size)
    assert clustered_share_interval(hits.ravel()[order], np.repeat(np.arange(12) * 7, 40)[order]) == pytest.approx(
        found
    )


def test_without_variance_between_clusters_it_is_wilsons():
    assert clustered_share_interval(np.ones(50, bool), np.arange(50) % 5) == share_interval(50, 50)
    assert clustered_share_interval(np.zeros(50, bool), np.arange(50) % 5) == share_interval(0, 50)
    assert clustered_share_interval(np.arange(50) % 3 == 0, np.zeros(50)) == share_interval(17, 50)
    assert clustered_share_interval(np.r_[np.ones(9), 0], np.arange(10))[1] == 1


def test_it_covers_the_truth_where_wilsons_does_not():
    """Writers of different hands, 40 images each: the true accuracy is the mean over all writers, 0.8."""
    rng = np.random.default_rng(1)
    covered = {"clustered": 0, "wilson": 0}
    trials = 400
    for _ in range(trials):
        skill = rng.beta(8, 2, 12)
        hits = rng.random((12, 40)) < skill[:, None]
        low, high = clustered_share_interval(hits.ravel(), np.repeat(np.arange(12), 40))
        covered["clustered"] += low <= 0.8 <= high
        low, high = share_interval(int(hits.sum()), hits.size)
        covered["wilson"] += low <= 0.8 <= high
    assert 0.90 < covered["clustered"] / trials < 0.98
    assert covered["wilson"] / trials < 0.75
