"""The generators of a study: each trained on the images of its cell in a run folder of its own, and drawn from."""

import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from ocrgen.datasets import Digits, Splits, load_digits
from ocrgen.generators import generators
from ocrgen.generators.checkpoint import load_generator
from ocrgen.generators.config import TrainConfig, TrainRequest
from ocrgen.generators.sampling import draw
from ocrgen.generators.training import Trainer
from ocrgen.runs.run import Run
from ocrgen.study.plan import Arm, Cell, StudyConfig, check
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically
from ocrgen.utils.threads import configure_threads


class GeneratorStore:
    """The data of a study, and its generators: trained, found again, and drawn from."""

    def __init__(self, run: Run):
        self.run = run
        self.config = StudyConfig.model_validate(run.request.settings)
        configure_threads(self.config.threads)

    @cached_property
    def data(self) -> Splits:
        """The data set; UserError if it is too small, or not what it was when the study began."""
        data = load_digits(self.config.dataset)
        check(self.config, len(data.train))
        if self.run.request.data not in (None, data.facts()):
            raise UserError(f"{self.config.dataset} is not what it was when {self.run.name} began: start a new study.")
        return data

    def file(self, key: str) -> Path:
        """Where a cell's result stands."""
        return self.run.path / "cells" / f"{key}.json"

    def result(self, key: str) -> dict:
        """The result of a cell that has been done."""
        return json.loads(self.file(key).read_bytes())

    def labelled(self, cell: Cell) -> Digits:
        """The real labelled images of a cell: n of them, drawn by its seed over all writers; all if n is 0."""
        return self.data.train.subset(cell.n, cell.seed) if cell.n else self.data.train

    def validation(self, cell: Cell) -> Digits:
        """Labelled images to choose by: fair: at most as many as there are to learn from; all for the ceiling."""
        most = len(self.data.validation)
        if cell.n:
            most = min(most, self.config.validation, cell.n if self.config.protocol == "fair" else most)
        return self.data.validation.subset(most, cell.seed)

    def generator_run(self, cell: Cell) -> Run:
        """The run folder, inside the study's, of the generator that a cell trains or draws from."""
        n = 0 if self.config.protocol == "paper" else cell.n
        return Run(self.run.path / "generators" / Cell("generator", cell.seed, n, only(cell)).key)

    def generator(self, cell: Cell, stop: Callable[[], bool]) -> dict:
        """Train a generator on the cell's images; its run resumes where it was killed."""
        config, run = self.config, self.generator_run(cell)
        train = self.labelled(cell)
        kind = generators()[cell.arm.generator]
        loop = TrainConfig(
            epochs=config.epochs, seed=cell.seed, threads=config.threads, monitor=0 if cell.n else 40_000, keep=0
        )
        request = TrainRequest(
            dataset=config.dataset,
            model=kind.name,
            preset=config.preset,
            train=loop,
            config=kind.presets[config.preset],
        )
        run.path.mkdir(parents=True, exist_ok=True)
        settings = request.model_dump(mode="json")
        about = {"verb": "train", "settings": settings, "label": "", "number": cell.seed + 1, "created": ""}
        write_atomically(run.path / "run.json", json.dumps(about, indent=1))
        torch.manual_seed(cell.seed)
        # Repeated, not enlarged: the same labelled images, in epochs long enough to be worth their overhead.
        times = max(1, -(-config.min_epoch_images // len(train)))
        repeated = train[np.tile(np.arange(len(train)), times)]
        data = Splits(repeated, self.validation(cell), self.data.test)
        trainer = Trainer(kind(request.config), data, loop, run)
        trainer.fit(stop, lambda step, total: None)
        (run.path / "resume.pt").unlink(missing_ok=True)
        if cell.n:
            for epoch in run.epochs()[:-1]:
                run.weights(epoch).unlink()
        run.update(state="done")
        return {"n_labelled": len(train), "training_seconds": trainer.seconds, "steps": trainer.total}

    def sample(self, cell: Cell, epoch: int | None, factor: float = 1.0) -> Digits:
        """Images drawn by the cell's generator after an epoch; the last one if None."""
        run = self.generator_run(cell)
        file = run.weights(epoch or run.epochs()[-1])
        return draw(load_generator(file), int(self.config.samples * factor) // 10, cell.seed, only(cell).name)

    def best_epoch(self, cell: Cell) -> int | None:
        """Protocol paper: the epoch whose samples taught a reader best, on validation data; fair: the last one."""
        if self.config.protocol == "fair":
            return None
        keys = {e: Cell("epoch", cell.seed, 0, only(cell), e).key for e in range(1, self.config.epochs + 1)}
        return max(keys, key=lambda e: (self.result(keys[e])["validation"], e))


def only(cell: Cell) -> Arm:
    """The arm of a cell's generator by itself."""
    return Arm(generator=cell.arm.generator)
