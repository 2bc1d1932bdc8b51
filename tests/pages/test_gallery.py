"""The page Gallery: its views, its links, and what is shown of damaged or missing data."""

import shutil

import pytest

from ocrgen.runs.store import RunStore
from ocrgen.ui.shared.selection import alike
from tests.helpers.pages import open_page, texts


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
