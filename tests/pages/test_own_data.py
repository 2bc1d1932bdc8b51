"""A user's own data on the page Train: what was understood is shown, changed or dropped before anything is trained."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ocrgen.datasets import Characters, load_data
from ocrgen.datasets.own import read
from tests.helpers.pages import open_page

DIGITS = load_data("digits").train.subset(200, 0)


def npz(images: np.ndarray, labels: np.ndarray = DIGITS.labels) -> bytes:
    np.savez_compressed(stream := io.BytesIO(), images=images, labels=labels)
    return stream.getvalue()


def npy(array: np.ndarray) -> bytes:
    np.save(stream := io.BytesIO(), array)
    return stream.getvalue()


UPRIGHT, LYING = npz(DIGITS.images), npz(DIGITS.images.transpose(0, 2, 1))


@pytest.fixture
def app(store) -> AppTest:
    return open_page("2_Train.py")


def bring(app: AppTest, *files: tuple[str, bytes]) -> None:
    app.file_uploader(key="train_upload").set_value([(*file, "application/octet-stream") for file in files]).run()
    assert not app.exception
    app.file_uploader(key="train_upload").set_value([])  # AppTest would upload them anew, in each run


def press(app: AppTest, name: str) -> None:
    app.button(key=f"train_own_{name}").click().run()
    assert not app.exception and not app.error


def texts(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.warning, app.error, app.subheader)
    return re.sub(r"\\(.)", r"\1", " ".join(e.value for kind in kinds for e in kind))


def looks_at_data(app: AppTest) -> bool:
    return any(button.key == "train_own_use" for button in app.button)


def chosen(app: AppTest) -> Characters:
    return read(Path(str(app.selectbox(key="train_dataset").value)))


def same_images(a: np.ndarray, b: np.ndarray) -> bool:
    return {image.tobytes() for image in a} == {image.tobytes() for image in b}


def test_data_on_their_side_are_noticed_turned_and_used(app, store):
    bring(app, ("my digits.npz", LYING))
    assert "my digits.npz" in texts(app) and "These look transposed" in texts(app)
    assert "160 for training (16 of each digit)" in texts(app)
    (table,) = app.dataframe
    assert table.value.iloc[:, 1:].to_numpy().sum() == len(DIGITS) and len(table.value) == 10
    (sheet,) = [html.body for html in app.html if 'role="group"' in html.body]
    assert sheet.count('<img alt="digit ') == 10
    assert app.selectbox(key="train_dataset").value == "digits", "nothing is used before it is accepted"
    press(app, "turn")
    assert "These are upright" in texts(app) and "Every picture was turned" in texts(app) and not app.warning
    press(app, "use")
    assert same_images(chosen(app).images, DIGITS.images)
    assert not looks_at_data(app) and not list((store.root / ".data" / ".waiting").iterdir())


def test_inverting_and_transposing_twice_change_nothing(app):
    bring(app, ("a.npz", UPRIGHT))
    for name in ("invert", "invert", "transpose", "transpose"):
        press(app, name)
    assert "was turned" not in texts(app) and "was inverted" not in texts(app)
    press(app, "invert")
    press(app, "use")
    assert same_images(chosen(app).images, 255 - DIGITS.images)


def test_what_is_dropped_is_gone(app, store):
    bring(app, ("a.npz", UPRIGHT))
    press(app, "drop")
    assert not looks_at_data(app) and not list(store.root.rglob("*.npz"))
    bring(app, ("a.npz", UPRIGHT))
    press(app, "use")
    app.button(key="train_own_look").click().run()
    assert looks_at_data(app)
    press(app, "drop")
    assert app.selectbox(key="train_dataset").value == "digits" and not list(store.root.rglob("*.npz"))


def test_two_sets_of_one_name_are_two_and_one_set_brought_twice_is_one(app, store):
    for content in (UPRIGHT, LYING, UPRIGHT):
        bring(app, ("data.npz", content))
        press(app, "use")
    assert len(list((store.root / ".data").glob("data-*.npz"))) == 2
    assert same_images(chosen(app).images, DIGITS.images)


def test_files_of_one_set_come_together(app):
    bring(app, ("images.npy", npy(DIGITS.images)), ("labels.npy", npy(DIGITS.labels)))
    assert "images.npy and labels.npy" in texts(app) and not app.error
    press(app, "use")
    assert len(chosen(app)) == len(DIGITS)


def test_a_path_on_the_machine(app, tmp_path):
    (tmp_path / "large.npz").write_bytes(LYING)
    app.text_input(key="train_path").set_value(str(tmp_path / "large.npz"))
    app.button(key="train_path_read").click().run()
    assert "These look transposed" in texts(app)
    app.text_input(key="train_path").set_value("/no/such/place")
    app.button(key="train_path_read").click().run()
    assert "/no/such/place: there is no such file" in app.error[0].value.replace("\\", "")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([("broken.npz", UPRIGHT[:2000])], "broken.npz"),
        ([("../../etc/notes.txt", b"hello")], "notes.txt"),
        ([("few.npz", npz(DIGITS.images[:5], DIGITS.labels[:5]))], "few.npz"),
        ([("a.npz", UPRIGHT), ("b.npz", LYING)], "one data set at a time"),
        ([("images.npy", npy(DIGITS.images)), ("images.npy", npy(DIGITS.labels))], "Two files are called images.npy"),
    ],
)
def test_refusals_name_the_file_as_the_user_does(app, store, files, told):
    bring(app, *files)
    (error,) = app.error
    assert told in error.value.replace("\\", "") and str(store.root) not in error.value.replace("\\", "")
    assert ".incoming" not in error.value and "tmp" not in error.value
