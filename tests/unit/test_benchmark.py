"""Benchmarks: what they count and compute is exact, whatever the time on the clock; no test asserts a speed."""

import json
import sys

import numpy as np
import pytest

from ocrgen.__main__ import main
from ocrgen.benchmark import KEYS, BenchmarkResults, read_benchmark, runner
from ocrgen.benchmark.baselines.pairs import pairs
from ocrgen.benchmark.benches import quality, reader, train
from ocrgen.benchmark.benches.claim import trainings
from ocrgen.benchmark.lab import Lab
from ocrgen.benchmark.plan import BenchmarkConfig
from ocrgen.benchmark.results import FILE, make_row, write_benchmark
from ocrgen.generators import generators, models
from ocrgen.generators.models.cvae import CVAE
from ocrgen.runs.jobs import Cancelled
from ocrgen.runs.store import RunStore
from ocrgen.utils.errors import UserError
from ocrgen.utils.statistics import share_interval
from tests.helpers.runs import NoStop


def make(store: RunStore, **settings):
    values = {"what": "distance", "quick": True, "dataset": "digits", "repeats": 2} | settings
    return store.create("benchmark", BenchmarkConfig(**values).model_dump(), "benchmark")


def lab(store: RunStore, data=None, **settings) -> Lab:
    run = make(store, **settings)
    at_work = Lab(run, BenchmarkConfig.model_validate(run.request.settings))
    at_work.bench = settings.get("what", "distance")
    if data:
        at_work.data = data
    return at_work


@pytest.mark.slow
def test_the_verb_prints_a_list_of_whole_rows(capsys):
    assert main(["benchmark", "distance", "--quick", "--json", "--dataset", "digits", "--repeats", "2"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert all(tuple(row) == KEYS or set(row) == set(KEYS) for row in rows)
    assert {row["size"] for row in rows} == {64, 192} and {row["bench"] for row in rows} == {"distance"}
    assert all(row["value"] > 0 and row["cpu_value"] > 0 and row["against_value"] > 0 for row in rows)
    assert all(row["low"] <= row["ratio"] <= row["high"] and row["n"] == 2 and row["threads"] == 1 for row in rows)
    against = {row["against"] for row in rows}
    assert any("scipy" in a for a in against) and any("torchmetrics" in a for a in against)
    # All ways come to one value.
    assert all(float(row["note"].split("differ by ")[1].split(";")[0]) < 1e-6 for row in rows)
    (run,) = RunStore(shipped=None).list()
    assert run.state == "done" and run.request.verb == "benchmark" and run.status.step == run.status.total
    assert read_benchmark(run).done == ["distance"]
    machine = read_benchmark(run).machine
    assert machine["cpu"] and machine["cores"] >= 1 and machine["threads"] == 1 and machine["method"]
    assert main(["benchmark", "distance", "--repeats", "101"]) == 2
    assert "repeats" in capsys.readouterr().err


def test_the_table_stands_in_columns(capsys):
    from ocrgen.cli.benchmark import _print

    store = RunStore(shipped=None)
    rows = [
        make_row(bench="train", subject="CVAE fast", against="plain", ratio=2.0, low=1.5, high=2.5, value=12345.6),
        make_row(bench="claim", subject="CVAE, paper, training", unit="images per second", value=3.0, ratio=12.0,
                 low=11.0, high=13.0),
        make_row(bench="scaling", subject="distance", unit="exponent", value=2.5, low=2.4, high=2.6, size=None),
    ]  # fmt: skip
    run = make(store, quick=False)
    write_benchmark(run, BenchmarkResults(machine=runner.machine(1), rows=rows, done=[]))
    _print(run, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("bench "))
    column = lines[head].index("against")
    assert lines[head + 1][column:] == "plain" and "12,346" in lines[head + 1]
    assert lines[-1].endswith('"Ten times faster" holds.')


@pytest.mark.slow
def test_a_stopped_benchmark_keeps_what_is_done_and_does_the_rest_again(store):
    run = make(store)
    kept = make_row(bench="train", subject="kept", value=1.0)
    half = make_row(bench="distance", subject="half", value=1.0)
    write_benchmark(run, BenchmarkResults(machine=runner.machine(1), rows=[kept, half], done=["train"]))
    with pytest.raises(Cancelled):
        runner.run_benchmark(run, NoStop(6), lambda step, total: None)
    assert read_benchmark(run).done == ["train"] and read_benchmark(run).rows[0] == kept
    shown = []
    runner.run_benchmark(run, NoStop(), lambda step, total: shown.append((step, total)))
    found = read_benchmark(run)
    assert found.rows[0] == kept and found.done == ["train", "distance"]
    assert len(found.rows) > 4 and "half" not in {row["subject"] for row in found.rows}
    assert shown[-1] == (2, 2) and not (run.path / "trainings").exists()
    # A further time there is nothing left to do.
    before = (run.path / FILE).read_bytes()
    runner.run_benchmark(run, NoStop(), lambda step, total: None)
    assert (run.path / FILE).read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"machine": {}, "rows": []}',
        b'{"machine": {}, "rows": [{"bench": "train"}], "done": []}',
        b'{"machine": {}, "rows": 7, "done": []}',
        b"\xff",
    ],
)
def test_damaged_results_are_a_problem(store, content):
    run = make(store)
    with pytest.raises(UserError, match="no results yet"):
        read_benchmark(run)
    (run.path / FILE).write_bytes(content)
    with pytest.raises(UserError, match=r"benchmark\.json is damaged"):
        read_benchmark(run)
    with pytest.raises(UserError, match=r"benchmark\.json is damaged"):
        runner.run_benchmark(run, NoStop(), lambda step, total: None)


def test_results_of_two_machines_are_not_mixed(store):
    run = make(store)
    row = make_row(bench="train", subject="a", value=1.0)
    there = runner.machine(1) | {"cpu": "an abacus"}
    write_benchmark(run, BenchmarkResults(machine=there, rows=[row], done=["train"]))
    with pytest.raises(UserError, match="another machine"):
        runner.run_benchmark(run, NoStop(), lambda step, total: None)


def test_without_mnist_the_bundled_digits_are_used_and_told(store, monkeypatch, tmp_path):
    monkeypatch.setenv("OCRGEN_DATA", str(tmp_path))
    at_work = lab(store, dataset="mnist")
    assert at_work.data.train.name == "digits"
    assert "mnist is not at hand" in at_work.row(subject="a", value=1.0)["note"]
    with pytest.raises(UserError, match="no data set"):
        _ = lab(store, dataset="/no/such/folder").data


def test_a_dropped_in_generator_is_measured(store, small, monkeypatch, tmp_path):
    (tmp_path / "third.py").write_text(
        "from ocrgen.generators.models.cvae import CVAE\n\n\n"
        "class Third(CVAE):\n"
        '    """A third generator."""\n\n'
        '    name, title = "third", "Third"\n'
        '    presets = {"tiny": CVAE.Config(batch=8, latent=4, width=16, depth=1, decoder="mlp", decoder_width=16)}\n'
    )
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(tmp_path)])
    generators.cache_clear()
    try:
        at_work = lab(store, small, what="train", repeats=1)
        part = next(p for p in train.parts(at_work) if "Third tiny" in p.args)
        (row,) = part()
        assert row["subject"] == "Third tiny" and row["size"] == 8 and row["ratio"] > 0 and row["n"] == 1
        assert row["low"] is None and row["unit"] == "images per second"
    finally:
        generators.cache_clear()
        sys.modules.pop("ocrgen.generators.models.third", None)


@pytest.mark.slow
def test_trainings_are_repeated_from_seeds_of_their_own(store, small):
    at_work = lab(store, small, what="claim", repeats=2)
    rows = list(trainings(at_work, "parameters", pairs()["parameters"]))
    points = [(row["subject"], row["size"]) for row in rows if row["unit"] == "seconds"]
    assert points == [(f"{title}, parameters", i) for i in (1, 2) for title in ("CVAE", "CGAN")]
    mean = rows[-1]
    assert mean["subject"] == "CVAE, parameters, training" and mean["n"] == 2
    times = {t: [r["cpu_value"] for r in rows if r["subject"] == f"{t}, parameters"] for t in ("CVAE", "CGAN")}
    each = np.divide(times["CGAN"], times["CVAE"])
    assert mean["ratio"] == pytest.approx(each.mean())
    # Student's t with one degree of freedom.
    assert mean["high"] - mean["ratio"] == pytest.approx(12.7062 * each.std(ddof=1) / np.sqrt(2), rel=1e-4)


@pytest.mark.slow
def test_readers_are_timed_for_the_epochs_that_validation_asks_for(store, small, monkeypatch):
    monkeypatch.setattr(reader, "TARGETS", {"digits": 0.5})
    (row,) = reader.to_target(lab(store, small, what="reader", quick=False))
    assert row["n"] == 2 and row["unit"] == "seconds" and row["ratio"] > 0 and row["size"] == len(small.train)
    for recipe in reader.RECIPES:
        epochs = float(row["note"].split(f"{recipe.name}: ")[1].split(" epochs")[0])
        taught, _ = recipe.train(lab(store, small), small, epochs, 0)
        # As many as are needed by the seed that they were found with, and, of separate trainings, no more.
        assert reader.accuracy(taught, small.validation) >= 0.5
        if not recipe.grow and epochs > 1:
            fewer, _ = recipe.train(lab(store, small), small, epochs - recipe.step, 0)
            assert reader.accuracy(fewer, small.validation) < 0.5


@pytest.mark.slow
def test_quality_is_read_off_at_each_budget(store, small, monkeypatch):
    monkeypatch.setattr(quality, "BUDGETS", {"cvae": (0.05, 0.2)})
    monkeypatch.setattr(quality, "PER_CLASS", 20)
    monkeypatch.setattr(quality, "STEPS", 8)
    at_work = lab(store, small, what="quality")
    part = next(p for p in quality.parts(at_work) if CVAE in p.args)
    rows = list(part())
    assert [row["size"] for row in rows] == [0.05, 0.2] and all(row["unit"] == "accuracy" for row in rows)
    assert all(0 <= row["low"] <= row["value"] <= row["high"] <= 1 for row in rows)
    assert all(f"{len(small.test)} test images" in row["note"] for row in rows)
    steps = [int(row["note"].split(" CPU seconds, ")[1].split(" steps")[0].replace(",", "")) for row in rows]
    assert steps[0] < steps[1]
    (trained,) = (at_work.run.path / "trainings").iterdir()
    assert not (trained / "resume.pt").exists() and len(list(trained.glob("weights/*"))) <= 1


def test_the_interval_of_a_share():
    assert share_interval(50, 100) == pytest.approx((0.40383, 0.59617), abs=1e-5)
    assert share_interval(10, 10)[1] == pytest.approx(1.0)
