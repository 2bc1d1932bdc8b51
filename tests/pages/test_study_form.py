"""The form of a new study on the page OCR: what it offers, what it refuses, and links that fill it in."""

import io

import numpy as np
from streamlit.testing.v1 import AppTest

from ocrgen.datasets import load_data
from ocrgen.study.config import StudyConfig
from ocrgen.study.data import first_split
from ocrgen.ui.shared import uploads
from tests.helpers.pages import open_page, texts


def new_study() -> AppTest:
    """The page with the form of a new study open."""
    return open_page("4_OCR.py").button(key="ocr_new_study").click().run()


def test_the_form_offers_what_a_study_can_be(store):
    digits = load_data("digits").train[:200]
    np.savez(buffer := io.BytesIO(), images=digits.images, labels=digits.labels)
    own = str(uploads.keep("my synthetic.npz", buffer.getvalue()))
    at = new_study()
    assert at.toggle(key="ocr_form_quick").value and not [m.key for m in at.multiselect]
    at.toggle(key="ocr_form_quick").set_value(False).run()
    at.selectbox(key="ocr_form_data").set_value("digits").run()
    assert "in all, on one core" in texts(at)
    at.segmented_control(key="ocr_form_protocol").set_value("pool").run()
    at.multiselect(key="ocr_form_generators").set_value(["rendered"]).run()
    at.toggle(key="ocr_form_until").set_value(True).run()
    at.selectbox(key="ocr_form_synthetic").set_value(own).run()
    at.number_input(key="ocr_form_matters").set_value(1.5).run()
    at.number_input(key="ocr_form_unlabelled").set_value(300).run()
    assert not at.exception and not at.error
    command = at.code[0].value
    for part in ("--protocol pool", "--until-decided", f"--synthetic {own}", "--matters 1.5", "--unlabelled 300"):
        assert part in command
    assert "up to the first look, at 8 seeds" in texts(at)
    at.multiselect(key="ocr_form_generators").set_value([]).run()
    assert "at least one generator" in at.error[0].value


def test_own_synthetic_images_that_will_not_do_are_told_before_the_start(store, tmp_path):
    at = new_study()
    at.toggle(key="ocr_form_quick").set_value(False).run()
    at.selectbox(key="ocr_form_data").set_value("digits").run()
    at.selectbox(key="ocr_form_synthetic").set_value("path").run()
    at.text_input(key="ocr_form_path").set_value(str(tmp_path / "nothing.zip")).run()
    assert "no such file" in at.error[0].value
    images = load_data("digits").train.images[:20]
    np.savez(tmp_path / "letters.npz", images=images, labels=np.arange(20) % 2, classes=np.array(["A", "B"]))
    at.text_input(key="ocr_form_path").set_value(str(tmp_path / "letters.npz")).run()
    assert not at.exception and "letters" in at.error[0].value
    assert "ocr_form_start" not in {b.key for b in at.button}


def test_a_link_brings_own_data_to_the_form(store):
    digits = load_data("digits").train[:300]
    np.savez(buffer := io.BytesIO(), images=digits.images, labels=digits.labels)
    path = uploads.keep("our forms.npz", buffer.getvalue())
    at = open_page("4_OCR.py", data=path.stem)
    assert not at.exception
    assert at.selectbox(key="ocr_form_data").value == str(path)
    assert "our-forms" in at.selectbox(key="ocr_form_data").options
    train = len(first_split(StudyConfig(dataset=str(path))).train)
    assert f"--n {train}" in at.code[0].value and str(path) in at.code[0].value
    at.text_input(key=f"ocr_form_n_False_{path}").set_value("5000").run()
    assert f"There are {train:,} training images" in at.error[0].value
    at.text_input(key=f"ocr_form_n_False_{path}").set_value("100").run()
    at.button(key="ocr_form_start").click().run()
    (run,) = store.list("study")
    assert run.request.dataset == str(path) and run.request.settings["n"] == [100]
    run.cancel()


def test_a_link_to_data_that_are_gone(store):
    at = open_page("4_OCR.py", data="/etc/passwd")
    assert not at.exception and "not here" in at.warning[0].value


def test_no_study_yet_and_one_click_to_the_first(store):
    at = open_page("4_OCR.py")
    assert not at.exception
    at.button(key="ocr_quick").click().run()
    (run,) = store.list("study")
    assert run.request.dataset == "digits"
    run.cancel()
