"""Train a reader (the OCR classifier) on real, generated or mixed digits, and grade what it reads."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ocrgen.datasets import Digits
from ocrgen.readers.evaluation import probabilities, scale
from ocrgen.readers.network import Reader, ReaderConfig
from ocrgen.runs.jobs import Cancelled
from ocrgen.utils.device import pick_device, pick_dtype
from ocrgen.utils.optim import FusedAdam


@dataclass
class Trained:
    """A reader and how it came to be: the validation accuracy at each look, and which look it is taken from."""

    reader: Reader
    best: int
    evaluations: list[tuple[int, float]]
    labelled: int
    cpu_seconds: float
    losses: list[float] = field(default_factory=list)

    @property
    def validation(self) -> float:
        """Accuracy on validation data at the look that it is taken from."""
        return dict(self.evaluations)[self.best]


def train_reader(
    digits: Digits,
    validation: Digits,
    config: ReaderConfig,
    steps: int,
    seed: int,
    augment: Callable[[Tensor], Tensor] | None = None,
    synthetic: Digits | None = None,
    share: float = 0.0,
    n_evaluations: int = 4,
    stop: Callable[[], bool] = lambda: False,
    show: Callable[[int], None] = lambda step: None,
) -> Trained:
    """Train for `steps` batches, `share` of their images synthetic, and keep the weights that do best on validation.

    augment changes the real images of every batch, float (B, 1, 28, 28), each time anew. The reader is evaluated on
    `validation` `n_evaluations` times, evenly; the test set is nowhere in sight. Raises Cancelled at the first step
    after `stop()`.
    """
    begun = time.process_time()
    device = pick_device()
    bf16 = pick_dtype(device) is torch.bfloat16
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        reader = Reader(config).to(device).train()
        optimiser = FusedAdam(reader, config.lr, weight_decay=config.weight_decay)
        batches = _batches(digits, synthetic, share, config.batch, seed)
        best, state, seen = (0, -1.0), {}, []
        losses: list[Tensor] = []
        for step in range(1, steps + 1):
            optimiser.lr = config.lr * rate((step - 1) / steps, config.warmup)
            images, labels, real = next(batches)
            images = scale(images.to(device))
            if augment and real:
                images = torch.cat([augment(images[:real]), images[real:]])
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                loss = F.cross_entropy(reader(images).float(), labels.to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.detach())
            if step * n_evaluations // steps > (step - 1) * n_evaluations // steps:
                read = probabilities(reader, validation.images).argmax(1)
                seen.append((step, float((read == validation.labels).mean())))
                if seen[-1][1] >= best[1]:
                    best = seen[-1]
                    state = {k: v.detach().cpu().clone() for k, v in reader.state_dict().items()}
                reader.train()
            show(step)
            if stop():
                raise Cancelled
    reader.cpu().load_state_dict(state)
    told = torch.stack(losses).cpu().tolist()
    return Trained(reader.eval(), best[0], seen, len(digits), time.process_time() - begun, told)


def rate(progress: float, warmup: float) -> float:
    """Share of the highest learning rate at a progress of 0 to 1: linear warm-up, then half a cosine to zero."""
    if not warmup:
        return 1.0
    if progress < warmup:
        return max(progress / warmup, 0.02)
    return 0.5 * (1 + np.cos(np.pi * (progress - warmup) / (1 - warmup)))


def _batches(
    digits: Digits, synthetic: Digits | None, share: float, batch: int, seed: int
) -> Iterator[tuple[Tensor, Tensor, int]]:
    """Endless batches: uint8 images (B, 1, 28, 28), labels (B,), and how many of them, the first ones, are real."""
    ours = round(batch * share) if synthetic is not None else 0
    parts = [(digits, batch - ours), (synthetic, ours)]
    sides = [
        (torch.from_numpy(d.images).unsqueeze(1), torch.from_numpy(d.labels), _endless(len(d), k, (seed, i)))
        for i, (d, k) in enumerate(parts)
        if k
    ]
    while True:
        drawn = [(images[index], labels[index]) for images, labels, order in sides for index in [next(order)]]
        yield torch.cat([x for x, _ in drawn]), torch.cat([y for _, y in drawn]), batch - ours


def _endless(n: int, k: int, seed: tuple[int, int]) -> Iterator[Tensor]:
    """Indices in batches of k from shuffles of range(n), one after the other."""
    rng = np.random.default_rng(seed)
    waiting = np.empty(0, np.int64)
    while True:
        while len(waiting) < k:
            waiting = np.concatenate([waiting, rng.permutation(n)])
        yield torch.from_numpy(waiting[:k])
        waiting = waiting[k:]
