"""Damaged files are named, spoil no other run, and what is no number is not taken for one."""

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from ocrgen.generators.checkpoint import load_generator
from ocrgen.readers.checkpoint import load_reader
from ocrgen.readers.runs import FILE
from ocrgen.runs.run import Run
from ocrgen.runs.store import SHIPPED
from ocrgen.stress.damage import damage
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import parse


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_whoever_reads_a_damaged_run_names_it(trained, studied, tmp_path, seed):
    runs = [*trained.list()[:1], *studied.list()[:1], Run(SHIPPED / "reader-real-mnist")]
    outcomes = damage(runs, tmp_path, 48, seed)
    assert sum(o.times for o in outcomes) == 48
    assert [wrong for o in outcomes for wrong in o.wrong] == []


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"", b"\xff\xfe", b"{"])
def test_what_is_no_json_of_ours_is_a_value_error(content):
    with pytest.raises(ValueError):
        parse(content)


@pytest.mark.parametrize(
    "change",
    [
        {"step": "many"},
        {"total": [1]},
        {"speed": float("inf")},
        {"error": 7},
        {"best_epoch": {}},
        {"pid": True},
        {"left": float("nan")},
    ],
)
def test_a_status_that_makes_no_sense_is_damage(store, change):
    run = store.create("nothing", {}, "x")
    run.update(**change)
    assert (
        run.state == "damaged" and next(iter(change)) in run.read_status().error and run.name in run.read_status().error
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": True}, "number"),
        ({"label": None}, "label"),
        ({"versions": {"torch": 2}}, "versions.torch"),
        ({"data": {"train": {"n": "<script>"}}}, "data.train.n"),
        ({"accuracy": float("nan")}, "accuracy"),
        ({"verb": "train", "settings": {"dataset": 7, "model": "cvae"}}, "settings.dataset"),
        ({"verb": "score", "settings": {}}, "settings.run"),
    ],
)
def test_a_request_that_makes_no_sense_is_damage(store, change, field):
    run = store.create("nothing", {}, "x")
    run.amend(**change)
    assert run.state == "damaged"
    error = run.read_status().error
    assert error == f"{run.name}: run.json has no sensible {field}; delete the run."


def test_what_other_versions_have_written_is_read_and_kept(store):
    run = store.create("nothing", {}, "x")
    run.amend(mood={"good": [1, None]})
    run.update(mood="good", step=None)
    run.amend(device="cpu")
    run.update(total=3)
    assert run.state == "cancelled" and run.status.step == 0 and run.request.device == "cpu"
    assert run.read_json("run.json")["mood"] == {"good": [1, None]}
    assert run.read_json("status.json").items() >= {"mood": "good", "step": None, "total": 3}.items()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    ("load", "file"),
    [
        (load_generator, SHIPPED / "cvae-mnist" / "weights" / "epoch-001.safetensors"),
        (load_generator, SHIPPED / "cgan-arabic" / "weights" / "epoch-010.safetensors"),
        (load_reader, SHIPPED / "reader-real-mnist" / "weights" / FILE),
    ],
)
def test_weights_that_are_no_numbers_are_refused(load, file, value, tmp_path):
    with safe_open(file, "pt") as content:
        tensors = {k: content.get_tensor(k) for k in content.keys()}  # noqa: SIM118
        about = content.metadata()
    first = next(k for k, v in tensors.items() if v.is_floating_point())
    tensors[first].view(-1)[0] = value
    (tmp_path / "weights").mkdir()
    save_file(tensors, spoilt := tmp_path / "weights" / file.name, about)
    with torch.inference_mode(), pytest.raises(UserError, match=f"{file.name} holds weights that are no numbers"):
        load(spoilt)
