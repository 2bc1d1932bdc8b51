"""Advice from a study, and what it hands out: the reader as ONNX reads the same, the digits are a data set again."""

import json
import shutil
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest

from ocrgen.__main__ import main
from ocrgen.datasets import load_data
from ocrgen.readers.checkpoint import load_reader
from ocrgen.readers.evaluation import probabilities
from ocrgen.readers.export import to_onnx
from ocrgen.readers.runs import FILE
from ocrgen.report.page import report
from ocrgen.runs.run import Run
from ocrgen.runs.store import SHIPPED, RunStore
from ocrgen.study import read_results
from ocrgen.study.advice import advise
from ocrgen.study.arms import BAR
from ocrgen.study.config import StudyConfig
from ocrgen.study.correctness import Correctness
from ocrgen.study.export import find_export
from ocrgen.study.results import COLUMNS, build
from ocrgen.utils.errors import UserError
from tests.helpers.tables import read

TEST = load_data("digits").test


MIX = "real+aug+cgan-filtered"


@pytest.mark.parametrize(
    ("gains", "verdict", "best", "words"),
    [
        ({"cgan": 0.05}, "better", MIX, "Train on real + augmentation + CGAN, filtered: +5."),
        ({"cgan": -0.05, "cvae": -0.05}, "worse", BAR, "Every synthetic way is worse"),
        ({"noise": 0.0, "images": 20_000}, "no difference that matters", BAR, "gains the"),
        ({}, "undecided", BAR, "What would decide: about"),
        ({"seeds": 2}, "too few to tell", BAR, "stands best"),
        (
            {"accuracy": 0.5, "noise": 0.0, "images": 60_000, "cgan": 0.01},
            "better by less than matters",
            BAR,
            "by less",
        ),
    ],
)
def test_what_to_train_on(gains, verdict, best, words):
    results = read(**gains)
    (advice,) = advise(results)
    decision = results.decisions[advice.way.name, 100]
    assert advice.verdict == verdict and advice.best.name == best
    told = advice.to_json()
    assert (told["gain"], told["n_test"]) == (decision.estimate.mean, gains.get("images", 2000))
    assert told["seeds"] == gains.get("seeds", 8) and told["verdict"] == verdict and told["words"] == advice.words
    assert (told["more_seeds"] is not None) == (verdict == "undecided")
    assert words in advice.words and "surely" not in advice.words and "test images" in advice.words
    assert ("rain on real + augmentation" in advice.words) and json.loads(json.dumps(told)) == told
    row = results.difference(advice.way.name, BAR, 100)
    assert (row["low"], row["high"]) == (decision.low, decision.high), "one interval on page, report and command line"


def test_of_two_better_ways_that_with_the_larger_lower_bound_is_advised():
    """Not that with the larger gain, which varies more from seed to seed."""
    found = read(noise=0.0, cvae=0.04)
    wild = ("real+aug+cgan-filtered", 100, "accuracy")
    rng = np.random.default_rng(2)
    level = (0.99, 0.99, 0.99, 0.99, 0.97, 0.88, 0.99, 0.96)
    found.correct.counts[wild] = (rng.random((8, 2000)) < np.array(level)[:, None]).astype(np.uint16)
    again = build(found.config, found.table, found.correct, confusions={}, failures=[], done=1, total=1, n_test=2000)
    sure, other = (again.decisions[f"real+aug+{g}-filtered", 100] for g in ("cvae", "cgan"))
    assert sure.word == other.word == "better" and other.estimate.mean > sure.estimate.mean and other.low < sure.low
    assert advise(again)[0].way.generator == "cvae"


def test_the_cost_is_told_of_a_way_that_is_advised():
    found = read(cgan=0.05)
    seconds = [["reader", BAR, 30.0], ["reader", MIX, 36.0], ["generator", "cgan", 100.0]]
    rows = [[kind, arm, 100, s, 0, 100, 0, "cpu_seconds", v] for kind, arm, v in seconds for s in range(8)]
    table = pd.concat([found.table, pd.DataFrame(rows, columns=COLUMNS)])
    again = build(found.config, table, found.correct, confusions={}, failures=[], done=1, total=1, n_test=2000)
    (advice,) = advise(again)
    assert advice.seconds == pytest.approx(100 + 6 / 3) and "1 min 42 s of processor time" in advice.words
    assert "for less than 1 s of processor time" in replace(advice, seconds=-0.3).words  # which is measured, too


def test_unequal_comparisons_and_empty_ones_give_no_advice(studied):
    paper = next(r for r in studied.list("study") if r.request.settings["protocol"] == "paper")
    assert advise(read_results(paper)) == []
    empty = build(StudyConfig(), read().table[:0], Correctness(), confusions={}, failures=[], done=0, total=1)
    assert advise(empty) == []


@pytest.fixture(scope="module")
def fair(studied):
    return next(r for r in studied.list("study") if r.request.settings["protocol"] == "fair")


def as_onnx(content: bytes):
    """A function of images that runs the model elsewhere."""
    session = onnxruntime.InferenceSession(content)
    return lambda images: session.run(["probabilities"], {"images": images[:, None]})[0]


@pytest.mark.slow
@pytest.mark.parametrize("name", [r.name for r in RunStore(SHIPPED, None).list("reader")])
def test_a_reader_reads_the_same_elsewhere(name):
    file = SHIPPED / name / "weights" / FILE
    content = to_onnx(file)
    reader, about = load_reader(file)
    read = as_onnx(content)
    for images in (TEST.images[:1], TEST.images[:77]):
        assert np.abs(read(images) - probabilities(reader, images)).max() < 1e-5
    kept = {p.key: p.value for p in onnx.load_from_string(content).metadata_props}
    assert json.loads(kept["ocrgen"]) == about | {"classes": list(reader.classes)}


def test_the_verb_exports_the_best_reader_and_the_digits(fair, studied, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("OCRGEN_RUNS", str(studied.root))
    taken = find_export(fair, read_results(fair))
    assert main(["export", fair.name, "--out", str(tmp_path / "r.onnx")]) == 0
    assert main(["export", fair.name, "--out", str(tmp_path / "r.safetensors")]) == 0
    reader, about = load_reader(tmp_path / "r.safetensors")
    assert about["arm"] == taken.advice.best.name and about["n"] == 60
    read = as_onnx((tmp_path / "r.onnx").read_bytes())
    assert np.abs(read(TEST.images) - probabilities(reader, TEST.images)).max() < 1e-5
    assert main(["export", fair.name, "--out", str(tmp_path / "d.npz"), "--per-class", "30"]) == 0
    with np.load(tmp_path / "d.npz") as kept:
        told = json.loads(str(kept["provenance"]))
    assert told["run"] == fair.name and told["command"].startswith(f"python -m ocrgen export {fair.name} --n 60")
    again = load_data(str(tmp_path / "d.npz"))
    assert sum(map(len, (again.train, again.validation, again.test))) == 300
    capsys.readouterr()


@pytest.mark.parametrize(
    ("run", "out", "message"),
    [
        ("reader-real-mnist", "a.txt", "must end in"),
        ("reader-real-mnist", "a.zip", "is an OCR model"),
        ("reader-real-mnist", "no/such/a.onnx", "no folder"),
        ("cvae-mnist", "a.onnx", "neither OCR model nor study"),
        ("study-paper-mnist", "a.onnx", "gives no advice"),
        ("nobody", "a.onnx", "no run"),
    ],
)
def test_export_says_what_is_wrong(run, out, message, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    assert main(["export", run, "--out", str(tmp_path / out)]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_study_without_its_networks_says_so(fair, tmp_path):

    kept = shutil.ignore_patterns("readers", "generators")
    run = Run(shutil.copytree(fair.path, tmp_path / fair.name, ignore=kept))
    with pytest.raises(UserError, match="keeps no networks"):
        find_export(run, read_results(run))
    with pytest.raises(UserError, match="not 70"):
        find_export(fair, read_results(fair), 70)


def test_a_damaged_reader_is_not_exported(tmp_path):
    file = tmp_path / "run" / FILE
    file.parent.mkdir()
    content = (SHIPPED / "reader-real-mnist" / "weights" / FILE).read_bytes()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match="damaged"):
        to_onnx(file)


@pytest.mark.slow
def test_a_report_ends_its_answer_with_the_advice(fair, studied):
    results = read_results(fair)
    (advice,) = advise(results)
    told = report(fair, results)
    assert "What to do" in told and f">{advice.headline}</b>" in told.replace("&#x27;", "'")
    paper = next(r for r in studied.list("study") if r.request.settings["protocol"] == "paper")
    assert "What to do" not in report(paper, read_results(paper))
