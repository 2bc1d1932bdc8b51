"""Doubt: whether what was read may be no character at all, by how unlike it is to what the reader has learned from."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from ocrgen.datasets import Characters
from ocrgen.imaging.geometry import INK, SIZE, Geometry
from ocrgen.imaging.outliers import outliers
from ocrgen.readers.evaluation import scale
from ocrgen.utils.optim import FusedAdam

if TYPE_CHECKING:
    from ocrgen.readers.network import Reader

FALSE_ALARMS = 0.01  # share of real characters that may be doubted
HIDDEN, BATCH, EPOCHS, RATE = 64, 256, 10, 2e-3
# The most images that it is fitted to: more find hardly more, and a redrawn one takes a millisecond.
MAX_TRAIN, MAX_REDRAWN, MAX_OUTLIERS, MAX_VALIDATION = 12_000, 2000, 9000, 5000
BLOCK = 500
PREFIX = "doubt."  # of the tensors in a reader's file


@dataclass(frozen=True)
class Doubt:
    """What a reader needs to doubt: score = (a - mean a) / std a + (E - mean E) / std E; doubted above the threshold.

    a: the log-odds, by a network of one hidden layer, that an image's features are those of an outlier and not of a
    training image (outlier exposure, Hendrycks et al. 2019). The features are the reader's second convolution and the
    input of its last layer. E: the energy -log sum_c exp(logit_c) (Liu et al. 2020). Means and standard deviations are
    those of validation images. At 1 % of false alarms, this misses 20 % of the symbols by which it was chosen, the
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
        measured = _measured(features, logits, self.weights, self.units)
        return ((measured - self.moments[:, 0]) / self.moments[:, 1]).sum(1)


def doubts(reader: Reader, images: np.ndarray) -> np.ndarray:
    """Scores float32 (N,) of images uint8 (N, 28, 28): above `reader.doubt.threshold`, it may be no character.

    ValueError if the reader has no measure of doubt.
    """
    if reader.doubt is None:
        raise ValueError("the reader has no measure of doubt")
    scores = [reader.doubt.score(*_features(reader, images[i : i + BLOCK])) for i in range(0, len(images), BLOCK)]
    return torch.cat(scores).numpy() if scores else np.empty(0, np.float32)


def doubted(reader: Reader, images: np.ndarray) -> list[bool] | list[None]:
    """For each of the images uint8 (N, 28, 28) whether it may be no character; None where the reader cannot tell."""
    if reader.doubt is None:
        return [None] * len(images)
    return (doubts(reader, images) > reader.doubt.threshold).tolist()


def fit_doubt(reader: Reader, train: Characters, validation: Characters, geometry: Geometry) -> Doubt:
    """The measure of doubt of a reader that was trained on `train`.

    At most 1 % of the validation images are doubted, as they are, and also redrawn: as characters from a photograph,
    which the normalisation has smoothed and thickened. The threshold is the stricter of the two, so that neither a data
    set's images nor photographs are doubted more often.
    """
    reader = deepcopy(reader).cpu().half().float().eval()  # as it is stored
    known = _some(train, MAX_TRAIN).images
    known = np.concatenate([known, redraw(known[: min(MAX_REDRAWN, len(known) // 3)], geometry)])
    unknown = outliers(_some(train, MAX_TRAIN).images, min(MAX_OUTLIERS, len(known)), 0)
    weights, units = _learn(_features(reader, known)[0], _features(reader, unknown)[0])
    images = _some(validation, MAX_VALIDATION).images
    plain, redrawn = (_features(reader, each) for each in (images, redraw(images[:MAX_REDRAWN], geometry)))
    measured = _measured(*plain, weights, units)
    moments = torch.stack([measured.mean(0), measured.std(0, correction=0).clamp_min(1e-6)], 1)
    doubt = Doubt(weights, units, moments, 0.0)
    threshold = max(_quantile(doubt.score(*each).numpy()) for each in (plain, redrawn) if len(each[0]))
    return Doubt(weights, units, moments, threshold)


def redraw(images: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Characters uint8 (N, 28, 28) as they come out of a photograph: enlarged to pen strokes, and normalised again."""
    from ocrgen.imaging.components import Component
    from ocrgen.imaging.normalisation import normalise

    side, drawn = 8 * SIZE, []
    for image in images[(images > INK).any((1, 2))]:
        smooth = np.asarray(Image.fromarray(image).convert("F").resize((side, side), Image.Resampling.BICUBIC)) / 255
        ink = np.clip((smooth - 0.35) * 3 + 0.5, 0, 1).astype(np.float32)  # edges of three pixels
        mask = ink > 0.5
        if not mask.any():
            continue
        rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
        top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
        component = Component(top, bottom, left, right, mask[top:bottom, left:right])
        drawn.append(normalise(ink, component, geometry))
    return np.stack(drawn) if drawn else images[:0]


def _some(characters: Characters, n: int) -> Characters:
    """At most n of the characters, in random order."""
    return characters.subset(min(n, len(characters)), 0)


@torch.inference_mode()
def _features(reader: Reader, images: np.ndarray) -> tuple[Tensor, Tensor]:
    """Features (N, d) of images uint8 (N, 28, 28), and their logits (N, K), on the CPU."""
    features, logits, device = [], [], next(reader.parameters()).device
    for block in torch.from_numpy(np.ascontiguousarray(images)).unsqueeze(1).split(BLOCK):
        maps = reader.blocks(scale(block.to(device)))
        last = reader.dense(maps)
        features.append(torch.cat([maps.flatten(1), last], 1).cpu())
        logits.append(reader.last(last).cpu())
    return torch.cat(features), torch.cat(logits)


def _measured(features: Tensor, logits: Tensor, weights: Tensor, units: Tensor) -> Tensor:
    """Log-odds of an outlier, but for a constant, and energy: float (N, 2)."""
    odds = F.relu(F.linear(features, weights.float(), units[:, 0])) @ units[:, 1]
    return torch.stack([odds, -logits.logsumexp(1)], 1)


def _learn(known: Tensor, unknown: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden weights float16 (h, d), and units (h, 2), that tell features of outliers from those of characters."""
    features = torch.cat([known, unknown]).clone()
    labels = torch.cat([torch.zeros(len(known)), torch.ones(len(unknown))])
    mean, std = features.mean(0), features.std(0) + 1e-2
    features.sub_(mean).div_(std)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(features.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))
        optimiser = FusedAdam(net, RATE, weight_decay=0.05)
        steps = max(1, EPOCHS * len(features) // BATCH)
        for step in range(steps):
            optimiser.lr = RATE * (1 - step / steps)
            chosen = torch.randint(len(features), (BATCH,))
            loss = F.binary_cross_entropy_with_logits(net(features[chosen])[:, 0], labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    hidden, _, out = net
    # The standardisation becomes part of the hidden layer.
    weights = (hidden.weight.detach() / std).half()
    bias = hidden.bias.detach() - weights.float() @ mean
    return weights, torch.stack([bias, out.weight.detach()[0]], 1)


def _quantile(scores: np.ndarray) -> float:
    """The score that at most FALSE_ALARMS of new ones exceed, on average over samples of this size.

    The order statistic of split conformal prediction; the greatest score where there are less than 99.
    """
    k = int(np.ceil((len(scores) + 1) * (1 - FALSE_ALARMS)))
    return float(np.sort(scores)[min(k, len(scores)) - 1])
