"""Accuracy of a reader under corruptions of five strengths, and under an adversarial attack (FGSM)."""

import torch

from ocrgen.datasets import Characters
from ocrgen.imaging.corruptions import CORRUPTIONS, EPSILONS, STRENGTHS, corrupt, fgsm
from ocrgen.readers.evaluation import probabilities
from ocrgen.readers.network import Reader


def robustness(reader: Reader, characters: Characters, n: int) -> dict:
    """Accuracy on a fixed subset of `n` images; empty if n is 0.

    Keys: n_robust, images used; corruptions, by name: accuracy at strengths 1 to 5; fgsm: accuracy at each of
    EPSILONS, 0 to 0.1 (fast gradient sign method, Goodfellow et al. 2015).
    """
    if not n:
        return {}
    subset = characters.subset(min(n, len(characters)), 0)
    images, labels = torch.from_numpy(subset.images).unsqueeze(1).float().div_(255), torch.from_numpy(subset.labels)

    def accuracy(changed: torch.Tensor) -> float:
        return float((probabilities(reader, changed).argmax(1) == subset.labels).mean())

    attacked = fgsm(reader.eval(), images, labels, EPSILONS)
    return {
        "n_robust": len(subset),
        "corruptions": {c: [accuracy(corrupt(images, c, k)) for k in STRENGTHS] for c in CORRUPTIONS},
        "fgsm": [accuracy(changed) for changed in attacked],
    }
