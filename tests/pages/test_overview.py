"""The page Overview: empty, with shipped results only, in use, and over damaged runs."""

import shutil

import pytest
from streamlit.testing.v1 import AppTest

from ocrgen.claims.claim import WORDS
from ocrgen.runs.store import SHIPPED, RunStore
from ocrgen.utils.places import HOME
from tests.helpers.tables import keep


def open_page() -> AppTest:
    app = AppTest.from_file(str(HOME / "app.py"), default_timeout=60).run()
    assert not app.exception, app.exception
    return app


def words(app: AppTest) -> str:
    told = [e.value for kind in ("markdown", "caption", "warning", "info", "subheader") for e in app.get(kind)]
    return "\n".join([*told, *(e.proto.body for e in app.get("html"))])


def test_an_empty_lab_names_the_claims_and_how_to_measure_them(store):
    app = open_page()
    told = words(app)
    assert all(claim in told for claim in WORDS.values())
    assert told.count("not measured") >= 5 and "Nothing has been measured yet" in told
    assert app.button(key="overview_quick") and not app.get("image")
    for way in ("Upload a digit", "Train a generator", "Use your own data"):
        assert way in told


def test_with_shipped_results_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    monkeypatch.setenv("OCRGEN_DATA", str(tmp_path / "none"))
    told = words(open_page())
    assert "**500 labelled images** of MNIST" in told and "95% intervals" in told
    assert "54,999 labelled images" in told and "Nothing has been measured" not in told


@pytest.fixture
def lab(trained, tmp_path, monkeypatch) -> RunStore:
    """A fair study and both generators, in one store of its own."""
    store = RunStore(tmp_path / "runs", None)
    keep(store)
    for run in trained.list():
        shutil.copytree(run.path, store.root / run.name)
    return store


def test_verdicts_digits_and_links_of_a_lab_in_use(lab):
    app = open_page()
    told = words(app)
    assert "**Yes**" in told and "n = 3 seeds" in told and "500 labelled images seen" in told
    assert len(app.get("image")) == 3
    (fair,) = lab.list("study")
    links = {(e.proto.label, e.proto.query_string) for e in app.get("page_link")}
    assert ("See the evidence: OCR", f"run={fair.name}") in links
    assert {"Bring a digit", "Train", "Bring your data"} <= {label for label, _ in links}


def test_real_digits_need_no_data_where_a_training_has_kept_them(lab, tmp_path):
    for run in lab.list("train"):
        assert (run.path / "samples" / "real.png").exists()
        run.amend(settings=run.request.settings | {"dataset": str(tmp_path / "gone.zip")})
    app = open_page()
    assert len(app.get("image")) == 3 and not app.info
    for run in lab.list("train"):
        (run.path / "samples" / "real.png").unlink()
    app = open_page()
    assert len(app.get("image")) == 2 and len(app.info) == 1


def test_what_is_damaged_is_one_line(lab):
    (fair,), other = lab.list("study"), keep(lab, dataset="digits")
    (fair.path / "run.json").write_text("{ half")
    (other.path / "table.parquet").write_bytes(b"PAR1")
    run = lab.list("train")[0]
    for file in (run.path / "samples").glob("*.png"):
        file.write_bytes(b"nothing")
    app = open_page()
    assert fair.name in app.warning[0].value and "And 1 more" in app.warning[0].value
    assert "is damaged and not shown" in app.info[0].value
    assert len(app.get("image")) == 1 and not app.error
