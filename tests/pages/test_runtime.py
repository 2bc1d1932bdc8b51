"""The page Runtime over a benchmark that was really run, one that is damaged, and none."""

import json
import shutil

import pytest

from ocrgen.benchmark import read_benchmark
from ocrgen.benchmark.plan import BenchmarkConfig
from ocrgen.benchmark.runner import run_benchmark
from ocrgen.plots.benchmark import BARS, compared, ratios
from ocrgen.runs import jobs
from ocrgen.runs.run import Run
from ocrgen.runs.store import SHIPPED, RunStore
from tests.helpers.pages import open_page


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> RunStore:
    """A store with one benchmark of the claim, as quick as it gets."""
    store = RunStore(tmp_path_factory.mktemp("measured"), shipped=None)
    config = BenchmarkConfig(what="claim", quick=True, repeats=2, dataset="digits")
    run = store.create("benchmark", config.model_dump(), "benchmark-claim")
    assert jobs.execute(run, store, lambda run, stop: run_benchmark(run, stop, lambda step, total: None)) == "done"
    return store


PAGE = "6_Runtime.py"


def test_the_claim_is_judged_three_ways(measured, monkeypatch):
    monkeypatch.setenv("OCRGEN_RUNS", str(measured.root))
    at = open_page(PAGE)
    cards = [h.body for h in at.html if "×" in h.body]
    assert len(cards) == 6 and all("n = 2" in c and "multiply-adds" in c for c in cards)
    assert all("quick: no verdict" in c and "does not hold" not in c for c in cards)
    view = next(b for b in at.button_group if b.key == "runtime_view")
    assert list(view.options) == ["Ten trainings", "Arithmetic"]
    for name in view.options:
        view.set_value(name).run()
        assert not at.exception
    assert len(at.dataframe[-1].value) > 10


@pytest.mark.parametrize("repeats", [1, 2])
def test_the_limit_is_shown_as_a_share(store, repeats):
    config = BenchmarkConfig(what="limit", quick=True, repeats=repeats, dataset="digits")
    run = store.create("benchmark", config.model_dump(), "benchmark-limit")
    assert jobs.execute(run, store, lambda run, stop: run_benchmark(run, stop, lambda step, total: None)) == "done"
    at = open_page(PAGE)
    table = at.dataframe[0].value
    assert list(table.training) == ["CVAE fast, batch 128", "CGAN fast, batch 64", "Flow matching fast, batch 64"]
    # A training does not reach more than one large matrix product, but for noise.
    assert table["of the matrix product"].between(1, 110).all()
    assert (table.bounds == "one round").all() == (repeats == 1)


def test_a_link_opens_the_view_and_what_is_compared(measured, monkeypatch):
    monkeypatch.setenv("OCRGEN_RUNS", str(measured.root))
    at = open_page(PAGE, view="arithmetic")
    assert next(b for b in at.button_group if b.key == "runtime_view").value == "Arithmetic"
    at = open_page(PAGE, view="ten-trainings", compared="decoder")
    assert next(b for b in at.button_group if b.key == "runtime_way").value == "decoder"


def test_what_was_measured_on_a_busy_machine_says_so(measured, tmp_path, monkeypatch):
    shutil.copytree(measured.root, tmp_path / "busy")
    monkeypatch.setenv("OCRGEN_RUNS", str(tmp_path / "busy"))
    (file,) = (tmp_path / "busy").glob("*/benchmark.json")
    found = json.loads(file.read_text())
    for load, told in ((0.0, False), (14.2, True)):
        file.write_text(json.dumps(found | {"machine": found["machine"] | {"load": load, "usable": 4}}))
        assert any("load 14 on 4 processors) when" in w.value for w in open_page(PAGE).warning) == told


def test_nothing_measured_yet_says_what_to_do(store):
    at = open_page(PAGE)
    assert any(b.label == "Measure now, on the bundled digits" for b in at.button)


def test_a_damaged_benchmark_is_named_and_a_link_to_nothing_too(measured, tmp_path, monkeypatch):
    monkeypatch.setenv("OCRGEN_RUNS", str(tmp_path / "runs"))
    store = RunStore(tmp_path / "runs", shipped=None)
    run = store.create("benchmark", BenchmarkConfig().model_dump(), "benchmark-all")
    (run.path / "benchmark.json").write_text(json.dumps({"machine": 1}))
    at = open_page(PAGE, run="../../etc/passwd")
    assert any("damaged" in e.value for e in at.error)
    assert any("not here" in w.value for w in at.warning)


def test_each_comparison_that_is_shipped_has_a_point_and_a_name_of_its_own():
    rows = read_benchmark(Run(SHIPPED / "benchmark-all")).rows
    for bench in BARS:
        found = compared(rows, bench)
        points = ratios(found, "").data[0]
        assert len(set(points.y)) == len(points.x) == len(found) > 0, bench
    sizes = {r["size"] for r in rows if r["bench"] == "sample"}
    assert len(compared(rows, "sample")) == len({r["subject"] for r in rows if r["bench"] == "sample"}) * len(sizes)
