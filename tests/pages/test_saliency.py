"""The page Saliency as Streamlit runs it, over a reader that was really trained."""

import pytest
from streamlit.testing.v1 import AppTest

from ocrgen.runs.store import SHIPPED, RunStore
from tests.helpers.pages import open_page
from tests.helpers.readers import picture, train

PAGE = "7_Saliency.py"


@pytest.fixture(scope="module")
def read_store(tmp_path_factory) -> RunStore:
    store = RunStore(tmp_path_factory.mktemp("saliency"), shipped=None)
    train(store)
    train(store, n=60, steps=30, seed=1, augment=True)
    return store


@pytest.fixture
def app(read_store, monkeypatch) -> AppTest:
    monkeypatch.setenv("OCRGEN_RUNS", str(read_store.root))
    return open_page(PAGE)


def markdown(app: AppTest) -> str:
    return "\n".join(m.value for m in app.markdown)


def test_a_sample_is_read_at_once(app):
    assert not app.exception and not app.error
    assert "#### A 3" in markdown(app) or "disagree" in markdown(app)


@pytest.mark.parametrize("method", ["Grad-CAM++", "Layer-CAM", "Eigen-CAM", "Score-CAM"])
def test_another_method_and_another_class(app, method):
    app.selectbox(key="saliency_method").set_value(method).run()
    app.selectbox(key="saliency_target").set_value(7).run()
    assert not app.exception and not app.error


def test_uploads_good_and_bad_together(app):
    app.segmented_control(key="saliency_way").set_value("Upload").run()
    app.file_uploader(key="saliency_upload").set_value(
        [("three.png", picture([3, 1, 4]), "image/png"), ("broken.png", b"\x89PNG broken", "image/png")]
    ).run()
    assert not app.exception
    assert "three.png: 314" in markdown(app)
    assert "broken.png" in app.error[0].value


def test_the_grid_of_a_study(studied, monkeypatch, read_store):
    monkeypatch.setenv("OCRGEN_RUNS", str(studied.root))
    reader = train(studied)
    try:
        app = open_page(PAGE)
        app.toggle(key="saliency_grid").set_value(True).run()
        assert not app.exception and not app.error
        assert any("epochs 1 to 2 down" in c.value for c in app.caption)
    finally:
        studied.delete(reader)


def test_without_readers_the_page_says_how_to_get_one(store):
    app = open_page(PAGE)
    assert not app.exception
    assert "ocrgen reader" in app.code[0].value


def test_of_what_is_shipped_the_western_digits_come_first(monkeypatch):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    app = open_page(PAGE)
    assert not app.exception and app.session_state["saliency_data"] == "mnist"
