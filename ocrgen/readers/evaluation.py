"""Evaluate a reader on labelled images: accuracy, precision, recall, F1, calibration and confusion."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ocrgen.datasets import Characters
from ocrgen.readers.network import Reader
from ocrgen.utils.errors import UserError

BINS = 15  # of the calibration error
ZERO_DIVISION: dict[str, Any] = {"zero_division": 0}  # scikit-learn has no types: its default, "warn", looks like one
BLOCK = 100  # images per forward pass: their activations stay in the cache


@dataclass(frozen=True)
class OCRReport:
    """The metrics of a reader on n characters of K classes; rates are 0 to 1, averages over classes macro and weighted.

    confusion: int (K, K), rows are the true classes. misread: indices of the misread images, `read` their
    predicted classes. calibration_error: see `calibration_error`. per_class: precision, recall, f1 and n by class.
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
    per_class: list[dict]
    confusion: list[list[int]]
    misread: list[int]
    read: list[int]

    def figures(self) -> dict[str, float]:
        """The scalar metrics, by name."""
        return {k: v for k, v in vars(self).items() if isinstance(v, float)}


def report(probabilities: np.ndarray, labels: np.ndarray) -> OCRReport:
    """The metrics of class probabilities (N, K) against labels int64 (N,). UserError if N is 0."""
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    if not len(labels):
        raise UserError("There are no images to grade the OCR model on.")
    read = probabilities.argmax(1)
    classes = range(probabilities.shape[1])
    averages = {}
    for average in ("macro", "weighted"):
        # A class that is neither a label nor a prediction (own data may lack one) counts in no average.
        present = np.union1d(labels, read)
        p, r, f, _ = precision_recall_fscore_support(labels, read, labels=present, average=average, **ZERO_DIVISION)
        averages |= {f"precision_{average}": float(p), f"recall_{average}": float(r), f"f1_{average}": float(f)}
    columns = precision_recall_fscore_support(labels, read, labels=classes, **ZERO_DIVISION)
    names = ("precision", "recall", "f1", "n")
    per_class = [dict(zip(names, map(float, row), strict=True)) for row in zip(*map(np.asarray, columns), strict=True)]
    wrong = np.flatnonzero(read != labels)
    return OCRReport(
        n=len(labels),
        accuracy=float((read == labels).mean()),
        **averages,
        calibration_error=calibration_error(probabilities, labels),
        per_class=per_class,
        confusion=confusion_matrix(labels, read, labels=classes).tolist(),
        misread=wrong.tolist(),
        read=read[wrong].tolist(),
    )


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error of probabilities (N, K) (Guo et al. 2017): sum_b n_b / N |accuracy_b - confidence_b|.

    Over 15 bins b of confidence, the largest probability, of equal width.
    """
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, right - confidence, BINS)
    return float(np.abs(gaps).sum() / len(labels))


@torch.inference_mode()
def probabilities(reader: Reader, images: np.ndarray | Tensor) -> np.ndarray:
    """Class probabilities float32 (N, K) of images uint8 (N, 28, 28) or float (N, 1, 28, 28) in [0, 1].

    Always computed in float32, so that a reader gives nearly the same values on every machine.
    """
    device = next(reader.parameters()).device
    torch.backends.cudnn.allow_tf32 = False  # 10 bits of a float32's 23
    if isinstance(images, np.ndarray):
        images = torch.from_numpy(images).unsqueeze(1)
    reader.eval()
    out = [reader(scale(block.to(device))).softmax(1).cpu() for block in images.split(BLOCK)]
    return torch.cat(out).numpy() if out else np.empty((0, len(reader.classes)), np.float32)


def grade(reader: Reader, characters: Characters) -> OCRReport:
    """The metrics of a reader on labelled images of its own classes. UserError if there are none."""
    return report(probabilities(reader, characters.images), characters.labels)


def scale(images: Tensor) -> Tensor:
    """Images uint8 0 to 255 as float 0 to 1; float images as they are."""
    return images.float().div_(255) if images.dtype is torch.uint8 else images
