"""Carry out a study's tasks: train and score generators; train, grade and explain readers."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import numpy as np

from ocrgen.datasets import Characters, geometry_for
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

MISREAD = 400  # misread test images, at most, in a task's result
SCORES = ("lfid_64", "lfid_192", "lfid_768", "fid_2048", "coverage", "density", "precision", "recall", "spread")


class TaskRunner(GeneratorStore):
    """Carries out tasks of one study in this process; data and metric network are read only once.

    Each kind of task (`Cell.kind`) is the method of that name: it returns the result, and Cancelled ends it after
    `stop()` returns True.
    """

    @cached_property
    def extractor(self):
        """The network whose features FID and LFID compare."""
        return load_extractor()

    @cached_property
    def reference(self):
        """Statistics of the real training images, against which generated ones are scored."""
        return find_reference(self.config.dataset, self.extractor)

    def execute(self, cell: Cell, stop: Callable[[], bool]) -> None:
        """Carry out a task and write its result file; an exception is written there too, as its `error`.

        Only Cancelled passes through, after `stop()` returns True.
        """
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            row = getattr(self, cell.kind)(cell, stop)
            row |= {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
        except Exception as fault:
            row = {"error": str(fault) if isinstance(fault, UserError) else f"{type(fault).__name__}: {fault}"}
        write_atomically(self.result_file(cell.key), json.dumps(cell.identity() | row))

    def epoch(self, cell: Cell, stop: Callable[[], bool]) -> dict:
        """Score one epoch of a generator by distances to real images and by a reader trained on its samples."""
        generated = self.sample(cell, cell.epoch)
        trained = self.train(cell, stop, None, generated)
        row = self.grade(cell, trained)
        if cell.seed == 0:
            self.save(cell, trained.reader, row)
        scores = score(generated, self.reference, self.extractor, copies=False)
        row["scores"] = {k: scores[k] for k in SCORES if k in scores}
        return row | {"gan_test": self.gan_test(cell, generated), "n_labelled": len(self.data.train)}

    def reader(self, cell: Cell, stop: Callable[[], bool]) -> dict:
        """Train the reader of a training mix and grade it on the test set.

        Where real and generated images are mixed, one reader is trained per share in `shares`; the best on validation
        data is graded, of equally good ones that with the smallest share.
        """
        arm, config = cell.arm, self.config
        real, generated, row = self.material(cell)
        shares = config.shares if arm.mixed else [1.0]
        by_share = {share: self.train(cell, stop, real, generated, share) for share in shares}
        share = max(by_share, key=lambda s: (by_share[s].validation, -s))
        trained = by_share[share]
        if arm.generator:
            row |= {"share": share, "shares": {s: t.validation for s, t in by_share.items()}}
        graded = self.grade(cell, trained)
        # Readers of real or of generated images alone filter, grade and are explained; of the rest one seed is enough.
        if cell.seed == 0 or not (arm.generator and (arm.real or arm.filtered)):
            self.save(cell, trained.reader, graded)
        return row | graded | robustness(trained.reader, self.data.test, config.n_robustness)

    def material(self, cell: Cell) -> tuple[Characters | None, Characters | None, dict]:
        """The images that a task's reader learns from: real, generated, and a first part of its result.

        Either kind of images is None where the training mix has none. Result: n_labelled; for generated images also
        gan_test, n_synthetic and epoch (None for the last one), and `kept` if filtered.
        """
        arm = cell.arm
        real = self.labelled(cell) if arm.real else None
        paper_generator = arm.generator and self.config.protocol == "paper"
        row: dict = {"n_labelled": len(self.data.train if paper_generator else self.labelled(cell))}
        if not arm.generator:
            return real, None, row
        epoch = self.best_epoch(cell)
        generated = self.sample(cell, epoch)
        if arm.filtered:
            generated, row["kept"] = self.filter(cell, epoch)
        return (
            real,
            generated,
            row | {"gan_test": self.gan_test(cell, generated), "n_synthetic": len(generated), "epoch": epoch},
        )

    def load_or_retrain(self, key: str, stop: Callable[[], bool]) -> Reader:
        """The reader of a finished task; where it was not saved, it is trained again, to the same weights."""
        if not self.reader_file(key).exists():
            cell = next(c for c in plan(self.config) if c.key == key)
            real, generated, _ = self.material(cell)
            return self.train(cell, stop, real, generated, self.result(key).get("share", 1.0)).reader
        return load_reader(self.reader_file(key))[0]

    def saliency(self, cell: Cell, stop: Callable[[], bool]) -> dict:
        """Measure Grad-CAM's maps of a reader: their faithfulness, and agreement with the reader of real images."""
        readers = [self.load_or_retrain(key, stop) for key in cell.needs]
        test = self.data.test.subset(min(self.config.n_saliency, len(self.data.test)), 0)
        real_reader = readers[0] if len(readers) > 1 else None
        row = {"saliency": faithfulness(readers[-1], test.images, cell.seed, real_reader), "n_looked": len(test)}
        return row | {k: self.result(cell.needs[-1])[k] for k in ("n_labelled", "n_validation")}

    def train(
        self,
        cell: Cell,
        stop: Callable[[], bool],
        real: Characters | None,
        synthetic: Characters | None,
        share: float = 1.0,
    ) -> TrainedReader:
        """Train one reader on real images, synthetic ones, or both.

        share: of synthetic images in a batch, if there are both.
        """
        arm, images = cell.arm, synthetic if real is None else real
        assert images is not None  # a training mix has images of at least one kind
        return train_reader(
            images,
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
        """Grade a trained reader on the test set; as part of a task's result.

        The figures of `Graded.figures`, validation accuracy, numbers of images, optimiser steps, scores per class, the
        confusion matrix, and the first misread images: [their indices, the classes read].
        """
        graded = grade(trained.reader, self.data.test)
        return graded.figures() | {
            "validation": trained.validation,
            "n_validation": len(self.validation(cell)),
            "n_test": graded.n,
            "steps": trained.best,
            "per_class": graded.per_class,
            "confusion": graded.confusion,
            "misread": [graded.misread[:MISREAD], graded.read[:MISREAD]],
        }

    def filter(self, cell: Cell, epoch: int | None) -> tuple[Characters, float]:
        """Generated images whose label a reader gives at least probability `confidence`; and their share of all drawn.

        The reader has learned from the same real images as the generator. Twice `samples` are drawn; of each class at
        most its share of `samples` is kept. UserError if no image passes.
        """
        generated = self.sample(cell, epoch, factor=2)
        reader, _ = load_reader(self.reader_file(cell.needs[-1]))
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

    def gan_test(self, cell: Cell, generated: Characters) -> float:
        """GAN-test (Shmelkov et al. 2018): accuracy, on generated images, of a reader trained on all real ones."""
        reader, _ = load_reader(self.reader_file(next(k for k in cell.needs if k.startswith("reader-all+aug"))))
        return grade(reader, generated).accuracy

    def reader_file(self, key: str) -> Path:
        """The weights of a task's reader."""
        return self.run.path / "readers" / f"{key}.safetensors"

    def save(self, cell: Cell, reader: Reader, row: dict) -> None:
        """Save a task's reader, with where it comes from and its validation and test accuracy."""
        metadata = {"arm": cell.arm.name, "dataset": self.config.dataset, "seed": cell.seed, "n": cell.n}
        metadata["geometry"] = asdict(geometry_for(self.config.dataset, self.data.train))
        metadata |= {"epoch": cell.epoch} | {k: row[k] for k in ("validation", "accuracy")}
        save_reader(reader, metadata, self.reader_file(cell.key))
