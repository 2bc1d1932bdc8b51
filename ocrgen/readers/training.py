"""Train a reader (the OCR classifier) on real, generated or mixed characters."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ocrgen.datasets import Characters
from ocrgen.readers.evaluation import probabilities, scale
from ocrgen.readers.network import Reader, ReaderConfig
from ocrgen.readers.recorded import DeviceStep, Source
from ocrgen.runs.jobs import Cancelled
from ocrgen.utils.device import pick_device, pick_dtype
from ocrgen.utils.optim import FusedAdam


@dataclass
class TrainedReader:
    """A reader, and how it was trained.

    evaluations: (step, validation accuracy). best: the step whose weights were kept. labelled: images it was trained
    on, synthetic ones in batches left out. losses: one per step.
    """

    reader: Reader
    best: int
    evaluations: list[tuple[int, float]]
    labelled: int
    cpu_seconds: float
    losses: list[float] = field(default_factory=list)

    @property
    def validation(self) -> float:
        """Validation accuracy of the weights that were kept. KeyError if there was no validation."""
        return dict(self.evaluations)[self.best]


def train_reader(
    characters: Characters,
    validation: Characters | None,
    config: ReaderConfig,
    steps: int,
    seed: int,
    augment: Callable[..., Tensor] | None = None,
    synthetic: Characters | None = None,
    share: float = 0.0,
    n_evaluations: int = 4,
    stop: Callable[[], bool] = lambda: False,
    show: Callable[[int], None] = lambda step: None,
) -> TrainedReader:
    """Train for `steps` batches and keep the weights with the highest validation accuracy; the later one of a tie.

    Without `validation` the last weights are kept.

    share: of synthetic images in each batch, 0 to 1. augment: random transform of the real images of every batch, float
    (B, 1, 28, 28) in [0, 1]; called with a generator, too, on a GPU. n_evaluations: on `validation`, at even intervals.
    show(step): called after each step.
    Cancelled at the first step after `stop()`.
    """
    begun = time.process_time()
    device = pick_device()
    bf16 = pick_dtype(device) is torch.bfloat16
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        reader = Reader(config, characters.classes).to(device).train()
        optimiser = FusedAdam(reader, config.lr, weight_decay=config.weight_decay)
        batches = _batches(characters, synthetic, share, config.batch, seed)
        best, state, evaluations = (0, -1.0), {}, []
        losses: list[Tensor] = []
        rates = [config.lr * lr_factor(step / steps, config.warmup) for step in range(steps)]
        recorded = device.type == "cuda" and validation is None
        if recorded:
            sources, n_real = _sources(characters, synthetic, share, config.batch, seed)
            losses = DeviceStep(reader, optimiser, sources, n_real, rates, seed, augment, bf16).run(stop, show)
        for step, optimiser.lr in enumerate([] if recorded else rates, 1):
            images, labels, n_real = next(batches)
            images = scale(images.to(device))
            if augment and n_real:
                images = torch.cat([augment(images[:n_real]), images[n_real:]])
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                loss = F.cross_entropy(reader(images).float(), labels.to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.detach())
            if validation and step * n_evaluations // steps > (step - 1) * n_evaluations // steps:
                read = probabilities(reader, validation.images).argmax(1)
                evaluations.append((step, float((read == validation.labels).mean())))
                if evaluations[-1][1] >= best[1]:
                    best = evaluations[-1]
                    state = {k: v.detach().cpu().clone() for k, v in reader.state_dict().items()}
                reader.train()
            show(step)
            if stop():
                raise Cancelled
    reader.cpu()
    if validation:
        reader.load_state_dict(state)
    seconds = time.process_time() - begun
    return TrainedReader(
        reader.eval(), best[0] or steps, evaluations, len(characters), seconds, torch.stack(losses).cpu().tolist()
    )


def lr_factor(progress: float, warmup: float) -> float:
    """The learning rate over its maximum at a progress of 0 to 1: linear warm-up, then cosine decay to zero.

    warmup: share of the training; 0 keeps the rate constant.
    """
    if not warmup:
        return 1.0
    if progress < warmup:
        return max(progress / warmup, 0.02)
    return 0.5 * (1 + np.cos(np.pi * (progress - warmup) / (1 - warmup)))


def _batches(
    characters: Characters, synthetic: Characters | None, share: float, batch: int, seed: int
) -> Iterator[tuple[Tensor, Tensor, int]]:
    """Endless batches: images uint8 (B, 1, 28, 28), labels (B,), and how many of them, the first ones, are real."""
    sources, n_real = _sources(characters, synthetic, share, batch, seed)
    while True:
        parts = [(images[index], labels[index]) for images, labels, order in sources for index in [next(order)]]
        yield torch.cat([x for x, _ in parts]), torch.cat([y for _, y in parts]), n_real


def _sources(
    characters: Characters, synthetic: Characters | None, share: float, batch: int, seed: int
) -> tuple[list[Source], int]:
    """Where the images of a batch come from, real ones first, and how many of these it has."""
    n_synthetic = round(batch * share) if synthetic is not None else 0
    parts = [(characters, batch - n_synthetic), (synthetic, n_synthetic)]
    sources = [
        (torch.from_numpy(d.images).unsqueeze(1), torch.from_numpy(d.labels), _endless(len(d), k, (seed, i)))
        for i, (d, k) in enumerate(parts)
        if d is not None and k
    ]
    return sources, batch - n_synthetic


def _endless(n: int, k: int, seed: tuple[int, int]) -> Iterator[Tensor]:
    """Batches of k indices from successive permutations of range(n)."""
    rng = np.random.default_rng(seed)
    waiting = np.empty(0, np.int64)
    while True:
        while len(waiting) < k:
            waiting = np.concatenate([waiting, rng.permutation(n)])
        yield torch.from_numpy(waiting[:k])
        waiting = waiting[k:]
