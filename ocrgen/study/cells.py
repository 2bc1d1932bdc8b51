"""Do one cell of a study: train a generator, score one of its epochs, or train and grade the reader of an arm."""

import json
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np

from ocrgen.datasets import Digits
from ocrgen.imaging.augmentation import augment
from ocrgen.metrics.extractors import load_extractor
from ocrgen.metrics.reference import find_reference
from ocrgen.metrics.scores import score
from ocrgen.readers.checkpoint import load_reader, save_reader
from ocrgen.readers.evaluation import grade, probabilities
from ocrgen.readers.network import Reader
from ocrgen.readers.robustness import robustness
from ocrgen.readers.saliency import faithfulness
from ocrgen.readers.training import TrainedReader, train_reader
from ocrgen.study.generators import GeneratorStore
from ocrgen.study.plan import Cell, plan
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically

MISREAD = 400  # misread test images that a cell remembers
SCORES = ("lfid_64", "lfid_192", "lfid_768", "fid_2048", "coverage", "density", "precision", "recall", "spread")


class Cells(GeneratorStore):
    """Does the cells of one study in this process; data and metric network are read once."""

    @cached_property
    def extractor(self):
        """The metric network."""
        return load_extractor()

    @cached_property
    def reference(self):
        """Real digits to score against: the training images."""
        return find_reference(self.config.dataset, self.extractor)

    def execute(self, cell: Cell, stop: Callable[[], bool]) -> None:
        """Do a cell and write its result; a fault is its result too. Raises Cancelled after `stop()`."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            row = getattr(self, cell.kind)(cell, stop)
            row |= {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
        except Exception as fault:
            row = {"error": str(fault) if isinstance(fault, UserError) else f"{type(fault).__name__}: {fault}"}
        write_atomically(self.file(cell.key), json.dumps(cell.about() | row))

    def epoch(self, cell: Cell, stop: Callable[[], bool]) -> dict:
        """Score a generator's epoch by distance and by what a reader learns from its samples."""
        digits = self.sample(cell, cell.epoch)
        trained = self.read(cell, stop, None, digits)
        row = self.grade(cell, trained)
        if cell.seed == 0:
            self.keep(cell, trained.reader, row)
        scores = score(digits, self.reference, self.extractor, copies=False)
        row["scores"] = {k: scores[k] for k in SCORES if k in scores}
        return row | {"gan_test": self.gan_test(cell, digits), "n_labelled": len(self.data.train)}

    def reader(self, cell: Cell, stop: Callable[[], bool]) -> dict:
        """Train the reader of an arm, the synthetic share chosen on validation data, and grade it on the test set."""
        arm, config = cell.arm, self.config
        real, digits, row = self.material(cell)
        shares = config.shares if arm.mixed else [1.0]
        tried = {share: self.read(cell, stop, real, digits, share) for share in shares}
        share = max(tried, key=lambda s: (tried[s].validation, -s))
        trained = tried[share]
        if arm.generator:
            row |= {"share": share, "shares": {s: t.validation for s, t in tried.items()}}
        graded = self.grade(cell, trained)
        if cell.seed == 0 or not (arm.generator and (arm.real or arm.filtered)):
            self.keep(cell, trained.reader, graded)
        return row | graded | robustness(trained.reader, self.data.test, config.n_robustness)

    def material(self, cell: Cell) -> tuple[Digits | None, Digits | None, dict]:
        """What the reader of an arm learns from: real digits, generated ones, and facts about them."""
        arm = cell.arm
        real = self.labelled(cell) if arm.real else None
        learned = self.data.train if arm.generator and self.config.protocol == "paper" else self.labelled(cell)
        row: dict = {"n_labelled": len(learned)}
        if not arm.generator:
            return real, None, row
        epoch = self.best_epoch(cell)
        digits = self.sample(cell, epoch)
        if arm.filtered:
            digits, row["kept"] = self.filter(cell, epoch)
        return real, digits, row | {"gan_test": self.gan_test(cell, digits), "n_synthetic": len(digits), "epoch": epoch}

    def load_or_retrain(self, key: str, stop: Callable[[], bool]) -> Reader:
        """The reader of a cell that is done; trained again, to the same weights, where it has not been kept."""
        if not self.reader_file(key).exists():
            cell = next(c for c in plan(self.config) if c.key == key)
            real, digits, _ = self.material(cell)
            return self.read(cell, stop, real, digits, self.result(key).get("share", 1.0)).reader
        return load_reader(self.reader_file(key))[0]

    def saliency(self, cell: Cell, stop: Callable[[], bool]) -> dict:
        """Where the reader of an arm looked, how far that can be believed, and how it agrees with the real arm's."""
        readers = [self.load_or_retrain(key, stop) for key in cell.needs]
        digits = self.data.test.subset(min(self.config.n_saliency, len(self.data.test)), 0)
        other = readers[0] if len(readers) > 1 else None
        row = {"saliency": faithfulness(readers[-1], digits.images, cell.seed, other), "n_looked": len(digits)}
        return row | {k: self.result(cell.needs[-1])[k] for k in ("n_labelled", "n_validation")}

    def read(
        self, cell: Cell, stop: Callable[[], bool], real: Digits | None, synthetic: Digits | None, share: float = 1.0
    ) -> TrainedReader:
        """Train one reader."""
        arm, first = cell.arm, synthetic if real is None else real
        assert first is not None  # an arm has real or synthetic images, or both
        return train_reader(
            first,
            self.validation(cell),
            Reader.presets[self.config.reader],
            self.config.full_steps if arm.real == "all" else self.config.steps,
            cell.seed,
            augment=augment if arm.augmented else None,
            synthetic=synthetic if real is not None else None,
            share=share if real is not None and synthetic is not None else 0.0,
            stop=stop,
        )

    def grade(self, cell: Cell, trained: TrainedReader) -> dict:
        """What a reader that has been chosen reads of the test set."""
        graded = grade(trained.reader, self.data.test)
        return graded.figures() | {
            "validation": trained.validation,
            "n_validation": len(self.validation(cell)),
            "n_test": graded.n,
            "steps": trained.best,
            "per_digit": graded.per_digit,
            "confusion": graded.confusion,
            "misread": [graded.misread[:MISREAD], graded.read[:MISREAD]],
        }

    def filter(self, cell: Cell, epoch: int | None) -> tuple[Digits, float]:
        """Samples whose label a reader of the generator's own real images confirms, and the share that it does.

        Up to twice as many are drawn as are wanted; of each digit at most a tenth of `samples` is kept.
        """
        digits = self.sample(cell, epoch, factor=2)
        reader, _ = load_reader(self.reader_file(cell.needs[-1]))
        sure = probabilities(reader, digits.images)[np.arange(len(digits)), digits.labels] >= self.config.confidence
        if not sure.any():
            raise UserError(
                "The filter confirms not one generated image: the generator, or the filter, learned nothing."
            )
        most = self.config.samples // 10
        index = np.concatenate([np.flatnonzero(sure & (digits.labels == c))[:most] for c in range(10)])
        return digits[np.sort(index)], float(sure.mean())

    def gan_test(self, cell: Cell, digits: Digits) -> float:
        """GAN-test (Shmelkov et al. 2018): share of the images that a reader of all real ones reads as meant."""
        reader, _ = load_reader(self.reader_file(next(k for k in cell.needs if k.startswith("reader-all+aug"))))
        return grade(reader, digits).accuracy

    def reader_file(self, key: str) -> Path:
        """Where the reader of a cell is kept."""
        return self.run.path / "readers" / f"{key}.safetensors"

    def keep(self, cell: Cell, reader: Reader, row: dict) -> None:
        """Keep a reader: those that filter, judge or are looked into; of the others one seed."""
        about = {"arm": cell.arm.name, "dataset": self.config.dataset, "seed": cell.seed, "n": cell.n}
        save_reader(reader, about | {"epoch": cell.epoch} | _brief(row), self.reader_file(cell.key))


def _brief(row: dict) -> dict:
    return {k: row[k] for k in ("validation", "accuracy")}
