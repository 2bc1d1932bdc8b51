"""Carry out a study's tasks: train and score generators; label a pool; train, grade and explain readers."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cached_property
from io import BytesIO
from pathlib import Path

import numpy as np
from torch import Generator, Tensor

from ocrgen.datasets import Characters, geometry_for
from ocrgen.imaging.augmentation import augment
from ocrgen.imaging.corruptions import with_noise
from ocrgen.metrics.extractors import load_extractor
from ocrgen.metrics.reference import find_reference
from ocrgen.metrics.scores import score
from ocrgen.readers.checkpoint import load_reader, save_reader
from ocrgen.readers.evaluation import grade, probabilities
from ocrgen.readers.network import Reader
from ocrgen.readers.saliency import faithfulness
from ocrgen.readers.training import train_reader
from ocrgen.runs.run import Run
from ocrgen.study.arms import BAR, LABELS, Arm
from ocrgen.study.generators import GeneratorStore, joined, pseudo_key
from ocrgen.study.grading import corrupted, graded
from ocrgen.study.plan import Cell
from ocrgen.utils.device import computing_in, pick_device
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically
from ocrgen.utils.threads import configure_threads

SCORES = ("lfid_64", "lfid_192", "lfid_768", "fid_2048", "coverage", "density", "precision", "recall", "spread")
FURTHER = 1000  # between the seeds of a task's readers, more than a study has seeds
ROUNDS = 2  # of pseudo-labels: what the second labels is labelled better, and later ones hardly differ


class TaskRunner(GeneratorStore):
    """Carries out tasks of one study in this process; data and metric network are read only once.

    Each kind of task (`Cell.kind`) is the method of that name: it returns the result, and Cancelled ends it after
    `stop()` returns True.
    """

    def __init__(self, run: Run):
        super().__init__(run)
        configure_threads(self.config.threads)

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
            with computing_in(self.run.request.precision or self.config.precision):
                row = getattr(self, cell.kind)(cell, stop)
            row |= {"seconds": time.perf_counter() - wall}
            if pick_device().type == "cpu":  # else a GPU did the work
                row["cpu_seconds"] = time.process_time() - cpu
        except Exception as fault:
            row = {"error": str(fault) if isinstance(fault, UserError) else f"{type(fault).__name__}: {fault}"}
        write_atomically(self.result_file(cell.key), json.dumps(cell.identity() | row))

    def epoch(self, cell: Cell, stop: Callable[[], bool]) -> dict:
        """Score one epoch of a generator by distances to real images and by a reader trained on its samples."""
        generated = self.sample(cell, cell.epoch)
        reader = self.train(cell, stop, None, generated)
        row = self.graded(cell, [reader])
        validation = grade(reader, self.validation(cell))
        row |= {"validation": validation.accuracy, "n_validation": validation.n}
        if cell.seed == 0:
            self.save(cell, reader, row)
        scores = score(generated, self.reference, self.extractor, copies=False)
        row["scores"] = {k: scores[k] for k in SCORES if k in scores}
        return row | {"gan_test": self.gan_test(cell, generated), "n_labelled": len(self.lessons(cell))}

    def pseudo(self, cell: Cell, stop: Callable[[], bool]) -> dict:
        """Label the pool: by the reader of real images first, then by one that has learned from that too.

        Writes the labels, and saves the last reader, which filters what generators draw.
        """
        real, pool = self.labelled(cell), self.pool(cell)
        reader = self.trained(bar_key(cell))
        certain = probabilities(reader, pool.images)
        for _ in range(ROUNDS - 1):
            kept = np.flatnonzero(certain.max(1) >= self.config.confidence)
            known = replace(pool, labels=certain.argmax(1))[kept]
            mix = Cell("pseudo", cell.seed, cell.n, Arm("real", True))
            reader = self.train(mix, stop, joined(real, known), None)
            certain = probabilities(reader, pool.images)
        labels, sure = certain.argmax(1), certain.max(1) >= self.config.confidence
        right = labels == pool.labels
        row = {"kept": float(sure.mean()), "pseudo_accuracy": float(right[sure].mean()) if sure.any() else 0.0}
        row |= {"n_labelled": len(real), "n_unlabelled": len(pool)}
        buffer = BytesIO()
        np.savez_compressed(buffer, labels=labels.astype(np.uint16), sure=sure)
        self.run.folder("pool")
        write_atomically(self.run.path / "pool" / f"{cell.key}.npz", buffer.getvalue())
        self.save(cell, reader, {"accuracy": row["pseudo_accuracy"]})
        return row

    def reader(self, cell: Cell, stop: Callable[[], bool]) -> dict:
        """Train the readers of a training mix, and grade them on the test set: every one as its last step left it."""
        real, generated, row = self.material(cell)
        count = 1 if cell.arm.real == "all" else self.config.readers_per_task
        readers = [self.train(cell, stop, real, generated, cell.seed + FURTHER * i) for i in range(count)]
        row |= self.graded(cell, readers)
        self.save(cell, readers[0], row)
        return row

    def material(self, cell: Cell) -> tuple[Characters | None, Characters | None, dict]:
        """The images that a task's readers learn from: real, generated, and a first part of its result.

        Either kind of images is None where the training mix has none. Result: n_labelled, and n_unlabelled of a pool;
        for generated images also gan_test, n_synthetic and epoch (None for the last one), and `kept` if filtered.
        """
        arm, pooled = cell.arm, self.config.protocol == "pool"
        real = self.labelled(cell) if arm.real else None
        row: dict = {"n_labelled": 0 if arm.alone else len(self.labelled(cell))}
        if pooled and cell.n and (arm.pool or arm.filtered):
            row["n_unlabelled"] = len(self.pool(cell)) if arm.pool != LABELS else 0
        if real is not None and arm.pool:
            real = joined(real, self.pool(cell) if arm.pool == LABELS else self.pseudo_labelled(cell))
            row["n_labelled"] = len(real) if arm.pool == LABELS else row["n_labelled"]
        if not arm.generator:
            return real, None, row
        if self.config.protocol == "paper":
            row["n_labelled"] = len(self.lessons(cell))
        epoch = self.best_epoch(cell)
        if arm.filtered:
            generated, row["kept"] = self.filter(cell, epoch, self.trained(self.judge(cell)))
        else:
            generated = self.sample(cell, epoch)
        gan_test = self.gan_test(cell, generated)
        return real, generated, row | {"gan_test": gan_test, "n_synthetic": len(generated), "epoch": epoch}

    def judge(self, cell: Cell) -> str:
        """The key of the task whose reader filters: it has learned from the images that the generator learns from."""
        if self.config.protocol == "paper":
            return Cell("reader", cell.seed, 0, Arm("all")).key
        return pseudo_key(cell) if self.config.protocol == "pool" else bar_key(cell)

    def saliency(self, cell: Cell, stop: Callable[[], bool]) -> dict:
        """Measure Grad-CAM's maps of a reader: their faithfulness, and agreement with the reader of real images."""
        readers = [load_reader(self.reader_file(key))[0] for key in cell.needs]
        test = self.splits(cell.seed).test
        test = test.subset(min(self.config.n_saliency, len(test)), 0)
        real_reader = readers[0] if len(readers) > 1 else None
        row = {"saliency": faithfulness(readers[-1], test.images, cell.seed, real_reader), "n_looked": len(test)}
        return row | {k: self.result(cell.needs[-1])[k] for k in ("n_labelled",)}

    def train(
        self,
        cell: Cell,
        stop: Callable[[], bool],
        real: Characters | None,
        synthetic: Characters | None,
        seed: int | None = None,
    ) -> Reader:
        """Train one reader on real images, synthetic ones, or both; seed: its own, the task's if None."""
        arm, images = cell.arm, synthetic if real is None else real
        assert images is not None  # a training mix has images of at least one kind
        mixed = real is not None and synthetic is not None
        return train_reader(
            images,
            None,
            Reader.presets[self.config.reader],
            self.config.full_steps if arm.real == "all" else self.steps(cell),
            cell.seed if seed is None else seed,
            augment=(_noisy if arm.noise else augment) if arm.augmented else None,
            synthetic=synthetic if mixed else None,
            share=self.config.share if mixed else 0.0,
            stop=stop,
        ).reader

    def steps(self, cell: Cell) -> int:
        """Optimiser steps of a task's readers, the same for all training mixes of a size.

        Without labelled images as many as with the fewest; twice as many under protocol pool, whose images are many.
        """
        pooled = self.config.protocol == "pool" and not self.config.steps
        n = cell.n or min(self.config.sizes())
        return self.config.steps_at(n, self.data.train.n_classes) * (1 + pooled)

    def graded(self, cell: Cell, readers: list[Reader]) -> dict:
        """Grade trained readers on the seed's test images, and on corrupted ones; as part of a task's result."""
        test, tested = self.splits(cell.seed).test, self.tested(cell.seed)
        readers = [reader.to(pick_device()) for reader in readers]
        row = graded(readers, test, tested)
        row["steps"] = self.config.full_steps if cell.arm.real == "all" else self.steps(cell)
        if cell.kind == "reader" and self.config.n_robustness:
            images, index = self.robust(cell.seed)
            told = corrupted(readers, images, tested[index])
            row |= told | {"per_image": row["per_image"] | told["per_image"]}
        return row

    def gan_test(self, cell: Cell, generated: Characters) -> float:
        """GAN-test (Shmelkov et al. 2018): accuracy, on generated images, of a reader trained on all real ones."""
        return grade(self.trained(next(k for k in cell.needs if k.startswith("reader-all+aug"))), generated).accuracy

    def trained(self, key: str) -> Reader:
        """The first reader of the task `key`, on the device that this process computes on."""
        return load_reader(self.reader_file(key))[0].to(pick_device())

    def reader_file(self, key: str) -> Path:
        """The weights of a task's reader, the first one."""
        return self.run.path / "readers" / f"{key}.safetensors"

    def save(self, cell: Cell, reader: Reader, row: dict) -> None:
        """Save a task's reader, with where it comes from and its test accuracy."""
        metadata = {"arm": cell.arm.name, "dataset": self.config.dataset, "seed": cell.seed, "n": cell.n}
        metadata["geometry"] = asdict(geometry_for(self.config.dataset, self.splits(cell.seed).train))
        metadata |= {"epoch": cell.epoch} | {k: row[k] for k in ("validation", "accuracy") if k in row}
        save_reader(reader, metadata, self.reader_file(cell.key))


def bar_key(cell: Cell) -> str:
    """The key of the task that trains readers of real images with augmentation, of the same seed and size."""
    return Cell("reader", cell.seed, cell.n, Arm.parse(BAR)).key


def _noisy(images: Tensor, generator: Generator | None = None) -> Tensor:
    """Classical augmentation, and noise."""
    return with_noise(augment(images, generator), generator)
