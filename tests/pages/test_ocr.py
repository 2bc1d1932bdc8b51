"""The page OCR, drawn and used as Streamlit runs it, over studies that were really done."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from ocrgen.runs.store import SHIPPED, RunStore
from ocrgen.study import read_results, verdicts
from ocrgen.study.arms import NOISE_BAR
from ocrgen.study.config import StudyConfig
from tests.helpers.pages import open_page, texts
from tests.helpers.tables import keep, kept, read

WORDS = "better|worse|no difference that matters|undecided|too few to tell|exploratory|holds|does not hold"


@pytest.fixture
def page(studied, monkeypatch):
    """Open the page on the study of one protocol."""
    monkeypatch.setenv("OCRGEN_RUNS", str(studied.root))

    def open_study(protocol: str) -> AppTest:
        (run,) = [r for r in studied.list("study") if r.request.settings["protocol"] == protocol]
        return open_page("4_OCR.py", run=run.name)

    return open_study


def views(at: AppTest) -> list[str]:
    """Open every view that is offered; returns their names."""
    names = at.segmented_control(key="ocr_view").options
    for view in names:
        at.segmented_control(key="ocr_view").set_value(view).run()
        assert not at.exception and not at.error, view
    return names


@pytest.mark.parametrize("protocol", ["fair", "paper"])
def test_every_view_of_a_study(page, protocol):
    at = page(protocol)
    offered = views(at)
    assert ("Over the epochs" in offered) == (protocol == "paper")
    assert {"By training mix", "Robustness", "Confusion", "Verdicts", "Table"} <= set(offered)
    assert "Labelled images" not in offered  # of one size there is no curve


@pytest.mark.parametrize("name", ["study-fair-arabic-letters", "study-pool-mnist", "study-paper-mnist"])
def test_every_view_that_is_offered_of_what_we_ship(name, store, monkeypatch):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    at = open_page("4_OCR.py", run=name)
    offered = views(at)
    assert ("Labelled images" in offered) == (name == "study-fair-arabic-letters")
    assert ("Over the epochs" in offered) == (name == "study-paper-mnist")
    assert not [e.label for e in at.expander if e.label.startswith("Download")]  # its networks are not shipped


def test_a_link_to_a_view_that_a_study_has_not(page, studied):
    (run,) = [r for r in studied.list("study") if r.request.settings["protocol"] == "fair"]
    page("fair")
    at = open_page("4_OCR.py", run=run.name, view="over-the-epochs")
    assert "over-the-epochs" in at.warning[0].value
    assert at.segmented_control(key="ocr_view").value == "By training mix"


def test_a_link_leads_to_what_is_shown_of_a_view(page, studied):
    (run,) = [r for r in studied.list("study") if r.request.settings["protocol"] == "fair"]
    page("fair")
    query = {"view": "confusion", "show": "difference", "mix-1": "real", "mix-2": "real+aug"}
    at = open_page("4_OCR.py", run=run.name, **query)
    assert not at.warning and at.selectbox(key="ocr_confusion_0").value == "real"
    assert "minus **real**" in texts(at)
    (scores,) = [d.value for d in at.dataframe]
    assert {"precision1", "recall1", "f11", "precision2", "recall2", "f12"} <= set(scores.columns) and len(scores) == 10


def test_the_banner_says_how_many_labelled_images_were_seen(page):
    assert "same n labelled images" in page("fair").info[0].value
    told = page("paper").warning[0].value
    assert "1,317 labelled images" in told and "500" in told


def test_verdicts_stand_with_figure_interval_and_n(page, studied):
    at = page("paper")
    at.segmented_control(key="ocr_view").set_value("Verdicts").run()
    (run,) = [r for r in studied.list("study") if r.request.settings["protocol"] == "paper"]
    found = verdicts(read_results(run))
    for claim in sorted({v.claim for v in found}):
        at.segmented_control(key="ocr_claim").set_value(claim).run()
        rows = pd.concat([d.value for d in at.dataframe]).to_dict("records")
        assert not at.exception and len(rows) == sum(v.claim == claim for v in found)
        for row in rows:
            assert re.fullmatch(rf". ({WORDS})( by less than matters)?( \(.+\)|: .+)?", row["verdict"]), row
            assert row["seeds"] >= 1 and row["mix"]
            low, high = row.get("low", np.nan), row.get("high", np.nan)
            assert np.isnan(low) or low <= row["figure"] <= high, row


def test_the_command_on_the_page_is_the_study(page, studied):
    at = page("fair")
    command = at.code[-1].value
    assert command.startswith("python -m ocrgen study --dataset digits --protocol fair")
    assert "--confidence 0.0" in command and "--readers-per-task 2" in command


def test_advice_and_what_to_take_home(page):
    at = page("fair")
    assert any("labelled images</span>" in h.body and "points" in h.body for h in at.html)
    offered = {b.proto.label for b in at.get("download_button")}
    assert {"ONNX", "safetensors", "ZIP", "NPZ"} <= offered
    at = page("paper")
    assert "ONNX" not in {b.proto.label for b in at.get("download_button")}


@pytest.mark.parametrize("protocol", ["fair", "pool"])
def test_every_view_of_a_study_that_knows_no_more_than_a_table(store, protocol):
    run = keep(store, protocol=protocol)
    at = open_page("4_OCR.py", run=run.name)
    views(at)
    told = "".join(h.body for h in at.html)
    assert f"{protocol.capitalize()} protocol" in at.info[0].value
    assert ("Pseudo-labels on top of that" in told) == (protocol == "pool")


def test_what_is_decided_so_far_of_a_study_until_decided(store):
    config = StudyConfig(n=[100], generators=["cvae"], until_decided=True, n_robustness=0, n_saliency=0)
    run = kept(store, read(seeds=9, images=400, noise=0.02, config=config, cvae=0.06))
    at = open_page("4_OCR.py", run=run.name)
    assert not at.exception and at.segmented_control(key="ocr_view").value == "What is decided"
    told = "".join(h.body for h in at.html)
    assert "decided at 8 seeds" in told and "9 seeds, of at most 20" in told
    assert "8, 12, 16 and 20 seeds" in texts(at) and "Use it" in told


def test_a_link_to_a_study_that_is_gone(studied, monkeypatch):
    monkeypatch.setenv("OCRGEN_RUNS", str(studied.root))
    at = open_page("4_OCR.py", run="../../etc/passwd")
    assert not at.exception
    assert "not here" in at.warning[0].value


def test_a_study_of_damaged_settings_is_named(store):
    store.create("study", {"seeds": -1, "dataset": "digits"}, "study-fair-digits")
    at = open_page("4_OCR.py")
    assert not at.exception
    assert any("missing or damaged" in e.value for e in at.error)


def test_a_shipped_study_needs_neither_cells_nor_data(studied, tmp_path, monkeypatch):
    (fair,) = [r for r in studied.list("study") if r.request.settings["protocol"] == "fair"]
    shipped = tmp_path / "shipped" / "study"
    shutil.copytree(fair.path, shipped, ignore=shutil.ignore_patterns("cells", "generators", "readers", "log.txt"))
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(shipped.parent))
    monkeypatch.setenv("OCRGEN_DATA", str(tmp_path / "none"))
    at = open_page("4_OCR.py")
    views(at)
    assert "same n labelled images" in at.info[0].value


@pytest.mark.parametrize("run", RunStore(Path("none"), SHIPPED).list("study"), ids=lambda r: r.name)
def test_every_study_that_we_ship_is_complete(run):
    results = read_results(run)
    assert results.done == results.total and not results.failures
    noise_told = NOISE_BAR in {arm.name for arm in results.config.arms}  # the bar of claim 5, since the second rules
    assert {v.claim for v in verdicts(results)} >= ({3, 5} if noise_told else {3})
    assert (run.path / "misread.npz").exists()


def test_a_damaged_study_is_named(studied, store, monkeypatch):
    run = store.create("study", studied.list("study")[0].request.settings, "study")
    (run.path / "results.json").write_text(json.dumps({"done": 1}))
    (run.path / "table.parquet").write_bytes(b"PAR1 nothing")
    at = open_page("4_OCR.py")
    assert not at.exception
    assert run.name in at.error[0].value


def test_of_shipped_studies_the_equal_comparison_is_shown_first(monkeypatch):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    at = open_page("4_OCR.py")
    assert not at.exception
    assert [box.value for box in at.selectbox if box.key == "ocr_run"] == ["study-fair-mnist"]
    assert "Fair protocol" in at.info[0].value and "so far" not in at.info[0].value
