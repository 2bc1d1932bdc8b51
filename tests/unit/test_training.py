"""The training loop: repeats exactly, resumes exactly, breaks down in words."""

import json

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from ocrgen.datasets import Characters
from ocrgen.generators import generators
from ocrgen.generators.checkpoint import read_metadata
from ocrgen.generators.config import TrainConfig, TrainRequest, auto_epochs, describe
from ocrgen.generators.training import Trainer, run_training
from ocrgen.runs import jobs
from ocrgen.runs.events import CurveReader
from ocrgen.utils.device import pick_device, pick_dtype
from ocrgen.utils.errors import UserError
from tests.helpers.runs import SMALL, StopAt, request, same_weights, train_here

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("model", [name for name, kind in generators().items() if kind.trains])
def test_the_same_seed_repeats_a_run_exactly(store, model):
    one, two = train_here(store, model), train_here(store, model)
    assert same_weights(one, two)
    assert not same_weights(one, train_here(store, model, train={"seed": 1}))
    tables = [CurveReader(r.path).table() for r in (one, two)]
    exact = [t[~t["tag"].str.contains("speed|progress")].reset_index(drop=True) for t in tables]
    assert exact[0].equals(exact[1]) and len(exact[0]) > 5


@pytest.mark.parametrize(("model", "preset"), [("cvae", "fast"), ("cgan", "fast"), ("cgan", "paper"), ("flow", "fast")])
@pytest.mark.parametrize("stop", [1, 7, 10, 13])
def test_a_cancelled_run_ends_as_if_never_stopped(store, small, monkeypatch, never_stopped, model, preset, stop):
    monkeypatch.setattr("ocrgen.generators.training.load_data", lambda name: small)
    config = generators()[model].presets[preset].model_dump() | SMALL.get(model, {}) | {"batch": 32}
    if preset == "paper":  # its dropout draws from the global generator; narrow, since its width is slow
        config |= {"decoder_width": 16, "discriminator_width": 8}
    changes = {"config": config, "train": {"monitor": 0}}  # how a monitor resumes is tested with it
    whole = never_stopped(model, **changes)

    run = store.create("train", request(model, **changes), "stopped")
    stopper = StopAt(stop)
    assert jobs.execute(run, store, lambda run, _: run_training(run, stopper)) == "cancelled"
    assert run.read_status().step == stop
    assert (run.path / "resume.pt").exists()
    assert jobs.execute(run, store, run_training) == "done"
    assert same_weights(whole, run)
    assert not (run.path / "resume.pt").exists()
    steps = CurveReader(run.path).table().query("tag.str.endswith('/train')", engine="python")
    assert not steps.duplicated(["tag", "step"]).any()


def test_a_cancelled_ac_gan_of_an_earlier_version_ends_as_if_never_stopped(store, small, monkeypatch, never_stopped):
    """Version 0.1 called the class head of the paper's discriminator `digit`."""
    monkeypatch.setattr("ocrgen.generators.training.load_data", lambda name: small)
    config = generators()["cgan"].presets["paper"].model_dump()
    config |= {"batch": 32, "decoder_width": 16, "discriminator_width": 8}
    changes = {"config": config, "train": {"monitor": 0}}
    run = store.create("train", request("cgan", **changes), "stopped")
    stopper = StopAt(7)
    assert jobs.execute(run, store, lambda run, _: run_training(run, stopper)) == "cancelled"
    state = torch.load(run.path / "resume.pt", weights_only=True)
    weights = state["model"]["weights"]
    old = {name.replace("discriminator.label.", "discriminator.digit."): value for name, value in weights.items()}
    assert old.keys() != weights.keys()
    state["model"]["weights"] = old
    torch.save(state, run.path / "resume.pt")
    assert jobs.execute(run, store, run_training) == "done"
    assert same_weights(never_stopped("cgan", **changes), run)


def test_what_a_run_leaves(trained):
    for run in trained.list():
        assert run.epochs() == [1, 2, 3] == sorted(run.grids())
        about = read_metadata(run.weights(2))
        assert about["epoch"] == 2 and about["model"] == run.request.settings["model"]
        assert about["data"]["fingerprint"] == run.request.data["train"]["fingerprint"]
        table = CurveReader(run.path).table()
        tags = set(table["tag"])
        assert {"progress/seconds", "speed/images per second"} <= tags
        wanted = {
            "cvae": {
                f"{n}/{part}" for n in ("loss", "reconstruction", "kl", "prior") for part in ("train", "validation")
            },
            "cgan": {
                "discriminator/train",
                "generator/train",
                "verdict/real",
                "verdict/fake",
                "verdict/held-out",
                "r1/train",
            },
        }[run.request.model]
        assert wanted <= tags
        assert run.read_status().step == run.read_status().total == table["step"].max()
        assert not list(run.path.rglob("*.part"))


def test_the_cvae_learns(store):
    run = train_here(store, "cvae", train={"epochs": 6})
    table = CurveReader(run.path).table()
    losses = table[table["tag"] == "loss/validation"]["value"].to_numpy()
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("model", [name for name, kind in generators().items() if kind.trains])
def test_a_training_that_breaks_down_says_where_and_what_to_do(store, model):
    rates = {"lr_generator": 1.0, "lr_discriminator": 1.0} if model == "cgan" else {"lr": 1.0}
    run = store.create("train", request(model, train={"epochs": 30, "precision": "fp32"}, config=rates), "wild")

    def poisoned(run, stop):
        # The last resort where the learning rate alone does not break it: weights that are not numbers.
        kind = generators()[model]
        step = kind.training_step

        def broken(self, images, labels):
            if self.updates == 3:
                with torch.no_grad():
                    next(self.decoder.parameters()).fill_(torch.nan)
            return step(self, images, labels)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kind, "training_step", broken)
            run_training(run, stop)

    with pytest.raises(UserError, match=r"broke down at step \d"):
        jobs.execute(run, store, poisoned)
    error = run.read_status().error
    assert "learning rate" in error and run.state == "failed"


def test_changed_data_are_not_resumed_on(store, small, monkeypatch):
    run = store.create("train", request(), "changed")
    stopper = StopAt(3)
    jobs.execute(run, store, lambda run, _: run_training(run, stopper))
    monkeypatch.setattr("ocrgen.generators.training.load_data", lambda name: small)
    with pytest.raises(UserError, match="is not what it was"):
        jobs.execute(run, store, run_training)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x80\x04cos\nsystem\n(S'touch /tmp/owned'\ntR."])
def test_a_damaged_or_hostile_resume_file_is_refused(store, content):
    run = store.create("train", request(), "damaged")
    stopper = StopAt(3)
    jobs.execute(run, store, lambda run, _: run_training(run, stopper))
    (run.path / "resume.pt").write_bytes(content)
    with pytest.raises(UserError, match=r"resume\.pt is damaged"):
        jobs.execute(run, store, run_training)


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("train", {"epochs": 501}),
        ("train", {"epochs": -1}),
        ("train", {"threads": 0}),
        ("train", {"seed": -1}),
        ("train", {"unknown": 1}),
        ("config", {"batch": 0}),
        ("config", {"batch": 100_000}),
        ("config", {"latent": 10_000}),
        ("config", {"lr": 0}),
        ("config", {"lr": float("nan")}),
        ("config", {"decoder": "huge"}),
    ],
)
def test_settings_out_of_bounds_are_refused_wherever_they_come_from(part, values):
    with pytest.raises(ValidationError):
        TrainRequest.model_validate({"model": "cvae", part: values})


def test_a_request_survives_the_way_through_json():
    values = request("cgan", config={"latent": 33})
    back = TrainRequest.model_validate(json.loads(json.dumps(values)))
    assert back.model_dump(mode="json") == values
    assert back.config.latent == 33 and type(back.config) is generators()["cgan"].Config
    with pytest.raises(ValidationError, match="no generator 'quill'"):
        TrainRequest.model_validate({"model": "quill"})


def test_the_command_repeats_the_request():
    values = request("cgan", train={"epochs": 4, "seed": 7}, config={"lr_generator": 0.005})
    command = describe(TrainRequest.model_validate(values))
    assert command.startswith("python -m ocrgen train cgan --dataset digits --preset fast")
    assert "--epochs 4" in command and "--seed 7" in command and "--lr-generator 0.005" in command


def test_small_data_get_more_epochs_and_batches_that_fit(store, small):
    run = store.create("train", request(), "small")
    model = generators()["cvae"](generators()["cvae"].presets["fast"])
    few = small._replace(train=small.train.subset(40, 0))
    trainer = Trainer(model, few, TrainConfig(), run)
    assert (trainer.batch, trainer.steps_per_epoch, trainer.epochs) == (40, 1, 500)


@pytest.mark.parametrize(
    ("n", "k", "batch", "epochs"),
    [
        (54_999, 10, 128, 10),  # MNIST
        (1_317, 10, 128, 150),  # the bundled digits: so many epochs make 1,500 steps
        (12_040, 28, 128, 59),  # Arabic letters: each class is seen 25,000 times
        (460, 6, 128, 500),
        (60, 2, 60, 500),
        (100_000, 100, 128, 25),
    ],
)
def test_epochs_are_more_where_images_or_those_of_a_class_are_few(n, k, batch, epochs):
    classes = tuple(f"class {c}" for c in range(k))
    train = Characters(np.zeros((n, 28, 28), np.uint8), np.arange(n) % k, classes, "blank")
    assert auto_epochs(train, batch) == epochs


def test_every_image_is_seen_once_an_epoch(store, small):
    run = store.create("train", request(), "order")
    model = generators()["cvae"](generators()["cvae"].presets["fast"])
    trainer = Trainer(model, small, TrainConfig(), run)
    first, second = trainer.epoch_order(0), trainer.epoch_order(1)
    assert sorted(first.tolist()) == list(range(len(small.train)))
    assert not torch.equal(first, second)
    assert torch.equal(first, trainer.epoch_order(0))


def test_images_reach_the_model_once_scaled_upright_and_white_on_black(store, small, monkeypatch):
    """The first implementation lost its results to a double division by 255 and a transposed test set."""
    seen = []
    kind = generators()["cvae"]
    step = kind.training_step
    monkeypatch.setattr(kind, "training_step", lambda self, x, y: seen.append((x.clone(), y)) or step(self, x, y))
    monkeypatch.setattr("ocrgen.generators.training.load_data", lambda name: small)
    train_here(store, "cvae", train={"epochs": 1}, config={"batch": 64})
    images = torch.cat([x for x, _ in seen])
    assert images.min() == 0 and images.max() == 1
    originals = {i.tobytes() for i in small.train.images}
    assert all((i[0] * 255).round().to(torch.uint8).numpy().tobytes() in originals for i in images)


def test_device_and_precision_are_chosen_by_what_is_there():
    assert pick_device("cpu").type == "cpu"
    assert pick_dtype(torch.device("cpu"), "fp32") == torch.float32
    assert pick_dtype(torch.device("cpu"), "bf16") == torch.bfloat16
    if not torch.cuda.is_available():
        with pytest.raises(UserError, match="No CUDA"):
            pick_device("cuda")
