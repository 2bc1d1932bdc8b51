"""The page Saliency as Streamlit runs it, over a reader that was really trained."""

import io

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from ocrgen.datasets import load_data
from ocrgen.runs.store import SHIPPED, RunStore
from tests.helpers.pages import open_page
from tests.helpers.photos import draw
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
    assert "#### Read as 3" in markdown(app) or "disagree" in markdown(app)


@pytest.mark.parametrize("method", ["Grad-CAM++", "Layer-CAM", "Eigen-CAM", "Score-CAM"])
def test_another_method_and_another_class(app, method):
    app.selectbox(key="saliency_method").set_value(method).run()
    app.selectbox(key="saliency_target").set_value("7").run()
    assert not app.exception and not app.error


def test_uploads_good_and_bad_together(app):
    app.segmented_control(key="saliency_way").set_value("Upload").run()
    app.file_uploader(key="saliency_upload").set_value(
        [("three.png", picture([3, 1, 4]), "image/png"), ("broken.png", b"\x89PNG broken", "image/png")]
    ).run()
    assert not app.exception
    assert "three.png: 314" in markdown(app)
    assert "broken.png" in app.error[0].value
    app.selectbox(key="saliency_target").set_value("7").run()
    assert "broken.png" in app.error[0].value, "as long as the file is there"


def uploaded(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    app.segmented_control(key="saliency_way").set_value("Upload").run()
    app.file_uploader(key="saliency_upload").set_value([(name, data, "image/png") for name, data in files]).run()
    assert not app.exception
    return app


def test_pictures_of_one_name_are_told_apart_and_the_newest_is_open(app):
    uploaded(app, ("image.jpg", picture([3, 1, 4])), ("image.jpg", picture([1, 5])))
    lines = [place.label for place in app.expander]
    assert [line.partition(" :")[0] for line in lines] == ["**15** image.jpg (2)", "**314** image.jpg"]
    assert all("confident]" in line for line in lines)
    assert [bool(place.children) for place in app.expander] == [True, False]
    assert len(app.pills) == 1, "only the open picture's characters are explained"


def test_what_is_not_shown_is_told(app):
    uploaded(app, *[("image.jpg", picture([3]))] * 14)
    assert len(app.expander) == 12
    assert "12 of 14 pictures are shown, the 2 oldest are not" in app.warning[0].value


def test_notes_stand_beside_the_picture(app):
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    with Image.open(io.BytesIO(picture([3]))) as upright:
        upright.transpose(Image.Transpose.ROTATE_90).save(buffer, "PNG", exif=exif)
    uploaded(app, ("turned.png", buffer.getvalue()))
    assert "turned.png was turned upright, as its EXIF data say." in markdown(app)
    assert "turned.png: 3" in markdown(app)


def test_each_character_of_a_row_can_be_explained(app):
    uploaded(app, ("row.png", picture([3, 1, 4])))
    pills = app.pills[0]
    for i, read in enumerate("314"):
        pills.set_value(i).run()
        assert f"#### Digit {i + 1}: read as {read}" in markdown(app) or "disagree" in markdown(app)


def test_the_grid_of_chosen_models_and_what_the_papers_takes(app):
    toggle = app.toggle(key="saliency_grid")
    assert "ocrgen study --protocol paper --seeds 1 --dataset digits" in toggle.help
    toggle.set_value(True).run()
    assert not app.exception and not app.error
    assert any("One test digit each: 0, 1, 2" in c.value for c in app.caption)
    assert not any("paper's grid" in box.label for box in app.selectbox), "which takes a study of the paper's protocol"


def test_a_studys_readers_are_compared_and_have_the_papers_grid(studied, monkeypatch):
    monkeypatch.setenv("OCRGEN_RUNS", str(studied.root))
    app = open_page(PAGE)
    assert not app.error
    fair, paper = studied.list("study")
    assert app.selectbox(key="saliency_of").value == paper.name, "the newest, where there are no other readers"
    app.selectbox(key="saliency_of").set_value(fair.name).run()
    chosen = app.multiselect(key="saliency_readers")
    assert len(chosen.value) == 2 and all(name.startswith(f"{fair.name}/reader-") for name in chosen.value)
    assert all(f"labelled (study #{fair.number})" in title for title in chosen.options)
    app.toggle(key="saliency_grid").set_value(True).run()
    assert not app.exception and not app.error
    assert any("epochs 1 to 2 down" in c.value for c in app.caption)


def test_a_link_names_a_study_and_its_ocr_models_are_compared(studied, monkeypatch):
    monkeypatch.setenv("OCRGEN_RUNS", str(studied.root))
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    fair = studied.list("study")[0]
    app = open_page(PAGE, study=fair.name)
    assert app.session_state["saliency_data"] == "digits" and app.selectbox(key="saliency_of").value == fair.name
    assert all(name.startswith(fair.name) for name in app.multiselect(key="saliency_readers").value)


def test_a_link_says_all_that_is_chosen(app, read_store):
    one = read_store.list("reader")[0].name
    query = {"run": one, "class": "7", "sample": "2", "explain": "4", "method": "layer-cam", "opacity": "30"}
    app = open_page(PAGE, **query, layer="first-convolution")
    assert not app.warning or "Misread" in app.warning[0].value
    assert app.multiselect(key="saliency_readers").value == [one]
    assert app.selectbox(key="saliency_method").value == "Layer-CAM" and app.slider(key="saliency_opacity").value == 30
    assert app.selectbox(key="saliency_layer").value == "first convolution"
    assert app.selectbox(key="saliency_target").value == "4" and app.session_state["saliency_nth"] == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("script", "is not here"), ("study", "keeps no OCR models"), ("run", "an OCR model that is not here"),
        ("class", "is not here"), ("sample", "not from 1 to 5"), ("opacity", "not from 0 to 100"),
    ],
)  # fmt: skip
def test_a_link_to_what_is_not_here_gives_a_word_and_the_first_view(app, name, said):
    app = open_page(PAGE, **{name: "<b>../../etc</b>"})
    assert said in "\n".join(w.value for w in app.warning)
    assert "#### " in markdown(app)


def test_what_is_no_digit_is_said_to_be_none_first_of_all(monkeypatch):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    app = open_page(PAGE)
    uploaded(app, ("triangle.png", draw("symbol-triangle", 0, load_data("digits").test).data))
    assert "#### This may not be a digit" in markdown(app)
    assert "may not be a digit]" in markdown(app) and "Nearest class" in app.warning[0].value


def test_without_readers_the_page_says_how_to_get_one(store):
    app = open_page(PAGE)
    assert not app.exception
    assert "ocrgen reader" in app.code[0].value


def test_of_what_is_shipped_the_western_digits_come_first(monkeypatch):
    monkeypatch.setenv("OCRGEN_CHECKPOINTS", str(SHIPPED))
    app = open_page(PAGE)
    assert not app.exception and app.session_state["saliency_data"] == "mnist"
