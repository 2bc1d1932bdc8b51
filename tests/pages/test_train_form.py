"""The form of a training: how long auto makes it, settings in groups, what Start answers, and links to a data set."""

import io
import re
import socket

import numpy as np
import pytest

from ocrgen.datasets import load_data
from ocrgen.generators import generators
from ocrgen.generators.config import TrainConfig, TrainRequest
from ocrgen.generators.forecast import seconds_per_step
from ocrgen.ui.shared import uploads
from ocrgen.ui.train.settings import GROUPS, LABELS
from tests.helpers.pages import open_page
from tests.helpers.runs import request


def captions(app) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(e.value for e in app.caption))


def test_every_setting_has_a_name_and_one_group():
    fields = {*TrainConfig.model_fields} - {"epochs"}  # which stands in the form itself
    for model in generators().values():
        fields |= {*model.Config.model_fields}
    assert fields - {"fonts"} == {*LABELS}  # a folder of fonts is named in a shell
    assert sum(map(len, GROUPS.values())) == len(LABELS) == len({*LABELS.values()})


def test_all_settings_stand_in_groups_and_what_is_changed_is_told(store):
    app = open_page("2_Train.py")
    headings = [m.value.strip("*") for m in app.markdown if m.value.strip("*") in GROUPS]
    assert headings == ["Architecture", "Optimisation", "Regularisation", "Scoring", "Computing and storage"]
    assert "Changed" not in captions(app)
    app.number_input(key="train_cvae_fast_lr").set_value(0.004)
    app.selectbox(key="train_loop_watch").set_value("lfid_64").run()
    assert "Changed: Learning rate: 0.004; Best epoch chosen by: LFID-64." in captions(app)
    app.segmented_control(key="train_model").set_value("rendered").run()
    app.number_input(key="train_rendered_handwriting_thin").set_value(5.0)
    app.number_input(key="train_rendered_handwriting_thick").set_value(2.0).run()
    assert not app.exception and "thinnest stroke must not be thicker" in app.error[0].value
    assert "train_start" not in {button.key for button in app.button}


def test_the_form_tells_epochs_steps_and_minutes_only_where_it_knows_the_speed(store):
    told = captions(open_page("2_Train.py"))
    assert "Auto: 150 epochs, 1,500 steps" in told and "on this machine" not in told
    run = store.create("train", request("cvae", train={"epochs": 9, "log_every": 20}), "earlier")
    run.update(state="done", step=1000, total=1000, seconds=40.0, host=socket.gethostname())
    app = open_page("2_Train.py")
    assert "Auto: 150 epochs, 1,500 steps, about 60 s on this machine" in captions(app)
    app.number_input(key="train_epochs").set_value(20).run()
    assert "20 epochs, 200 steps, about 8 s on this machine" in captions(app) and "Auto" not in captions(app)
    app.segmented_control(key="train_model").set_value("cgan").run()
    assert "20 epochs, 400 steps" in captions(app) and "on this machine" not in captions(app)


@pytest.mark.parametrize(
    ("changes", "status", "known"),
    [
        ({}, {}, 0.04),
        ({"dataset": "mnist"}, {}, 0.04),
        ({"config": {"width": 64}}, {}, None),
        ({"train": {"threads": 4}}, {}, None),
        ({"model": "cgan"}, {}, None),
        ({}, {"host": "another"}, None),
        ({}, {"step": 20}, None),
        ({}, {"seconds": None}, None),
    ],
)
def test_only_trainings_of_the_same_kind_on_this_machine_tell_how_fast_it_is(store, changes, status, known):
    run = store.create("train", request(changes.pop("model", "cvae"), **changes), "earlier")
    facts = {"state": "cancelled", "step": 1000, "seconds": 40.0, "host": socket.gethostname()}
    run.update(**facts | status)
    store.create("train", request(), "damaged").path.joinpath("status.json").write_text("{ half")
    assert seconds_per_step(TrainRequest.model_validate(request()), store.own()) == known


def test_start_answers_near_the_button_and_says_what_waits(store):
    app = open_page("2_Train.py")
    app.number_input(key="train_epochs").set_value(1).run()
    for told in ("Started: #1 CVAE · Digits · fast", "Queued: #2 CVAE · Digits · fast, behind 1 other job"):
        app.button(key="train_start").click().run()
        assert [re.sub(r"\\(.)", r"\1", e.value) for e in (*app.success, *app.toast)] == [told, told]
    for run in store.own():
        run.cancel()


def test_a_link_names_own_data_by_an_id(store):
    digits = load_data("digits").train[:300]
    np.savez(stream := io.BytesIO(), images=digits.images, labels=digits.labels)
    path = uploads.keep("our forms.npz", stream.getvalue())
    app = open_page("2_Train.py", data=path.stem)
    assert app.selectbox(key="train_dataset").value == str(path)
    assert [b.label for b in app.button if "journey" in str(b.key)] == ["Data: done", "Train: next"]
    assert "Study" in [link.proto.label for link in app.get("page_link")]
    app.selectbox(key="train_dataset").set_value("digits").run()
    assert app.query_params["data"] == "digits" and not [b for b in app.button if "journey" in str(b.key)]
    for hostile in (str(path), "../../etc/passwd", "\0"):
        app = open_page("2_Train.py", data=hostile)
        assert "not here" in app.warning[0].value and app.selectbox(key="train_dataset").value == "digits"
