"""Training loops to compare: ours, a plain one, and that of the paper's first implementation."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ocrgen.benchmark.baselines.plain import plain
from ocrgen.benchmark.lab import Lab
from ocrgen.datasets import Characters, Splits
from ocrgen.generators.base import GenerativeModel, GeneratorConfig
from ocrgen.generators.config import TrainConfig
from ocrgen.generators.models.cvae import CVAE, PAPER
from ocrgen.generators.training import Trainer
from ocrgen.runs.events import CurveWriter
from ocrgen.runs.run import Run
from ocrgen.utils.files import write_atomically

LOG_EVERY = TrainConfig().log_every
ModelT = TypeVar("ModelT", bound=GenerativeModel)


def build(lab: Lab, kind: type[ModelT], config: GeneratorConfig, seed: int = 0) -> ModelT:
    """A new model for the benchmark's data set, with weights from `seed`."""
    torch.manual_seed(seed)
    return kind(config, lab.data.train.classes)


def open_run(lab: Lab, name: str) -> Run:
    """A run for one training, in a new folder inside the benchmark's run."""
    run = Run(Path(tempfile.mkdtemp(prefix=f"{name}-", dir=lab.run.folder("trainings"))))
    about = {"verb": "benchmark", "settings": {}, "label": "", "number": 0, "created": ""}
    write_atomically(run.path / "run.json", json.dumps(about))
    return run


class OurLoop:
    """Our training, step by step: what `Trainer.fit` computes and logs, in a run of its own."""

    def __init__(self, lab: Lab, model: GenerativeModel, characters: Characters, seed: int = 0):
        config = TrainConfig(seed=seed, threads=lab.config.threads, monitor=0, device="cpu")
        self.run = open_run(lab, "training")
        self.trainer = Trainer(model, Splits(characters, lab.data.validation, lab.data.test), config, self.run)
        self.curves = CurveWriter(self.run.path, 0)
        self.batch, self.per_epoch = self.trainer.batch, self.trainer.steps_per_epoch
        self.indices = self._indices()

    def _indices(self) -> Iterator[Tensor]:
        epoch = 0
        while True:
            order = self.trainer.epoch_order(epoch)
            yield from order[: self.per_epoch * self.batch].split(self.batch)
            epoch += 1

    def steps(self, count: int = 1) -> None:
        """Take `count` steps; losses are logged as often as `Trainer.fit` logs them."""
        for _ in range(count):
            self.trainer.train_step(next(self.indices))
            if self.trainer.step % LOG_EVERY == 0:
                self.trainer.log(self.curves)

    def close(self) -> None:
        """Delete its run."""
        self.curves.close()
        shutil.rmtree(self.run.path, ignore_errors=True)


class PlainLoop:
    """The loop of most tutorials: DataLoader, a transform per image, float32, torch's Adam, losses read every step."""

    def __init__(self, model: GenerativeModel, characters: Characters):
        self.model = plain(model).train()
        self.batch = min(model.config.batch, len(characters))
        self.batches = self._batches(characters)

    def _batches(self, characters: Characters) -> Iterator[tuple[Tensor, Tensor]]:
        loader = DataLoader(self.make_dataset(characters), batch_size=self.batch, shuffle=True, drop_last=True)
        while True:
            yield from loader

    def make_dataset(self, characters: Characters) -> "TransformedImages":
        """The images, transformed one by one."""
        return TransformedImages(characters)

    def steps(self, count: int = 1) -> None:
        """Take `count` steps."""
        for _ in range(count):
            images, labels = next(self.batches)
            losses = self.model.training_step(images, labels)
            self.last = {name: value.item() for name, value in losses.items()}


class TransformedImages(Dataset[tuple[Tensor, int]]):
    """Images as torchvision's MNIST returns them: each through PIL and ToTensor, float (1, 28, 28), and its label."""

    def __init__(self, characters: Characters):
        from torchvision.transforms import ToTensor

        self.characters, self.transform = characters, ToTensor()

    def __len__(self) -> int:
        return len(self.characters)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.image(i))), int(self.characters.labels[i])

    def image(self, i: int) -> np.ndarray:
        """Image i, uint8 (28, 28), before ToTensor."""
        return self.characters.images[i]


class ThresholdedImages(TransformedImages):
    """Images as in the paper's first implementation: rotated, mirrored and thresholded one by one."""

    def image(self, i: int) -> np.ndarray:
        """Image i, uint8 (28, 28), 0 or 255: transposed and compared as float, as its files need."""
        upright = np.fliplr(np.rot90(self.characters.images[i].astype(np.float32), -1))
        return np.where(upright > 100, 255, 0).astype(np.uint8)


class PaperLoop(PlainLoop):
    """The CVAE's loop with the bookkeeping of the paper's first implementation at every step of 16 images.

    It stores two coordinates of every code, reads the loss three times, writes it to TensorBoard and generates an
    image of each class.
    """

    def __init__(self, lab: Lab, characters: Characters):
        model = build(lab, CVAE, PAPER)
        super().__init__(model, characters)
        self.run = open_run(lab, "paper")
        self.curves, self.step, self.stored = CurveWriter(self.run.path, 0), 0, []
        model.encoder.register_forward_hook(self._store_codes)

    def _store_codes(self, module: Any, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]) -> None:
        self.codes, self.labels = outputs[0].detach(), inputs[1]

    def make_dataset(self, characters: Characters) -> TransformedImages:
        """The images, thresholded one by one."""
        return ThresholdedImages(characters)

    def steps(self, count: int = 1) -> None:
        """Take `count` steps."""
        for _ in range(count):
            images, labels = next(self.batches)
            loss = self.model.training_step(images, labels)["loss"]
            self.stored = [(z[0].item(), z[1].item(), y.item()) for z, y in zip(self.codes, self.labels, strict=True)]
            self.total = loss.item() + loss.item()
            self.step += 1
            self.curves.writer.add_scalar("loss", loss.item(), self.step)
            k = len(self.model.classes)
            noise = torch.randn(k, self.model.noise_size)
            self.samples = self.model.decoder(noise, torch.arange(k)).sigmoid()

    def close(self) -> None:
        """Delete its run."""
        self.curves.close()
        shutil.rmtree(self.run.path, ignore_errors=True)
