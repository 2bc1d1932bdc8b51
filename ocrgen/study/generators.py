"""The synthetic images of a study: its generators, trained or drawing by themselves, and what the filter keeps."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch

from ocrgen.datasets import Characters, Splits, geometry_for
from ocrgen.generators import generators
from ocrgen.generators.base import GenerativeModel
from ocrgen.generators.checkpoint import load_generator
from ocrgen.generators.config import TrainConfig, TrainRequest
from ocrgen.generators.sampling import draw_total
from ocrgen.generators.training import Trainer
from ocrgen.generators.untrained import ready
from ocrgen.metrics.measures.memorisation import memorised
from ocrgen.readers.evaluation import probabilities
from ocrgen.readers.network import Reader
from ocrgen.runs.run import Run
from ocrgen.study.arms import OWN, PSEUDO, Arm, trained
from ocrgen.study.data import StudyData
from ocrgen.study.plan import Cell
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically

COPIES, HELD_OUT = 1000, 2000  # samples that are compared with training images, and new handwriting likewise


class GeneratorStore(StudyData):
    """The generators of one study, and what they draw."""

    def lessons(self, cell: Cell) -> Characters:
        """The labelled images that a task's generator learns from; of a pool also those that readers labelled."""
        if self.config.protocol == "paper":
            train = self.data.train
            n = self.config.generator_n
            return train.subset(min(n, len(train)), cell.seed) if n else train
        real = self.labelled(cell)
        return joined(real, self.pseudo_labelled(cell)) if self.config.protocol == "pool" else real

    def pseudo_labelled(self, cell: Cell) -> Characters:
        """The pool's images that the task `pseudo` could label, with these labels."""
        pool = self.pool(cell)
        with np.load(self.run.path / "pool" / f"{pseudo_key(cell)}.npz", allow_pickle=False) as kept:
            return replace(pool, labels=kept["labels"].astype(np.int64))[np.flatnonzero(kept["sure"])]

    def generator_run(self, cell: Cell) -> Run:
        """The run of the generator that a task trains or samples, in a folder inside the study's."""
        n = 0 if self.config.protocol == "paper" else cell.n
        return Run(self.run.path / "generators" / Cell("generator", cell.seed, n, generator_arm(cell)).key)

    def generator(self, cell: Cell, stop: Callable[[], bool]) -> dict:
        """Train a generator on the task's images, or resume its training; returns the task's result.

        Cancelled after `stop()` returns True.
        """
        config, run = self.config, self.generator_run(cell)
        train = self.lessons(cell)
        model = generators()[cell.arm.generator]
        loop = TrainConfig(
            epochs=config.epochs,
            seed=cell.seed,
            threads=config.threads,
            monitor=0 if cell.n or config.generator_n else 40_000,
            keep=0,
        )
        if config.preset not in model.presets:
            raise UserError(f"{model.name} has no preset {config.preset!r}: choose from {', '.join(model.presets)}.")
        request = TrainRequest(
            dataset=config.dataset,
            model=model.name,
            preset=config.preset,
            train=loop,
            config=model.presets[config.preset],
        )
        run.path.mkdir(parents=True, exist_ok=True)
        settings = request.model_dump(mode="json")
        request_json = {"verb": "train", "settings": settings, "label": "", "number": cell.seed + 1, "created": ""}
        write_atomically(run.path / "run.json", json.dumps(request_json, indent=1))
        torch.manual_seed(cell.seed)
        # The same labelled images, repeated until an epoch is long enough to be worth its overhead.
        repeats = max(1, -(-config.min_epoch_images // len(train)))
        repeated = train[np.tile(np.arange(len(train)), repeats)]
        splits = self.splits(cell.seed)
        trainer = Trainer(model(request.config, train.classes), Splits(repeated, *splits[1:]), loop, run)
        trainer.fit(stop, lambda step, total: None)
        (run.path / "resume.pt").unlink(missing_ok=True)
        if config.protocol != "paper":  # which alone samples other epochs than the last
            for epoch in run.epochs()[:-1]:
                run.weights(epoch).unlink()
        run.update(state="done")
        told = {"n_labelled": len(self.labelled(cell)) if cell.n else len(train), "n_images": len(train)}
        told |= {"training_seconds": trainer.seconds, "steps": trainer.total}
        return told | {"memorised": self.memorised(cell, train)}

    def memorised(self, cell: Cell, train: Characters) -> float:
        """Share of COPIES samples of the task's generator that are as near to one of its training images as 1 % of new
        handwriting is: far more than 0.01 means that it redraws them. Of held-out images no label is used.
        """
        drawn = self.sample(cell, None).images[:COPIES]
        held_out = self.splits(cell.seed).validation.images[:HELD_OUT]
        return float(memorised(drawn, train.images, held_out, train_labels=train.labels)["share"])

    def sample(self, cell: Cell, epoch: int | None, factor: float = 1.0) -> Characters:
        """The task's synthetic images: of a trained generator as it was after `epoch`, the last one if None.

        samples x factor of them, as many of each class, drawn with the task's seed; of the engineer's own all.
        """
        name, count = cell.arm.generator, int(self.config.samples * factor)
        if name == OWN:
            assert self.own is not None
            return self.own
        if not trained(name):
            return self._rendered(name, self.config.sizes()[0] if cell.arm.alone else cell.n, cell.seed, count)
        run = self.generator_run(cell)
        file = run.weights(epoch or run.epochs()[-1])
        return draw_total(load_generator(file), count, cell.seed, generator_arm(cell).name)

    @lru_cache(maxsize=2)  # noqa: B019 - drawing takes seconds, and several training mixes use the same images
    def _rendered(self, name: str, n: int, seed: int, count: int) -> Characters:
        """Images of a generator that is not trained, in the look of n real images, whose labels it does not use."""
        return draw_total(self.prepared(name, n, seed), count, seed, name)

    def prepared(self, name: str, n: int, seed: int) -> GenerativeModel:
        """A generator that is not trained, in the look and layout of n real images."""
        seen = self.labelled(Cell("reader", seed, n, Arm("real")))
        return ready(name, seen.classes, geometry_for(self.config.dataset, seen), seen.images)

    def filter(self, cell: Cell, epoch: int | None, reader: Reader) -> tuple[Characters, float]:
        """Generated images whose label `reader` gives at least probability `confidence`; and their share of all drawn.

        The reader has learned from the same real images as the generator. Twice `samples` are drawn; of each class at
        most its share of `samples` is kept. UserError if no image passes.
        """
        generated = self.sample(cell, epoch, factor=2)
        confirmed = (
            probabilities(reader, generated.images)[np.arange(len(generated)), generated.labels]
            >= self.config.confidence
        )
        if not confirmed.any():
            raise UserError(
                "The filter confirms no generated image at all: the generator or the filter has learned nothing."
            )
        per_class = -(-self.config.samples // generated.n_classes)
        by_class = [np.flatnonzero(confirmed & (generated.labels == c)) for c in range(generated.n_classes)]
        index = np.concatenate([found[:per_class] for found in by_class])
        return generated[np.sort(index)], float(confirmed.mean())

    def best_epoch(self, cell: Cell) -> int | None:
        """The epoch to sample: of the paper's protocol, that whose reader has the best validation accuracy.

        None, for the last one, under the other protocols.
        """
        if self.config.protocol != "paper" or not cell.arm.generator:
            return None
        keys = {e: Cell("epoch", cell.seed, 0, generator_arm(cell), e).key for e in self.config.scored_epochs()}
        return max(keys, key=lambda e: (self.result(keys[e])["validation"], e))


def generator_arm(cell: Cell) -> Arm:
    """The training mix of the task's generator alone."""
    return Arm(generator=cell.arm.generator)


def pseudo_key(cell: Cell) -> str:
    """The key of the task that labels the pool for another task."""
    return Cell("pseudo", cell.seed, cell.n, Arm(pool=PSEUDO)).key


def joined(a: Characters, b: Characters) -> Characters:
    """All images of both, which have the same classes."""
    return Characters(
        np.concatenate([a.images, b.images]), np.concatenate([a.labels, b.labels]), a.classes, f"{a.name} and {b.name}"
    )
