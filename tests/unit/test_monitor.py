"""A training that watches LFID of its own samples: its best epoch, its end, and what that may not change."""

import numpy as np
import pytest
import torch

from ocrgen.datasets import load_data
from ocrgen.generators.monitor import Monitor, MonitorConfig
from ocrgen.generators.training import run_training
from ocrgen.metrics.extractors import load_extractor
from ocrgen.runs import jobs
from ocrgen.runs.events import CurveReader
from ocrgen.runs.run import RunError
from ocrgen.utils.errors import UserError
from tests.helpers.alphabets import alphabet
from tests.helpers.runs import StopAt, request, same_weights, train_here

pytestmark = pytest.mark.slow


def test_the_monitor_marks_the_best_epoch_and_samples_use_it(store):
    run = train_here(store, "cvae", train={"epochs": 6, "monitor": 1})
    status = run.read_status()
    table = CurveReader(run.path).table()
    scores = table[table["tag"] == "lfid_192/samples"]
    assert len(scores) == 6 and {"lfid_64/samples", "spread/samples"} <= set(table["tag"])
    best = int(scores.loc[scores["value"].idxmin(), "step"]) // status.per_epoch
    assert status.best_epoch == best == run.best_epoch()
    assert run.weights().name == f"epoch-{best:03d}.safetensors"
    assert status.monitor_seconds > 0


def test_training_stops_when_the_score_has_stopped_falling(store):
    # No score can fall by 99 % each time: the second one exhausts a patience of one.
    run = train_here(store, "cvae", train={"epochs": 40, "monitor": 1, "patience": 1, "min_gain": 0.99})
    status = run.read_status()
    assert status.state == "done" and status.step < status.total
    assert "has not fallen for 1 scores" in status.stopped and "LFID-192" in status.stopped
    assert len(run.epochs()) < 40


@pytest.mark.parametrize("stop", [5, 25])
def test_a_monitored_run_resumes_to_the_same_end(store, never_stopped, stop):
    settings = {"train": {"epochs": 8, "monitor": 3000, "patience": 2, "min_gain": 0.9}}
    whole = never_stopped("cvae", **settings)
    run = store.create("train", request("cvae", **settings), "stopped")
    stopper = StopAt(stop)
    jobs.execute(run, store, lambda run, _: run_training(run, stopper))
    assert jobs.execute(run, store, run_training) == "done"
    assert same_weights(whole, run)
    keys = {"best_epoch", "best", "step", "stopped"}
    assert run.read_status().model_dump(include=keys) == whole.read_status().model_dump(include=keys)


def test_watching_changes_no_weight(store):
    one = train_here(store, "cgan", train={"monitor": 1})
    other = train_here(store, "cgan", train={"monitor": 0})
    assert one.weights(2).read_bytes()[-1000:] == other.weights(2).read_bytes()[-1000:]
    assert "best_epoch" not in other.read_status().model_fields_set and other.best_epoch() == 2


def test_the_monitor_sees_a_collapse():
    train = load_data("digits").train
    monitor = Monitor(train, load_extractor(), 0, MonitorConfig(1, "lfid_64", 0, 0.0))
    means = torch.from_numpy(np.stack([train.images[train.labels == c].mean(0).astype(np.uint8) for c in range(10)]))

    class Mean:
        def sample(self, labels, generator):
            noise = torch.randint(0, 3, (len(labels), 28, 28), generator=generator)
            return (means[labels] + noise).clamp(0, 255).to(torch.uint8)

    monitor.score(Mean(), 1, 100)
    assert monitor.status()["collapsed"]


class Redrawn:
    """A generator whose samples are training images under noise that changes from epoch to epoch."""

    def __init__(self, train):
        self.train, self.noise = train, 0

    def sample(self, labels, generator):
        images = np.stack([self.train.images[self.train.labels == c][i % 30] for i, c in enumerate(labels.tolist())])
        noise = torch.randint(0, self.noise + 1, images.shape, generator=generator)
        return torch.maximum(torch.from_numpy(images), noise.to(torch.uint8))


@pytest.mark.parametrize("k", [3, 28])
def test_any_number_of_classes_is_watched_and_stopped_for_lack_of_progress(k):
    train = alphabet(k).train
    monitor = Monitor(train, load_extractor(), 0, MonitorConfig(100, "lfid_192", 2, 0.0))
    counts = torch.bincount(monitor.labels)
    assert len(counts) == k and (counts == counts[0]).all() and 1900 < len(monitor.labels) <= 2000
    generator, values = Redrawn(train), []
    for epoch, generator.noise in enumerate((60, 20, 40, 80), 1):
        assert monitor.due(100 * epoch) and not monitor.stop_reason()
        values.append(monitor.score(generator, epoch, 100 * epoch)["lfid_192"])
    assert min(values) == values[1] and monitor.status()["best_epoch"] == 2 and not monitor.status()["collapsed"]
    assert monitor.stop_reason().startswith("LFID-192 has not fallen for 2 scores; the best is epoch 2")


class Blank:
    def sample(self, labels, generator):
        return torch.zeros(len(labels), 28, 28, dtype=torch.uint8)


def test_samples_that_are_all_alike_are_a_collapse_and_no_end(store):
    monitor = Monitor(load_data("digits").train, load_extractor(), 0, MonitorConfig(1, "lfid_64", 2, 0.0))
    for epoch in (1, 2):
        assert monitor.score(Blank(), epoch, 100 * epoch) == {"spread": 0}
    run = store.create("nothing", {}, "x")
    run.update(**monitor.status())
    assert run.read_status().collapsed and run.state != "damaged"
    assert monitor.stop_reason() == "LFID-64 has not fallen for 2 scores; all samples were alike."


def test_training_images_that_are_all_alike_are_learned_unwatched(store, tmp_path):
    one = load_data("digits").train.images[:1]
    np.savez(tmp_path / "one.npz", images=one.repeat(100, 0), labels=np.arange(100) % 10)
    run = train_here(store, "cvae", dataset=str(tmp_path / "one.npz"), train={"monitor": 1})
    assert run.read_status().note == "LFID is not watched: the training images are all alike."


def test_a_missing_metric_network_does_not_stop_a_training(store, monkeypatch):
    def gone(*_):
        raise UserError("digitnet is not here.")

    monkeypatch.setattr("ocrgen.generators.training.load_extractor", gone)
    run = train_here(store)
    assert "LFID is not watched: digitnet is not here." in run.read_status().note


def test_best_epoch_needs_weights(store):
    with pytest.raises(RunError, match="no weights yet"):
        store.create("train", request(), "fresh").best_epoch()
