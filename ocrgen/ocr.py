"""Train a reader (the OCR classifier) on real, generated or mixed digits, and grade what it reads."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ocrgen import Problem
from ocrgen.checksums import verify
from ocrgen.datasets import Digits
from ocrgen.datasets.base import CLASSES
from ocrgen.files import parse, write_atomically
from ocrgen.jobs import Cancelled
from ocrgen.models.adam import FusedAdam
from ocrgen.models.base import pick_device, pick_dtype
from ocrgen.models.reader import Reader, ReaderConfig
from ocrgen.weights import finite

BINS = 15
BLOCK = 100  # images read at once: their maps stay in the cache


@dataclass(frozen=True)
class OCRReport:
    """How a reader reads n labelled digits. Shares are 0 to 1; averages over digits are macro and weighted.

    confusion: int (10, 10), rows are the truth. misread: indices into the graded digits, `read` what was seen there.
    calibration_error: expected calibration error over 15 bins of equal width (Guo et al. 2017).
    per_digit: precision, recall, f1 and n by digit.
    """

    n: int
    accuracy: float
    precision_macro: float
    recall_macro: float
    f1_macro: float
    precision_weighted: float
    recall_weighted: float
    f1_weighted: float
    calibration_error: float
    per_digit: list[dict]
    confusion: list[list[int]]
    misread: list[int]
    read: list[int]

    def figures(self) -> dict[str, float]:
        """The single numbers, by name."""
        return {k: v for k, v in vars(self).items() if isinstance(v, float)}


@dataclass
class Trained:
    """A reader and how it came to be: the validation accuracy at each look, and which look it is taken from."""

    reader: Reader
    best: int
    looks: list[tuple[int, float]]
    labelled: int
    cpu_seconds: float
    losses: list[float] = field(default_factory=list)

    @property
    def validation(self) -> float:
        """Accuracy on validation data at the look that it is taken from."""
        return dict(self.looks)[self.best]


def report(probabilities: np.ndarray, labels: np.ndarray) -> OCRReport:
    """Grade class probabilities (N, 10) against labels int64 (N,). Problem if there is nothing to grade."""
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    if not len(labels):
        raise Problem("There are no images to grade the reader on.")
    read = probabilities.argmax(1)
    digits = range(CLASSES)
    averages = {}
    for average in ("macro", "weighted"):
        # A digit that is in neither truth nor answers (own data may lack one) counts in no average.
        present = np.union1d(labels, read)
        p, r, f, _ = precision_recall_fscore_support(labels, read, labels=present, average=average, zero_division=0)
        averages |= {f"precision_{average}": float(p), f"recall_{average}": float(r), f"f1_{average}": float(f)}
    columns = precision_recall_fscore_support(labels, read, labels=digits, zero_division=0)
    names = ("precision", "recall", "f1", "n")
    each = [dict(zip(names, map(float, row), strict=True)) for row in zip(*columns, strict=True)]
    wrong = np.flatnonzero(read != labels)
    return OCRReport(
        n=len(labels),
        accuracy=float((read == labels).mean()),
        **averages,
        calibration_error=calibration_error(probabilities, labels),
        per_digit=each,
        confusion=confusion_matrix(labels, read, labels=digits).tolist(),
        misread=wrong.tolist(),
        read=read[wrong].tolist(),
    )


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean gap between confidence and accuracy over 15 bins of confidence, weighted by their n (Guo et al. 2017)."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, right - confidence, BINS)
    return float(np.abs(gaps).sum() / len(labels))


@torch.inference_mode()
def probabilities(reader: Reader, images: np.ndarray | Tensor) -> np.ndarray:
    """What the reader thinks of images uint8 (N, 28, 28) or float (N, 1, 28, 28) in [0, 1]: float32 (N, 10).

    Always in float32, so that a reader reads the same on every machine to the last digits that matter.
    """
    device = next(reader.parameters()).device
    if isinstance(images, np.ndarray):
        images = torch.from_numpy(images).unsqueeze(1)
    reader.eval()
    out = [reader(_scaled(block.to(device))).softmax(1).cpu() for block in images.split(BLOCK)]
    return torch.cat(out).numpy() if out else np.empty((0, CLASSES), np.float32)


def grade(reader: Reader, digits: Digits) -> OCRReport:
    """Read the digits and compare with their labels."""
    return report(probabilities(reader, digits.images), digits.labels)


def train_reader(
    digits: Digits,
    validation: Digits,
    config: ReaderConfig,
    steps: int,
    seed: int,
    augment: Callable[[Tensor], Tensor] | None = None,
    synthetic: Digits | None = None,
    share: float = 0.0,
    looks: int = 4,
    stop: Callable[[], bool] = lambda: False,
    show: Callable[[int], None] = lambda step: None,
) -> Trained:
    """Train for `steps` batches, of which `share` of the images are synthetic, and keep the best look on validation.

    augment changes the real images of every batch, float (B, 1, 28, 28), each time anew. The reader is looked at
    `looks` times, evenly; the test set is nowhere in sight. Raises Cancelled at the first step after `stop()`.
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
            images = _scaled(images.to(device))
            if augment and real:
                images = torch.cat([augment(images[:real]), images[real:]])
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                loss = F.cross_entropy(reader(images).float(), labels.to(device))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.detach())
            if step * looks // steps > (step - 1) * looks // steps:
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


def _scaled(images: Tensor) -> Tensor:
    return images.float().div_(255) if images.dtype is torch.uint8 else images


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


def save_reader(reader: Reader, about: dict, file: Path) -> None:
    """Write weights in half precision, with settings and provenance (`about`, JSON values) in the header."""
    tensors = {k: v.half() if v.is_floating_point() else v for k, v in reader.cpu().state_dict().items()}
    about = {"reader": reader.config.model_dump()} | about
    write_atomically(file, save({k: v.contiguous() for k, v in tensors.items()}, {"ocrgen": json.dumps(about)}))


def load_reader(file: Path) -> tuple[Reader, dict]:
    """What `save_reader` wrote: the reader, on the CPU, and its provenance. Problem if the file is damaged."""
    verify(file)
    try:
        with safe_open(file, "pt") as content:
            about = parse((content.metadata() or {})["ocrgen"])
            reader = Reader(ReaderConfig.model_validate(about["reader"]))
            reader.load_state_dict({k: content.get_tensor(k).float() for k in content.keys()})  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, ValidationError, RuntimeError) as fault:
        raise Problem(
            f"{file.parent.name}/{file.name} is damaged or no reader of ours ({type(fault).__name__})."
        ) from fault
    finite(reader, f"{file.parent.name}/{file.name}")
    return reader.eval(), about
