"""Every page through AppTest: empty, in use, with damaged runs and strange links."""

import os
import shutil

import pytest

from ocrgen.datasets import load_data
from ocrgen.generators.sampling import to_npz, to_zip
from ocrgen.runs.store import RunStore
from ocrgen.utils.files import lock
from ocrgen.utils.places import HOME
from tests.helpers.pages import open_page, texts
from tests.helpers.runs import request

PAGES = sorted(p.name for p in (HOME / "pages").glob("[0-9]*.py"))


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_lab_says_what_to_do_and_offers_it(page):
    app = open_page(page)
    assert len(app.title) == 1
    assert any("bundled digits" in b.label for b in app.button)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_with_runs(use_trained, page):
    app = open_page(page)
    assert len(app.title) == 1 and not app.error


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("query", ["../../etc/passwd", "<script>alert(1)</script>", "x" * 3000, "", "\0"])
def test_garbage_in_the_link_does_no_harm(use_trained, page, query):
    assert not open_page(page, run=query).error


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("file", ["run.json", "status.json"])
def test_a_damaged_run_is_shown_and_spoils_nothing(trained, tmp_path, monkeypatch, page, file):
    root = tmp_path / "runs"
    shutil.copytree(trained.root, root)
    damaged = RunStore(root, shipped=None).list()[0]
    (damaged.path / file).write_text("{ half a f")
    app = open_page(page)
    assert not app.exception


@pytest.mark.parametrize("page", PAGES)
def test_weights_gone_or_damaged_are_a_message(trained, tmp_path, page):
    root = tmp_path / "runs"
    shutil.copytree(trained.root, root)
    for file in root.rglob("*.safetensors"):
        file.write_bytes(b"\xff" * 100)
    for file in root.rglob("*.png"):
        file.write_bytes(b"nothing")
    for file in root.rglob("events.*"):
        file.write_bytes(b"\x00" * 50)
    app = open_page(page)
    if "Gallery" in page:
        assert "damaged" in texts(app)


def test_train_starts_a_real_job_with_the_settings_of_the_form(store):
    app = open_page("2_Train.py")
    app.segmented_control(key="train_model").set_value("cgan").run()
    app.number_input(key="train_epochs").set_value(1)
    app.number_input(key="train_loop_seed").set_value(9)
    app.number_input(key="train_cgan_fast_latent").set_value(20)
    app.text_input(key="train_label").set_value("from the page").run()
    app.button(key="train_start").click().run()
    assert not app.exception and not app.error
    (run,) = store.list()
    settings = run.request.settings
    assert settings["model"] == "cgan" and settings["train"]["seed"] == 9 and settings["config"]["latent"] == 20
    assert run.request.label == "from the page"
    assert run.alive
    assert run.name in app.query_params["run"]
    app.button(key=f"train_cancel_{run.name}").click().run()
    for _ in range(100):
        if not run.alive:
            break
        app.run()
    assert run.state == "cancelled"
    app.run()
    app.button(key=f"train_delete_{run.name}").click().run()
    assert store.list() == []


def test_a_full_queue_is_a_message(store, monkeypatch):
    monkeypatch.setattr("ocrgen.runs.jobs.QUEUE_LIMIT", 1)
    run = store.create("train", request(), "waits")
    held = lock(run.path / "lock")
    run.update(state="queued", queued="2026")
    app = open_page("2_Train.py")
    app.button(key="train_start").click().run()
    assert "queue is full" in texts(app)
    assert len(store.list()) == 1
    os.close(held)


def test_a_dead_run_says_so_and_offers_to_go_on(store):
    run = store.create("train", request(), "dead")
    run.update(state="running", step=5, total=20, epochs=2)
    app = open_page("2_Train.py")
    assert "has ended without a word" in texts(app)
    assert app.button(key=f"train_resume_{run.name}")


def test_a_failed_run_shows_its_reason(store):
    run = store.create("train", request(), "failed")
    run.update(state="failed", error="The training broke down at step 7.")
    assert "broke down at step 7" in texts(open_page("2_Train.py"))


def test_missing_data_say_what_to_do_and_what_still_works(monkeypatch, tmp_path):
    monkeypatch.setenv("OCRGEN_DATA", str(tmp_path))
    app = open_page("2_Train.py")
    app.selectbox(key="train_dataset").set_value("mnist").run()
    assert "bundled digits" in texts(app)
    assert app.button(key="train_start").disabled


@pytest.mark.parametrize("pack", [to_zip, to_npz])
def test_own_data_through_the_browser(store, pack):
    digits = load_data("digits").train.subset(120, 0)
    app = open_page("2_Train.py")
    name = "My digits (2026).zip" if pack is to_zip else "own.npz"
    app.file_uploader(key="train_upload").set_value((name, pack(digits, {}), "application/zip")).run()
    assert not app.exception and not app.error
    app.file_uploader(key="train_upload").set_value([])  # AppTest would upload it anew, in each run
    app.button(key="train_own_use").click().run()
    assert not app.exception and not app.error
    chosen = app.selectbox(key="train_dataset").value
    assert load_data(chosen).train.images.shape[1:] == (28, 28)
    app.number_input(key="train_epochs").set_value(1)
    app.button(key="train_start").click().run()
    assert store.list()[0].request.dataset == chosen
    store.list()[0].cancel()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"GIF89a" * 100])
def test_a_bad_upload_is_a_message_and_leaves_nothing(store, content):
    app = open_page("2_Train.py")
    app.file_uploader(key="train_upload").set_value(("../../evil.zip", content, "application/zip")).run()
    assert not app.exception and len(app.error) == 1
    assert not [p for p in store.root.rglob("*") if p.is_file()]
