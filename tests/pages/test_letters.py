"""Gallery, Train and Overview over generators of letters, of few and of many."""

import json
import re
import shutil
import zipfile

import pytest
from streamlit.testing.v1 import AppTest

from ocrgen.runs.store import RunStore
from ocrgen.utils.places import HOME
from tests.helpers.letters import write_letters
from tests.helpers.pages import open_page

FEW, MANY = "ABCDE", "ABCDEFGHIJKLMNO"
VIEWS = ["Side by side", "Over the epochs", "Latent walk", "Nearest real"]


def texts(app: AppTest) -> str:
    kinds = [app.markdown, app.caption, app.warning, app.info, app.header, app.subheader]
    return " ".join(e.value for kind in kinds for e in kind)


def strips(app: AppTest) -> list[list[str]]:
    """The class texts of each labelled sheet, in order."""
    sheets = [h.body for h in app.html if 'role="group"' in h.body]
    return [re.findall(r"<figcaption[^>]*>([^<]*)<", body) for body in sheets]


def chooser(app: AppTest):
    return next(pills for pills in app.pills if str(pills.key).startswith("gallery_digit"))


def run_of(store: RunStore, model: str, letters: str):
    return next(r for r in store.list() if r.request.model == model and r.request.dataset.endswith(f"/{letters}"))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("letters", [FEW, MANY])
def test_gallery_views_of_letters(use_lettered, view, letters):
    app = open_page("3_Gallery.py", run=run_of(use_lettered, "cvae", letters).name)
    app.segmented_control(key="gallery_view").set_value(view).run()
    assert chooser(app).label == "Letter" and list(chooser(app).options) == ["all", *letters]
    real = view == "Side by side"
    assert not app.exception and not app.error and not app.info
    assert strips(app) == [list(letters)] * real + [list(letters), list(FEW)]
    chooser(app).set_value(1).run()
    assert not app.exception and not app.error and not app.info and not strips(app)
    rows = view == "Over the epochs"  # beside the chosen epoch
    assert len(app.get("image")) == 2 + real + 2 * rows


def test_a_run_that_lacks_the_chosen_letter_says_so(use_lettered):
    app = open_page("3_Gallery.py", run=run_of(use_lettered, "cvae", MANY).name)
    for view in VIEWS:
        app.segmented_control(key="gallery_view").set_value(view)
        chooser(app).set_value(MANY.index("N")).run()
        assert [i.value for i in app.info] == ["This CGAN draws 5 letters; N is not among them."]
        assert not app.exception and len(app.get("image")) == (1 if view in VIEWS[2:] else 2)
    assert app.number_input(key="gallery_per_class").label == "Images of each letter"
    assert "1,500 labelled images" in texts(app) and "500 labelled images" in texts(app)


def test_letters_and_digits_beside_each_other(trained, lettered, tmp_path, monkeypatch):
    shutil.copytree(trained.root, tmp_path / "runs")
    letters = run_of(lettered, "cgan", FEW)
    shutil.copytree(letters.path, tmp_path / "runs" / letters.name)
    digits = RunStore(tmp_path / "runs", shipped=None).list()[0]
    app = open_page("3_Gallery.py", run=digits.name)
    app.selectbox(key="gallery_cgan").set_value(letters.name).run()
    assert len(app.get("image")) == 2 and strips(app) == [list(FEW)] and not app.info
    assert app.number_input(key="gallery_per_class").label == "Images of each character"
    chooser(app).set_value(7).run()
    assert [i.value for i in app.info] == ["This CGAN draws 5 letters; 7 is not among them."]


@pytest.mark.parametrize("letters", [FEW, MANY])
def test_train_shows_samples_of_letters(use_lettered, letters):
    run = run_of(use_lettered, "cvae", letters)
    app = open_page("2_Train.py", run=run.name)
    assert any(e.proto.label == "View samples" for e in app.get("page_link"))
    assert strips(app) == [list(letters)] and not app.error


def test_train_says_what_own_letters_were_understood_as(store, tmp_path):
    folder = write_letters(tmp_path / "letters")
    with zipfile.ZipFile(tmp_path / "letters.zip", "w") as archive:
        for file in folder.rglob("*.png"):
            archive.write(file, file.relative_to(tmp_path))
    app = open_page("2_Train.py")
    assert {"arabic-letters", "arabic-letters-published"} < set(sources(app))
    assert "Understood as digits 0 to 9. Images: 1,317 for training" in unescaped(texts(app))
    content = (tmp_path / "letters.zip").read_bytes()
    app.file_uploader(key="train_upload").set_value(("حروف.zip", content, "application/zip")).run()
    assert not app.exception and not app.error
    told = "Understood as 5 letters (A, B, C, D, E). Images: 45 for training (9 of each letter); 5 for validation"
    assert told in unescaped(texts(app)) and "حروف.zip" in unescaped(texts(app))
    app.file_uploader(key="train_upload").set_value([])  # AppTest would upload it anew, in each run
    app.button(key="train_own_use").click().run()
    assert str(app.selectbox(key="train_dataset").value).endswith(".npz")
    assert told in unescaped(texts(app)) and "What was understood" not in texts(app)


def unescaped(markdown: str) -> str:
    return re.sub(r"\\(.)", r"\1", markdown)


def sources(app: AppTest) -> list[str]:
    from ocrgen.datasets import sources

    titles = app.selectbox(key="train_dataset").options
    return [name for name, source in sources().items() if source.TITLE in titles]


@pytest.mark.parametrize(("letters", "models"), [(FEW, 2), (MANY, 1)])
def test_overview_of_letters_alone(lettered, tmp_path, letters, models):
    store = RunStore(tmp_path / "runs", None)
    for run in lettered.list():
        if run.request.dataset.endswith(f"/{letters}"):
            shutil.copytree(run.path, store.root / run.name)
    app = AppTest.from_file(str(HOME / "app.py"), default_timeout=60).run()
    assert not app.exception
    assert "Real and generated letters" in texts(app)
    assert strips(app) == [list(letters)] * (1 + models)


@pytest.mark.parametrize("page", ["1_Overview.py", "2_Train.py", "3_Gallery.py"])
def test_damaged_class_texts_spoil_no_page(lettered, tmp_path, page):
    shutil.copytree(lettered.root, tmp_path / "runs")
    for run in RunStore(tmp_path / "runs", shipped=None).list()[:2]:
        content = json.loads((run.path / "run.json").read_text())
        (run.path / "run.json").write_text(json.dumps(content | {"classes": ["A", "A"]}))
        assert not open_page(page, run=run.name).exception


def test_data_that_have_lost_a_letter_are_told(lettered, tmp_path):
    shutil.copytree(lettered.root, tmp_path / "runs")
    data = write_letters(tmp_path / "changed", "ABCD")
    for run in RunStore(tmp_path / "runs", shipped=None).list():
        run.amend(settings=run.request.settings | {"dataset": str(data)})
    app = open_page("3_Gallery.py", run=run_of(lettered, "cvae", FEW).name)
    assert "kept with the run" in texts(app) and strips(app) == [list(FEW)] * 3
    app.segmented_control(key="gallery_view").set_value("Nearest real").run()
    assert not app.exception and all("changed lacks E." in i.value for i in app.info) and len(app.info) == 2
