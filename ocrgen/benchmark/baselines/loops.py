"""The sides of a training: ours, the plain way, and the loop of the paper's first implementation."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ocrgen.benchmark.baselines.plain import plain
from ocrgen.benchmark.lab import Lab
from ocrgen.datasets import Digits, Splits
from ocrgen.generators.base import GenerativeModel, ModelConfig
from ocrgen.generators.config import TrainConfig
from ocrgen.generators.models.cvae import CVAE
from ocrgen.generators.training import Trainer
from ocrgen.runs.events import CurveWriter
from ocrgen.runs.run import Run
from ocrgen.utils.files import write_atomically

LOG_EVERY = TrainConfig().log_every


def build(kind: type[GenerativeModel], config: ModelConfig, seed: int = 0) -> GenerativeModel:
    """A fresh model, the same for the same seed."""
    torch.manual_seed(seed)
    return kind(config)


def open_run(lab: Lab, name: str) -> Run:
    """A run for one training, inside the benchmark's."""
    run = Run(Path(tempfile.mkdtemp(prefix=f"{name}-", dir=lab.run.folder("trainings"))))
    about = {"verb": "benchmark", "settings": {}, "label": "", "number": 0, "created": ""}
    write_atomically(run.path / "run.json", json.dumps(about))
    return run


class OurLoop:
    """A real training, cut into slices: the steps of `fit` and what it logs, on a run of its own."""

    def __init__(self, lab: Lab, model: GenerativeModel, digits: Digits, seed: int = 0):
        config = TrainConfig(seed=seed, threads=lab.config.threads, monitor=0, device="cpu")
        self.run = open_run(lab, "training")
        self.trainer = Trainer(model, Splits(digits, lab.data.validation, lab.data.test), config, self.run)
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
        """So many steps; losses are read as often as `fit` reads them."""
        for _ in range(count):
            self.trainer.train_step(next(self.indices))
            if self.trainer.step % LOG_EVERY == 0:
                self.trainer.log(self.curves)

    def close(self) -> None:
        """Remove its files."""
        self.curves.close()
        shutil.rmtree(self.run.path, ignore_errors=True)


class PlainLoop:
    """The loop of most tutorials: DataLoader, a transform an image, float32, torch's Adam, losses read every step."""

    def __init__(self, model: GenerativeModel, digits: Digits):
        self.model = plain(model).train()
        self.batch = min(model.config.batch, len(digits))
        self.batches = self._batches(digits)

    def _batches(self, digits: Digits) -> Iterator[tuple[Tensor, Tensor]]:
        from torch.utils.data import DataLoader

        loader = DataLoader(self.items(digits), batch_size=self.batch, shuffle=True, drop_last=True)
        while True:
            yield from loader

    def items(self, digits: Digits) -> "Items":
        """The images, one by one."""
        return Items(digits)

    def steps(self, count: int = 1) -> None:
        """So many steps."""
        for _ in range(count):
            images, labels = next(self.batches)
            losses = self.model.training_step(images, labels)
            self.last = {name: value.item() for name, value in losses.items()}


class Items:
    """Images as torchvision's MNIST gives them: through PIL and ToTensor, each by itself."""

    def __init__(self, digits: Digits):
        from torchvision.transforms import ToTensor

        self.digits, self.transform = digits, ToTensor()

    def __len__(self) -> int:
        return len(self.digits)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.image(i))), int(self.digits.labels[i])

    def image(self, i: int) -> np.ndarray:
        """uint8 (28, 28)."""
        return self.digits.images[i]


class ThresholdItems(Items):
    """Images as the paper's first implementation gives them: turned, mirrored and thresholded one by one."""

    def image(self, i: int) -> np.ndarray:
        """See Items. Float, and turned, as its files are."""
        turned = np.fliplr(np.rot90(self.digits.images[i].astype(np.float32), -1))
        return np.where(turned > 100, 255, 0).astype(np.uint8)


class PaperLoop(PlainLoop):
    """The CVAE's loop with all that the first implementation does at every step of 16 images.

    It keeps two coordinates of every code, reads the loss three times, writes it to TensorBoard and draws ten images.
    """

    def __init__(self, lab: Lab, digits: Digits):
        super().__init__(build(CVAE, CVAE.presets["paper"]), digits)
        self.run = open_run(lab, "paper")
        self.curves, self.step, self.kept = CurveWriter(self.run.path, 0), 0, []
        self.model.encoder.register_forward_hook(self._remember)

    def _remember(self, module, inputs, outputs) -> None:
        self.codes, self.labels = outputs[0].detach(), inputs[1]

    def items(self, digits: Digits) -> Items:
        """See PlainLoop."""
        return ThresholdItems(digits)

    def steps(self, count: int = 1) -> None:
        """See PlainLoop."""
        for _ in range(count):
            images, labels = next(self.batches)
            loss = self.model.training_step(images, labels)["loss"]
            self.kept = [(z[0].item(), z[1].item(), y.item()) for z, y in zip(self.codes, self.labels, strict=True)]
            self.total = loss.item() + loss.item()
            self.step += 1
            self.curves.writer.add_scalar("loss", loss.item(), self.step)
            noise = torch.randn(10, self.model.config.latent)
            self.drawn = self.model.decoder(noise, torch.arange(10)).sigmoid()

    def close(self) -> None:
        """Remove its files."""
        self.curves.close()
        shutil.rmtree(self.run.path, ignore_errors=True)
