"""Evaluate a reader on labelled images: accuracy, precision, recall, F1, calibration and confusion."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ocrgen.datasets import Digits
from ocrgen.datasets.base import CLASSES
from ocrgen.readers.network import Reader
from ocrgen.utils.errors import UserError

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


def report(probabilities: np.ndarray, labels: np.ndarray) -> OCRReport:
    """Grade class probabilities (N, 10) against labels int64 (N,). UserError if there is nothing to grade."""
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    if not len(labels):
        raise UserError("There are no images to grade the reader on.")
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
    out = [reader(scale(block.to(device))).softmax(1).cpu() for block in images.split(BLOCK)]
    return torch.cat(out).numpy() if out else np.empty((0, CLASSES), np.float32)


def grade(reader: Reader, digits: Digits) -> OCRReport:
    """Read the digits and compare with their labels."""
    return report(probabilities(reader, digits.images), digits.labels)


def scale(images: Tensor) -> Tensor:
    return images.float().div_(255) if images.dtype is torch.uint8 else images
