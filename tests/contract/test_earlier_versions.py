"""Runs that version 0.1 wrote, kept as they were, open in this version: nobody's work is lost by an update."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ocrgen.benchmark import read_benchmark
from ocrgen.benchmark import verdicts as speed_verdicts
from ocrgen.cli.common import work_of
from ocrgen.generators.checkpoint import load_generator
from ocrgen.generators.sampling import draw
from ocrgen.generators.scoring import read_scores
from ocrgen.readers.export import to_onnx
from ocrgen.readers.runs import load
from ocrgen.readers.runs import readers as all_readers
from ocrgen.report.page import report_of
from ocrgen.runs import jobs
from ocrgen.runs.store import RunStore
from ocrgen.study import read_results, verdicts
from ocrgen.study.advice import advise
from ocrgen.study.export import find_export
from ocrgen.study.headline import banner
from ocrgen.utils.errors import UserError

VERSION = Path(__file__).resolve().parents[1] / "fixtures" / "version-0.1"


@pytest.fixture
def kept(tmp_path) -> RunStore:
    """A copy of the runs that version 0.1 left, as a user's own."""
    shutil.copytree(VERSION, tmp_path / "runs")
    return RunStore(tmp_path / "runs", shipped=None)


def test_no_run_is_damaged(kept):
    states = {run.name: run.state for run in kept.list()}
    assert len(states) == 10
    assert {name for name, state in states.items() if state == "cancelled"} == {"cvae-cancelled", "study-cancelled"}
    assert set(states.values()) == {"done", "cancelled"}


@pytest.mark.parametrize("name", ["cvae", "cgan"])
def test_generators_draw(kept, name):
    run = kept.get(f"frozen {name}")
    digits = draw(load_generator(run.weights()), 2, seed=0)
    assert digits.images.shape == (20, 28, 28)
    assert digits.images.std() > 0


def test_scores_are_read(kept):
    rows = read_scores(kept.get("cvae"))
    assert [row["epoch"] for row in rows] == [1, 2]
    assert all(np.isfinite(row["lfid_64"]) for row in rows)


def test_readers_read(kept):
    assert {run.name for run in all_readers(kept)} == {"reader-augmented", "reader-cvae"}
    for run in all_readers(kept):
        reader, about = load(run)
        assert 0 < about["accuracy"] <= 1
        assert not reader.training


@pytest.mark.parametrize("protocol", ["fair", "paper"])
def test_studies_are_judged_anew_and_say_so(kept, protocol):
    """Their figures are what they were; the words are those of the present rules, by the error of the seeds alone."""
    run = kept.get(f"study-{protocol}")
    said = json.loads((run.path / "said.json").read_bytes())
    results = read_results(run)
    assert results.config.rules == 1 and "rules of an earlier version" in banner(results).text
    now = {(v.arm, v.against, v.metric, v.n_real): v.figure for v in verdicts(results) if v.claim in (3, 5)}
    then = {(v["arm"], v["against"], v["metric"], v["n_real"]): v["figure"] for v in said["verdicts"]}
    both = now.keys() & then.keys()
    assert {key: now[key] for key in both} == pytest.approx({key: then[key] for key in both}) and len(both) >= 4
    assert {v.n_test for v in verdicts(results)} == {0}
    assert [a.n for a in advise(results)] == [a["n"] for a in said["advice"]]
    assert "<main>" in report_of(run)


def test_a_study_is_taken_home(kept):
    run = kept.get("study-fair")
    # Kept is one reader of several: that which the present rules advise stands in its place.
    readers = run.path / "readers"
    shutil.copy(readers / "reader-real-n60-s0.safetensors", readers / "reader-real+aug-n60-s0.safetensors")
    taken = find_export(run, read_results(run))
    assert to_onnx(taken.reader)
    digits, about = taken.samples(1)
    assert len(digits) == 10
    assert about["run"] == "study-fair"


def test_a_benchmark_is_read(kept):
    found = read_benchmark(kept.get("benchmark"))
    assert {v.way for v in speed_verdicts(found.rows)} == {"paper", "parameters", "decoder"}


def test_a_cancelled_training_goes_on_where_it_stopped(kept):
    run = kept.get("cvae-cancelled")
    begun = run.status.step

    def work(run, stop):
        def show(step: int, total: int) -> None:
            stop.signalled = step >= begun + 20

        work_of(run)(run, stop, show)

    assert jobs.execute(run, kept, work) == "cancelled"
    assert begun + 20 <= run.status.step < begun + 60


def test_a_cancelled_study_can_be_read_and_is_not_mixed_with_the_present_rules(kept):
    run = kept.get("study-cancelled")
    old = {file: file.read_bytes() for file in (run.path / "cells").glob("*.json")}
    before = read_results(run)
    assert before.done == len(old) < before.total and not before.table.empty
    with pytest.raises(UserError, match="begun by an earlier version.*start a new study"):
        jobs.execute(run, kept, lambda run, stop: work_of(run)(run, stop, lambda step, total: None))
    assert {file: file.read_bytes() for file in (run.path / "cells").glob("*.json")} == old
    assert read_results(run).done == len(old)
