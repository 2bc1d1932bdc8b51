"""How a reader bears corruption in five strengths, and attack."""

import torch

from ocrgen.datasets import Digits
from ocrgen.imaging.corruptions import CORRUPTIONS, EPSILONS, STRENGTHS, corrupt, fgsm
from ocrgen.readers.evaluation import probabilities
from ocrgen.readers.network import Reader


def robustness(reader: Reader, digits: Digits, n: int) -> dict:
    """Accuracy on `n` digits, always the same ones: nothing if n is 0.

    Keys: n_robust; corruptions, by name: accuracy at strengths 1 to 5; fgsm: accuracy by epsilon, 0 to 0.1.
    """
    if not n:
        return {}
    part = digits.subset(min(n, len(digits)), 0)
    images, labels = torch.from_numpy(part.images).unsqueeze(1).float().div_(255), torch.from_numpy(part.labels)

    def accuracy(changed: torch.Tensor) -> float:
        return float((probabilities(reader, changed).argmax(1) == part.labels).mean())

    attacked = fgsm(reader.eval(), images, labels, EPSILONS)
    return {
        "n_robust": len(part),
        "corruptions": {c: [accuracy(corrupt(images, c, k)) for k in STRENGTHS] for c in CORRUPTIONS},
        "fgsm": [accuracy(changed) for changed in attacked],
    }
