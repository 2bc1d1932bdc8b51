"""The pages Saliency, OCR, and FID and LFID over letters: own data of fourteen classes, read from right to left."""

import json
import re
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from ocrgen.datasets.alphabet import shown
from ocrgen.runs.store import RunStore
from ocrgen.study import read_results
from ocrgen.ui.ocr.confusion import test_images as images_of
from ocrgen.ui.saliency.alphabets import Alphabet
from ocrgen.ui.shared.classes import class_key
from ocrgen.ui.shared.markup import literal
from tests.helpers.arabic import LETTERS, N, data, png, study_of
from tests.helpers.pages import open_page
from tests.helpers.readers import picture, train

THA = shown("ث")


@pytest.fixture
def use_arabic_store(arabic_store, monkeypatch) -> RunStore:
    monkeypatch.setenv("OCRGEN_RUNS", str(arabic_store.root))
    return arabic_store


def words(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "warning", "error", "html")
    return "\n".join(str(getattr(x, "value", None) or x.body) for kind in kinds for x in app.get(kind))


def read_as(app: AppTest) -> str:
    return next(m.value for m in app.markdown if m.value.startswith("####"))


def test_a_sample_letter_is_read_and_explained_by_its_text(use_arabic_store):
    app = open_page("7_Saliency.py")
    assert not app.error
    assert read_as(app) == f"#### Read as {THA}" or f"Its label is {THA}" in words(app)
    bars = next(h.body for h in app.html if "aria-label" in h.body)
    assert "the 10 likeliest of the 14 letters" in bars and ">4 others<" in bars
    chooser = app.selectbox(key=class_key("saliency_target", LETTERS))
    assert chooser.options[1:] == list(map(shown, LETTERS))
    chooser.set_value(LETTERS[2]).run()
    assert not app.exception and not app.error
    assert "10 test letters side by side" in app.toggle(key="saliency_grid").label


def test_another_letter_is_chosen_by_its_text(use_arabic_store):
    app = open_page("7_Saliency.py")
    chooser = next(g for g in app.button_group if g.key == class_key("saliency_digit", LETTERS))
    assert len(chooser.options) == len(LETTERS)
    chooser.set_value("س").run()
    assert not app.exception
    assert read_as(app) == f"#### Read as {shown('س')}" or f"Its label is {shown('س')}" in words(app)


@pytest.mark.parametrize("text", ["ث", "ش", "ج"])
def test_a_letter_with_its_dots_is_one_character(use_arabic_store, text):
    app = open_page("7_Saliency.py")
    app.segmented_control(key="saliency_way").set_value("Upload").run()
    app.file_uploader(key="saliency_upload").set_value([("letter.png", png(text), "image/png")]).run()
    assert not app.exception and not app.error
    headings = [m.value for m in app.markdown if m.value.startswith("####")]
    assert headings == [f"#### letter.png: {text}", f"#### Read as {shown(text)}"]


def test_readers_of_one_script_are_offered_at_a_time(arabic_store, tmp_path, monkeypatch):
    store = RunStore(tmp_path / "runs", shipped=None)
    shutil.copytree(arabic_store.list("reader")[0].path, store.root / arabic_store.list("reader")[0].name)
    digits = train(store)
    app = open_page("7_Saliency.py")
    assert app.selectbox(key="saliency_data").value == "digits"
    assert app.multiselect(key="saliency_readers").value == [digits.name]
    app.segmented_control(key="saliency_way").set_value("Upload").run()
    app.file_uploader(key="saliency_upload").set_value([("row.png", picture([3, 1, 4]), "image/png")]).run()
    assert "row.png: 314" in words(app)
    own, script = Alphabet(str(data(arabic_store)), LETTERS), app.selectbox(key="saliency_data")
    assert own.title.endswith("(14 letters)") and own.title in script.options and "/" not in own.name
    script.set_value(own.name).run()
    assert not app.exception
    assert digits.name not in app.multiselect(key="saliency_readers").value


def test_every_view_of_a_study_of_letters(use_arabic_store):
    app = open_page("4_OCR.py")
    assert f"{N} images, 4 per letter" in words(app) and "of unseen letters" in words(app)
    assert any(n.label == "Images of each letter" for n in app.number_input)
    for view in app.segmented_control(key="ocr_view").options:
        app.segmented_control(key="ocr_view").set_value(view).run()
        assert not app.exception and not app.error, view
        assert not re.findall(r".{0,40}\bdigits?\b.{0,40}", words(app)), view


def test_misread_letters_are_kept_with_their_classes(arabic_store):
    run = study_of(arabic_store)
    results = read_results(run)
    assert results.classes == LETTERS
    images, labels = images_of(run, results)
    misread = {i for indices, _ in results.misread.values() for i in indices}
    assert misread and misread <= set(images) and set(labels.values()) <= set(range(len(LETTERS)))


def test_distances_of_each_letter_and_those_with_too_few_images(use_arabic_store):
    app = open_page("5_FID_and_LFID.py", view="one-epoch")
    titles = [json.loads(c.proto.spec)["layout"]["title"]["text"] for c in app.get("plotly_chart")]
    assert titles == ["LFID-64 by letter, epoch 1", "LFID-192 by letter, epoch 1"]
    (few,) = [c.value for c in app.caption if c.value.startswith("Too few images")]
    assert few.endswith(f"of a letter: {shown('أ')}.")
    (sheet,) = [h.body for h in app.html if "Samples of" in h.body]
    assert 'dir="rtl"' in sheet and all(f">{shown(text)}<" in sheet for text in LETTERS)


def test_distances_that_cannot_be_trusted_are_hidden_with_a_word(arabic_store, tmp_path):
    (run,) = arabic_store.list("train")
    shutil.copytree(run.path, tmp_path / "runs" / run.name)
    for file in (tmp_path / "runs" / run.name / "scores").glob("*/*.json"):
        file.write_text(
            json.dumps(json.loads(file.read_text()) | {"distrusted": "This network knows no such letters."})
        )
    app = open_page("5_FID_and_LFID.py")
    assert not app.exception and not app.get("plotly_chart")
    app.segmented_control(key="fid_view").set_value("What FID misses").run()
    assert any("This network knows no such letters." in w.value for w in app.warning)
    titles = [json.loads(c.proto.spec)["layout"]["title"]["text"] for c in app.get("plotly_chart")]
    assert titles and not any("FID" in title for title in titles)


@pytest.mark.parametrize(
    "text", ["*", "_a_", "$x$", ":red[a]", "<b>", "[a](b)", "#", "`", "\\", "~~a~~", "1. a", "- a"]
)
def test_a_text_for_markdown_means_itself(text):
    assert re.sub(r"\\(.)", r"\1", literal(text)) == text
    assert not re.search(r"(?<!\\)[*_$:<\[#`~]", literal(text).replace("\\\\", ""))
