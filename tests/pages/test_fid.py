"""The page FID and LFID: scores, what is missing of them, and alarms."""

import json
import shutil

import pytest

from ocrgen.generators.scoring import ScoreConfig, score_epochs
from ocrgen.runs.store import RunStore
from ocrgen.ui.shared.widgets import run_title
from tests.helpers.pages import open_page, texts
from tests.helpers.runs import ended


@pytest.fixture(scope="module")
def scored(trained, tmp_path_factory):
    """A copy of the trained runs, the first of them scored by the real verb."""
    root = tmp_path_factory.mktemp("scored") / "runs"
    shutil.copytree(trained.root, root)
    store = RunStore(root, shipped=None)
    config = ScoreConfig(run=store.list()[0].name, epochs=[1, 3], n=300)
    score_epochs(store.list()[0], config, lambda: False, lambda step, total: None)
    return store


def test_fid_page_shows_scores_and_offers_the_missing_ones(scored, monkeypatch):
    monkeypatch.setenv("OCRGEN_RUNS", str(scored.root))
    run, other = scored.list()
    app = open_page("5_FID_and_LFID.py", run=run.name)
    assert "has scores for 2 of 3 epochs" in texts(app)
    assert "300 generated images against 1,317 real ones" in texts(app)
    assert len(app.get("plotly_chart")) == 4 and len(app.get("image")) == 1
    assert app.select_slider(key="fid_epoch").value == 3
    app.select_slider(key="fid_epoch").set_value(1).run()
    assert not app.exception and "epoch 1" in texts(app)
    for view, charts in {"What FID misses": 5, "One epoch": 2, "Cost": 0, "Agreement with OCR": 0}.items():
        app.segmented_control(key="fid_view").set_value(view).run()
        assert not app.exception and len(app.get("plotly_chart")) == charts, view
    app.segmented_control(key="fid_view").set_value("One epoch").run()
    table = app.dataframe[0].value
    assert list(table.Run) == ["#1 CVAE", "Real against real"]
    digits = (
        table[["LFID-64", "FID-2048"]].stack().map(lambda text: len(text.replace(",", "").replace(".", "").lstrip("0")))
    )
    assert (digits >= 3).all()

    app = open_page("5_FID_and_LFID.py", run=other.name)
    assert "has no scores yet" in texts(app) and not app.get("plotly_chart")
    assert "about" in app.button(key=f"fid_score_{other.name}").label
    assert app.button(key=f"fid_score_all_{other.name}").label.startswith("Score all 3 epochs")
    app.button(key=f"fid_score_{other.name}").click().run()
    (job,) = scored.list("score")
    assert job.request.scored_run == other.name and job.request.settings["epochs"][-1:] == [3]
    assert run_title(job) == "Scoring #2 CGAN · Digits"
    job.cancel()
    assert ended(job) == "cancelled"


def test_fid_shows_what_is_scored_and_offers_the_newest_training(scored, monkeypatch):
    monkeypatch.setenv("OCRGEN_RUNS", str(scored.root))
    run, newest = scored.list("train")
    app = open_page("5_FID_and_LFID.py")
    assert app.multiselect(key="fid_runs").value == [run.name] and len(app.get("plotly_chart")) == 4
    assert app.button(key=f"fid_score_{newest.name}")
    assert not app.get("code")
    app.selectbox(key="fid_extractor").set_value("inception").run()
    assert any("weights" in i.value for i in app.info) and "--extractor inception" in app.code[0].value


def test_the_network_whose_weights_are_missing_is_known_by_its_file():
    from ocrgen.metrics.extractors import INCEPTION_FILE, inception

    assert inception.URL.endswith(f"/{INCEPTION_FILE}")


def test_fid_page_raises_an_alarm_for_a_collapse(scored, monkeypatch):
    monkeypatch.setenv("OCRGEN_RUNS", str(scored.root))
    run = scored.list()[0]
    file = run.path / "scores" / "digitnet" / "epoch-003.json"
    before = file.read_text()
    file.write_text(json.dumps(json.loads(before) | {"collapsed": True}))
    app = open_page("5_FID_and_LFID.py", run=run.name)
    assert any("Possible mode collapse" in e.value for e in app.error)
    file.write_text("{ half")
    assert not open_page("5_FID_and_LFID.py", run=run.name).exception
    file.write_text(before)


def test_fid_compares_one_run_of_each_generator_where_none_is_asked_for(use_trained):
    app = open_page("5_FID_and_LFID.py")
    models = [use_trained.get(name).request.model for name in app.multiselect(key="fid_runs").value]
    assert models == ["cvae", "cgan"]
