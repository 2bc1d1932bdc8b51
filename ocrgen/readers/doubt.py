"""Doubt: whether what was read may be no character at all, by how unlike it is to what the reader has learned from."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

PREFIX = "doubt."  # of the tensors in a reader's file


@dataclass(frozen=True)
class Doubt:
    """What a reader needs to doubt: score = (a - mean a) / std a + (E - mean E) / std E; doubted above the threshold.

    a: the log-odds, by a network of one hidden layer, that an image's features are those of an outlier and not of a
    training image (outlier exposure, Hendrycks et al. 2019). The features are the reader's second convolution and the
    input of its last layer. E: the energy -log sum_c exp(logit_c) (Liu et al. 2020). Means and standard deviations are
    those of validation images. At 1 % of false alarms, this misses 22 % of the symbols by which it was chosen, the
    energy alone 60 %, virtual-logit matching (Wang et al. 2022) 34 %, the nearest training image 31 to 39 %, depending
    on which are kept, the Mahalanobis distance 53 %, the relative one 45 %, the maximum softmax 65 %.

    weights: float16 (h, d), of the hidden layer. units: float (h, 2), the bias and the output weight of each hidden
    unit. moments: float (2, 2), rows a and E, columns mean and standard deviation.
    """

    weights: Tensor
    units: Tensor
    moments: Tensor
    threshold: float

    def tensors(self) -> dict[str, Tensor]:
        """As they are stored beside the reader's weights."""
        return {PREFIX + name: torch.as_tensor(value) for name, value in vars(self).items()}

    @classmethod
    def of(cls, tensors: dict[str, Tensor], width: int) -> Doubt | None:
        """From the tensors of a reader's file; None if there are none. ValueError or KeyError if they are damaged.

        width: d, of the reader's features.
        """
        found = {name.removeprefix(PREFIX): tensor for name, tensor in tensors.items() if name.startswith(PREFIX)}
        if not found:
            return None
        weights, units, moments, threshold = (found[k] for k in ("weights", "units", "moments", "threshold"))
        fits = weights.shape == (len(units), width) and units.shape[1:] == (2,) and moments.shape == (2, 2)
        if not fits or not all(tensor.isfinite().all() for tensor in (weights, units, moments, threshold)):
            raise ValueError("the measure of doubt is damaged")
        return cls(weights, units, moments, float(threshold))

    def score(self, features: Tensor, logits: Tensor) -> Tensor:
        """Scores (N,) of features (N, d) and logits (N, K)."""
        values = measured(features, logits, self.weights, self.units)
        return ((values - self.moments[:, 0]) / self.moments[:, 1]).sum(1)


def measured(features: Tensor, logits: Tensor, weights: Tensor, units: Tensor) -> Tensor:
    """Log-odds of an outlier, but for a constant, and energy: float (N, 2)."""
    odds = F.relu(F.linear(features, weights.float(), units[:, 0])) @ units[:, 1]
    return torch.stack([odds, -logits.logsumexp(1)], 1)
