"""The generators of a study: trained, each in a run folder inside the study's, and sampled."""

import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from ocrgen.datasets import Characters, Splits, load_data
from ocrgen.generators import generators
from ocrgen.generators.checkpoint import load_generator
from ocrgen.generators.config import TrainConfig, TrainRequest
from ocrgen.generators.sampling import draw_total
from ocrgen.generators.training import Trainer
from ocrgen.metrics.measures.memorisation import memorised
from ocrgen.runs.run import Run
from ocrgen.study.plan import Arm, Cell, StudyConfig
from ocrgen.study.sizes import check
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically
from ocrgen.utils.threads import configure_threads

COPIES, HELD_OUT = 1000, 2000  # samples that are compared with training images, and new handwriting likewise


class GeneratorStore:
    """The data set, result files and generators of one study."""

    def __init__(self, run: Run):
        self.run = run
        self.config = StudyConfig.model_validate(run.request.settings)
        configure_threads(self.config.threads)

    @cached_property
    def data(self) -> Splits:
        """The data set. UserError if it is too small, or has changed since the study began."""
        data = load_data(self.config.dataset)
        check(self.config, data.train)
        if self.run.request.data not in (None, data.facts()):
            raise UserError(f"{self.config.dataset} is not what it was when {self.run.name} began: start a new study.")
        return data

    def result_file(self, key: str) -> Path:
        """The result file of the task `key`."""
        return self.run.path / "cells" / f"{key}.json"

    def result(self, key: str) -> dict:
        """The result of the task `key`, which must have ended."""
        return json.loads(self.result_file(key).read_bytes())

    def labelled(self, cell: Cell) -> Characters:
        """The task's real labelled images: n of the training set, drawn with its seed; all if n is 0."""
        return self.data.train.subset(cell.n, cell.seed) if cell.n else self.data.train

    def validation(self, cell: Cell) -> Characters:
        """The task's validation images, drawn with its seed: at most `validation` of the settings.

        Under the fair protocol also at most n, since they are labelled too; all for tasks with n = 0.
        """
        count = len(self.data.validation)
        if cell.n:
            count = min(count, self.config.validation, cell.n if self.config.protocol == "fair" else count)
        return self.data.validation.subset(count, cell.seed)

    def generator_run(self, cell: Cell) -> Run:
        """The run of the generator that a task trains or samples, in a folder inside the study's."""
        n = 0 if self.config.protocol == "paper" else cell.n
        return Run(self.run.path / "generators" / Cell("generator", cell.seed, n, generator_arm(cell)).key)

    def generator(self, cell: Cell, stop: Callable[[], bool]) -> dict:
        """Train a generator on the task's labelled images, or resume its training; returns the task's result.

        Cancelled after `stop()` returns True.
        """
        config, run = self.config, self.generator_run(cell)
        train = self.labelled(cell)
        model = generators()[cell.arm.generator]
        loop = TrainConfig(
            epochs=config.epochs, seed=cell.seed, threads=config.threads, monitor=0 if cell.n else 40_000, keep=0
        )
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
        data = Splits(repeated, self.validation(cell), self.data.test)
        trainer = Trainer(model(request.config, train.classes), data, loop, run)
        trainer.fit(stop, lambda step, total: None)
        (run.path / "resume.pt").unlink(missing_ok=True)
        if cell.n:  # the fair protocol samples the last epoch only
            for epoch in run.epochs()[:-1]:
                run.weights(epoch).unlink()
        run.update(state="done")
        told = {"n_labelled": len(train), "training_seconds": trainer.seconds, "steps": trainer.total}
        return told | {"memorised": self.memorised(cell, train)}

    def memorised(self, cell: Cell, train: Characters) -> float:
        """Share of COPIES samples of the task's generator that are as near to one of its training images as 1 % of new
        handwriting is: far more than 0.01 means that it redraws them. Of held-out images no label is used.
        """
        drawn = self.sample(cell, None).images[:COPIES]
        held_out = self.data.validation.images[:HELD_OUT]
        return float(memorised(drawn, train.images, held_out, train_labels=train.labels)["share"])

    def sample(self, cell: Cell, epoch: int | None, factor: float = 1.0) -> Characters:
        """Images drawn from the task's generator as it was after `epoch`, the last one if None.

        samples x factor of them, as many of each class, drawn with the task's seed.
        """
        run = self.generator_run(cell)
        file = run.weights(epoch or run.epochs()[-1])
        return draw_total(load_generator(file), int(self.config.samples * factor), cell.seed, generator_arm(cell).name)

    def best_epoch(self, cell: Cell) -> int | None:
        """The epoch to sample: of the paper's protocol, that whose reader has the best validation accuracy.

        None, for the last one, under the fair protocol.
        """
        if self.config.protocol == "fair":
            return None
        keys = {e: Cell("epoch", cell.seed, 0, generator_arm(cell), e).key for e in range(1, self.config.epochs + 1)}
        return max(keys, key=lambda e: (self.result(keys[e])["validation"], e))


def generator_arm(cell: Cell) -> Arm:
    """The training mix of the task's generator alone."""
    return Arm(generator=cell.arm.generator)
