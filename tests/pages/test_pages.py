"""Every page through AppTest: empty, in use, with damaged runs and strange links."""

import json
import os
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from ocrgen.datasets import load_data
from ocrgen.generators.sampling import to_npz, to_zip
from ocrgen.generators.scoring import ScoreConfig, score_epochs
from ocrgen.runs.store import RunStore
from ocrgen.ui.shared.selection import alike
from ocrgen.ui.shared.widgets import run_title
from ocrgen.utils.files import lock
from ocrgen.utils.places import HOME
from tests.helpers.pages import open_page
from tests.helpers.runs import ended, request

PAGES = sorted(p.name for p in (HOME / "pages").glob("[0-9]*.py"))


def texts(app: AppTest) -> str:
    return " ".join(e.value for e in [*app.markdown, *app.caption, *app.warning, *app.error, *app.info, *app.subheader])


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


@pytest.mark.parametrize("view", ["Side by side", "Over the epochs", "Latent walk", "Nearest real"])
@pytest.mark.parametrize("digit", ["all", 7])
def test_gallery_views(use_trained, view, digit):
    app = open_page("3_Gallery.py")
    app.segmented_control(key="gallery_view").set_value(view)
    app.pills(key="gallery_digit").set_value(digit)
    app.run()
    assert not app.exception and not app.error
    assert len(app.get("image")) >= 2


def test_gallery_shows_the_run_and_the_epoch_that_are_asked_for(use_trained):
    run = use_trained.list()[1]
    app = open_page("3_Gallery.py", run=run.name)
    assert app.selectbox(key="gallery_cgan").value == run.name
    app.select_slider(key=f"gallery_epoch_{run.name}").set_value(1).run()
    assert not app.exception
    assert "epoch 1" in texts(app)


def test_a_link_to_the_gallery_opens_all_that_was_chosen(use_trained):
    cgan = use_trained.list()[1]
    app = open_page("3_Gallery.py", view="latent-walk", run=cgan.name, epoch="2", **{"class": "7"}, seed="12", end="5")
    assert app.segmented_control(key="gallery_view").value == "Latent walk"
    assert app.selectbox(key="gallery_cgan").value == cgan.name
    assert app.select_slider(key=f"gallery_epoch_{cgan.name}").value == 2
    assert app.pills(key="gallery_digit").value == 7 and not app.warning
    assert app.number_input(key="gallery_seed").value == 12 and app.number_input(key="gallery_end").value == 5
    assert not app.slider  # how many images a row has no effect on a walk


def test_what_a_link_to_the_gallery_gets_wrong_is_told(use_trained):
    run = use_trained.list()[1].name
    app = open_page("3_Gallery.py", view="x", run=run, epoch="99", **{"class": "A"}, seed="-1", n="9999")
    assert len(app.warning) == 5 and not app.exception
    assert app.segmented_control(key="gallery_view").value == "Side by side"


def test_the_epochs_play_once_asked_to(use_trained):
    app = open_page("3_Gallery.py", view="over-the-epochs")
    assert not any("animated" in (i.proto.imgs[0].alt or "") for i in app.get("image"))
    app.toggle(key="gallery_play").set_value(True).run()
    alts = [i.proto.imgs[0].alt for i in app.get("image")]
    assert not app.exception and sum("animated over epochs 1 to 3" in alt for alt in alts) == 2, alts


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


def test_what_is_shown_first(trained, monkeypatch):
    monkeypatch.delenv("OCRGEN_CHECKPOINTS")
    shipped = RunStore(trained.root / "none").list("train")
    assert len(shipped) > 4 and shipped[-1].name == "cvae-mnist"
    assert {r.name for r in alike({"cvae": shipped}, None).values()} == {"cvae-mnist"}
    own = trained.list("train")
    assert [r.name for r in RunStore(trained.root).list("train")] == [r.name for r in shipped + own]
    assert {r.name for r in alike({"cvae": shipped + own}, "cvae-paper-arabic").values()} == {"cvae-paper-arabic"}


def test_the_gallery_shows_the_real_images_kept_with_a_run_where_the_data_are_gone(trained, tmp_path, monkeypatch):
    root = tmp_path / "runs"
    shutil.copytree(trained.root, root)
    for run in RunStore(root, shipped=None).list("train"):
        run.amend(settings=run.request.settings | {"dataset": str(tmp_path / "gone.zip")})
    monkeypatch.setenv("OCRGEN_RUNS", str(root))
    app = open_page("3_Gallery.py")
    assert len(app.get("image")) == 3 and not app.info and "kept with the run" in texts(app)
    app.segmented_control(key="gallery_view").set_value("Nearest real").run()
    assert not app.exception and any("not at hand" in i.value for i in app.info)


def test_fid_compares_one_run_of_each_generator_where_none_is_asked_for(use_trained):
    app = open_page("5_FID_and_LFID.py")
    models = [use_trained.get(name).request.model for name in app.multiselect(key="fid_runs").value]
    assert models == ["cvae", "cgan"]
