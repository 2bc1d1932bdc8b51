"""Real small studies, as a shell starts them: what they tell, and what is left after kills, faults and cancels."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from ocrgen.datasets import load_data
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.runs.store import RunStore
from ocrgen.study import read_results, verdicts
from ocrgen.study.config import StudyConfig, describe
from ocrgen.study.plan import plan
from ocrgen.study.statistics import PAIRED
from ocrgen.study.worker import state_of
from ocrgen.utils.errors import UserError
from ocrgen.utils.places import HOME
from tests.helpers.processes import processes_of, wait_for
from tests.helpers.studies import TINY, N, create, execute, files, log_of

ARMS = {"real", "real+aug", "real+aug+noise", "real+aug+cvae-filtered", "aug+cvae-filtered"}
TASKS = len(plan(StudyConfig(**TINY)))
TIMES = ["seconds", "cpu_seconds", "training_seconds"]


def figures(run: Run):
    """All numbers of a study but its times."""
    table = read_results(run).table.query("metric not in @TIMES")
    return table.sort_values(list(table.columns)).reset_index(drop=True)


def fed_by(key: str) -> set[str]:
    """The tasks that need another one, or one that does."""
    found = {key}
    for cell in plan(StudyConfig(**TINY)):
        if found & set(cell.needs):
            found.add(cell.key)
    return found - {key}


def copy(run: Run, store: RunStore) -> Run:
    store.root.mkdir(exist_ok=True)
    return Run(Path(shutil.copytree(run.path, store.root / run.name)))


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> tuple[Run, dict]:
    """A study from a shell: its run, and the object that it printed."""
    root = tmp_path_factory.mktemp("studies")
    command = [sys.executable, *shlex.split(describe(StudyConfig(**TINY)))[1:], "--json"]
    environment = {**os.environ, "OCRGEN_RUNS": str(root)}
    done = subprocess.run(command, cwd=HOME, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    (run,) = RunStore(root, shipped=None).list()
    assert run.request.precision in ("bf16", "fp32"), "all of a study's tasks have one precision, resumed ones too"
    assert run.state == "done" and run.read_status().step == run.read_status().total == TASKS == 10
    return run, json.loads(done.stdout, parse_constant=pytest.fail)


def test_the_object_that_a_study_prints(told):
    run, found = told
    assert found["run"] == run.name
    assert set(found) == {"run", "answer", "table", "summary", "differences", "correlations", "verdicts", "advice"}
    assert set(found["table"][0]) == {
        *("kind", "arm", "n_real", "seed", "epoch", "n_labelled", "n_validation", "metric", "value"),
    }
    readers = [r for r in found["summary"] if r["kind"] == "reader"]
    assert {r["arm"] for r in readers if r["n_real"]} == ARMS
    assert {r["arm"] for r in readers if not r["n_real"]} == {"all+aug"}
    metrics = {"accuracy", "precision_macro", "recall_weighted", "f1_macro", "f1_weighted", "calibration_error"}
    metrics |= {"f1/0", "f1/9", "corrupted", "attacked", "attack/10", "seconds", "cpu_seconds"}
    for arm in ARMS | {"all+aug"}:
        rows = {r["metric"]: r for r in readers if r["arm"] == arm}
        assert metrics <= set(rows), arm
        assert ("gan_test" in rows) == ("cvae" in arm) and ("kept" in rows) == ("filtered" in arm)
        for row in rows.values():  # one seed: a figure, and no bounds to boast of
            assert {"mean", "low", "high", "n"} <= set(row) and row["n"] == 1
            assert row["mean"] is not None and row["low"] is None and row["high"] is None
    pairs = {(d["arm"], d["against"], d["metric"]) for d in found["differences"]}
    bars = ("real", "real+aug", "real+aug+noise")
    assert pairs == {(a, b, m) for a in ARMS for b in bars for m in PAIRED if a != b}
    decided = [v for v in found["verdicts"] if v["claim"] in (3, 5)]
    assert [(v["claim"], v["arm"]) for v in decided if v["verdict"] == "too few to tell"] == [
        (3, "real+aug+cvae-filtered"),
        (5, "real+aug+cvae-filtered"),
    ]
    assert {v["verdict"] for v in decided} == {"too few to tell", "exploratory"}
    (advice,) = found["advice"]
    keys = {"n", "verdict", "gain", "low", "high", "n_test", "seeds", "more_seeds", "words"}
    assert keys <= set(advice) and advice["verdict"] == "too few to tell" and advice["low"] is None


def test_every_arm_says_how_many_labelled_images_it_has_seen(told):
    _, found = told
    for row in found["summary"]:
        if row["kind"] == "reader":
            assert row["n_labelled"] == (N if row["n_real"] else len(load_data("digits").train)), row
            assert row["n_validation"] == 0, "nothing is chosen by further images"


def test_results_without_their_cells_are_the_same(told, store):
    """What is shipped: a table and a few counts."""
    run = copy(told[0], store)
    whole = read_results(run)
    for folder in ("cells", "generators"):
        shutil.rmtree(run.path / folder)
    shipped = read_results(run)
    for name in ("summary", "differences"):
        a, b = (getattr(r, name).to_dict("records") for r in (whole, shipped))
        key = str  # NaN equals nothing but its own name
        assert sorted(map(key, a)) == sorted(map(key, b))
    assert whole.decisions == shipped.decisions or set(whole.decisions) == set(shipped.decisions)
    for name in ("n_test", "config", "confusions", "misread", "failures", "done", "total"):
        assert getattr(whole, name) == getattr(shipped, name), name
    assert str(verdicts(whole)) == str(verdicts(shipped))
    assert np.sum(shipped.confusions[f"real|{N}"]) == 2 * len(load_data("digits").test)  # of two readers
    for name in ("correct.npz", "results.json"):
        file = run.path / name
        content = file.read_bytes()
        for damage in (b"{", b"[]", content[: len(content) // 2], b"", None):
            file.unlink() if damage is None else file.write_bytes(damage)
            with pytest.raises(UserError, match="missing or damaged"):
                read_results(run)
        file.write_bytes(content)


def test_a_killed_study_goes_on_where_it_was(told, store):
    """Killed with its helper at work: what was done stands untouched, and the end is that of one never killed."""
    run = jobs.start(store, "study", StudyConfig(**TINY | {"workers": 2}).model_dump(), "study-digits")
    wait_for(lambda: len(files(run)) >= 2 and len(log_of(run, "begins")) > len(log_of(run, "ended")))
    assert len(processes_of(run)) == 2
    os.kill(run.read_status().pid, signal.SIGKILL)
    wait_for(lambda: run.state == "died" and not processes_of(run))
    before = files(run)
    assert 2 <= len(before) < TASKS
    assert execute(run, store) == "done"
    after = files(run)
    assert {name: after[name] for name in before} == before and len(after) == TASKS
    assert not list(run.path.rglob("*.part"))
    assert figures(run).equals(figures(told[0]))


def test_a_fault_is_told_spares_the_rest_and_is_tried_again(told, store):
    run = copy(told[0], store)
    run.update(state="cancelled")
    maker, damaged = "generator-cvae-n60-s0", "reader-real+aug-n60-s0"
    fed = fed_by(maker)
    for key in fed | {maker}:
        (run.path / "cells" / f"{key}.json").unlink()
    shutil.rmtree(run.path / "generators")
    (run.path / "generators").mkdir()
    (run.path / "generators" / maker).write_text("a file where the generator's folder belongs")
    (run.path / "cells" / f"{damaged}.json").write_text('{"key": "reader-rea')  # as after a full disk
    before = files(run)
    assert damaged not in before and len(read_results(run).failures) == 0

    with pytest.raises(UserError, match=f"{1 + len(fed)} of {TASKS} tasks failed; the first: {maker}: FileExistsError"):
        execute(run, store)
    assert run.state == "failed" and "resuming tries the failed ones again" in run.read_status().error
    faults = {f["key"]: f["error"] for f in read_results(run).failures}
    assert faults.keys() == fed | {maker}
    assert all("it needs " in faults[key] and "which failed" in faults[key] for key in fed)
    assert state_of(run, damaged) == "done"  # done anew
    assert before.items() <= files(run).items()

    (run.path / "generators" / maker).unlink()
    assert execute(run, store) == "done"
    assert figures(run).equals(figures(told[0]))


@pytest.mark.parametrize("content", ["", "{", "null", "[]", "5", "{}", '{"key": "reader-all+aug-n0-s1"}', "\x00\xff"])
def test_a_damaged_cell_counts_as_not_done(store, content):
    run = create(store)
    (run.path / "cells").mkdir()
    (run.path / "cells" / "reader-all+aug-n0-s0.json").write_text(content, "latin-1")
    assert state_of(run, "reader-all+aug-n0-s0") == ""
    assert read_results(run).done == 0


def test_a_cancel_ends_all_processes(store):
    run = create(store, workers=2, full_steps=1_000_000)

    def cancel():
        wait_for(lambda: len(log_of(run, "begins")) == 2)  # this process and its helper, each at a reader
        run.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    assert execute(run, store) == "cancelled"
    canceller.join()
    assert len({pid for pid, _ in log_of(run, "begins")}) == 2 and not files(run)
    assert run.state == "cancelled" and not processes_of(run)
    assert "Fatal" not in (run.path / "log.txt").read_text()
