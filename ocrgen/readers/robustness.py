"""Accuracy of a reader under corruptions of five strengths, and under an adversarial attack (FGSM)."""

from dataclasses import dataclass

import numpy as np
import torch

from ocrgen.datasets import Characters
from ocrgen.imaging.corruptions import CORRUPTIONS, EPSILONS, STRENGTHS, corrupt, fgsm
from ocrgen.readers.evaluation import probabilities
from ocrgen.readers.network import Reader

CORRUPTED, ATTACKED = len(CORRUPTIONS) * len(STRENGTHS), len(EPSILONS) - 1  # times that each image is read


@dataclass(frozen=True, eq=False)
class Robustness:
    """How a reader does on corrupted and attacked images.

    corruptions: accuracy at strengths 1 to 5, by name. fgsm: at each of EPSILONS, 0 to 0.1. corrupted, attacked: how
    often each image was read right, int (N,), out of CORRUPTED and of ATTACKED times.
    """

    corruptions: dict[str, list[float]]
    fgsm: list[float]
    corrupted: np.ndarray
    attacked: np.ndarray


def robustness(reader: Reader, characters: Characters) -> Robustness:
    """Read every image under all corruptions (`imaging/corruptions.py`), and attacked (Goodfellow et al. 2015)."""
    images, labels = torch.from_numpy(characters.images).unsqueeze(1).float().div_(255), characters.labels

    def right(changed: torch.Tensor) -> np.ndarray:
        return probabilities(reader, changed).argmax(1) == labels

    def classify(changed: torch.Tensor) -> torch.Tensor:
        return reader(changed.to(next(reader.parameters()).device)).cpu()

    corruptions = {c: [right(corrupt(images, c, k)) for k in STRENGTHS] for c in CORRUPTIONS}
    reader.eval()
    attacked = [right(changed) for changed in fgsm(classify, images, torch.from_numpy(labels), EPSILONS)]
    return Robustness(
        {c: [float(r.mean()) for r in by_strength] for c, by_strength in corruptions.items()},
        [float(r.mean()) for r in attacked],
        np.sum([r for by_strength in corruptions.values() for r in by_strength], 0),
        np.sum(attacked[1:], 0),
    )
