"""Doubt: whether what was read may be no character at all, by how unlike it is to what the reader has learned from."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ocrgen.datasets import Characters
from ocrgen.imaging.geometry import INK, SIZE, Geometry
from ocrgen.readers.evaluation import scale

if TYPE_CHECKING:
    from ocrgen.readers.network import Reader

FALSE_ALARMS = 0.01  # share of real characters that may be doubted
REFERENCES = 1000  # training images whose features are kept: more find hardly more, and would double a reader's file
MAX_VALIDATION = 5000  # the threshold is then known to 0.15 points of false alarms
MAX_REDRAWN = 2000  # each takes a millisecond or two
BLOCK = 500
PREFIX = "doubt."  # of the tensors in a reader's file


@dataclass(frozen=True)
class Doubt:
    """What a reader needs to doubt: score = (d - mean d) / std d + (E - mean E) / std E; doubted above the threshold.

    d: the Euclidean distance of an image's features to those of the nearest training image kept. The features are the
    input of the last layer and the maxima of the second convolution's channels, each scaled to length 1. E: the energy
    -log sum_c exp(logit_c) (Liu et al. 2020). Means and standard deviations are those of validation images.
    Of the criteria that were compared (maximum softmax, energy, Mahalanobis distance, the relative one, nearest
    neighbours, virtual-logit matching), this sum missed fewest kinds of symbols at 1 % of false alarms.

    references: uint8 (M, d), the features of M training images times 255. moments: float (2, 2), rows d and E, columns
    mean and standard deviation.
    """

    references: Tensor
    moments: Tensor
    threshold: float

    def tensors(self) -> dict[str, Tensor]:
        """As they are stored beside the reader's weights."""
        threshold = torch.tensor(self.threshold)
        named = {"references": self.references, "moments": self.moments, "threshold": threshold}
        return {PREFIX + name: tensor for name, tensor in named.items()}

    @classmethod
    def of(cls, tensors: dict[str, Tensor], width: int) -> Doubt | None:
        """From the tensors of a reader's file; None if there are none. ValueError or KeyError if they are damaged.

        width: d, of the reader's features.
        """
        found = {name.removeprefix(PREFIX): tensor for name, tensor in tensors.items() if name.startswith(PREFIX)}
        if not found:
            return None
        references, moments, threshold = found["references"], found["moments"], float(found["threshold"])
        fits = references.ndim == 2 and references.shape[1] == width and len(references) > 0
        fits = fits and references.dtype is torch.uint8 and moments.shape == (2, 2)
        if not fits or not (np.isfinite(threshold) and moments.isfinite().all()):
            raise ValueError("the measure of doubt is damaged")
        return cls(references, moments.float(), threshold)


@torch.inference_mode()
def doubts(reader: Reader, images: np.ndarray) -> np.ndarray:
    """Scores float32 (N,) of images uint8 (N, 28, 28): above `reader.doubt.threshold`, it may be no character.

    ValueError if the reader has no measure of doubt.
    """
    if reader.doubt is None:
        raise ValueError("the reader has no measure of doubt")
    return _scores(_measured(reader, images, reader.doubt.references), reader.doubt.moments)


def doubted(reader: Reader, images: np.ndarray) -> list[bool] | list[None]:
    """For each of the images uint8 (N, 28, 28) whether it may be no character; None where the reader cannot tell."""
    if reader.doubt is None:
        return [None] * len(images)
    return (doubts(reader, images) > reader.doubt.threshold).tolist()


@torch.inference_mode()
def fit_doubt(reader: Reader, train: Characters, validation: Characters, geometry: Geometry) -> Doubt:
    """The measure of doubt of a reader that was trained on `train`.

    At most 1 % of the validation images are doubted, as they are, and also redrawn: as characters from a photograph,
    which the normalisation has smoothed and thickened. The threshold is the stricter of the two, so that neither a data
    set's images nor photographs are doubted more often.
    """
    reader = deepcopy(reader).cpu().half().float().eval()  # as it is stored
    kept = train.subset(min(REFERENCES, len(train)), 0).images
    features, _ = _features(reader, kept)
    references = features.mul(255).round().byte()
    some = validation if len(validation) <= MAX_VALIDATION else validation.subset(MAX_VALIDATION, 0)
    plain = _measured(reader, some.images, references)
    moments = torch.stack([plain.mean(1), plain.std(1, correction=0).clamp_min(1e-6)], 1)
    fewer = some if len(some) <= MAX_REDRAWN else some.subset(MAX_REDRAWN, 0)
    redrawn = _measured(reader, redraw(fewer.images, geometry), references)
    threshold = max(_quantile(_scores(each, moments)) for each in (plain, redrawn))
    return Doubt(references, moments, threshold)


def redraw(images: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Characters uint8 (N, 28, 28) as they come out of a photograph: enlarged to pen strokes, and normalised again."""
    from ocrgen.imaging.components import Component
    from ocrgen.imaging.normalisation import normalise

    side, drawn = 8 * SIZE, []
    for image in images[(images > INK).any((1, 2))]:
        smooth = np.asarray(Image.fromarray(image).convert("F").resize((side, side), Image.Resampling.BICUBIC)) / 255
        ink = np.clip((smooth - 0.35) * 3 + 0.5, 0, 1).astype(np.float32)  # edges of three pixels
        mask = ink > 0.5
        rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        component = Component(int(top), int(bottom), int(left), int(right), mask[top:bottom, left:right])
        drawn.append(normalise(ink, component, geometry))
    return np.stack(drawn) if drawn else images[:0]


def _features(reader: Reader, images: np.ndarray) -> tuple[Tensor, Tensor]:
    """Features (N, d) of images uint8 (N, 28, 28), and their logits (N, K)."""
    features, logits = [], []
    device = next(reader.parameters()).device
    for block in torch.from_numpy(images).unsqueeze(1).split(BLOCK):
        maps = reader.blocks(scale(block.to(device)))
        last = reader.dense(maps)
        features.append(torch.cat([F.normalize(last), F.normalize(maps.amax((2, 3)))], 1).cpu())
        logits.append(reader.last(last).cpu())
    return torch.cat(features), torch.cat(logits)


def _measured(reader: Reader, images: np.ndarray, references: Tensor) -> Tensor:
    """Distance to the nearest reference and energy, float (2, N), of images uint8 (N, 28, 28)."""
    features, logits = _features(reader, images)
    known = references.float() / 255
    nearest = torch.cat([torch.cdist(block, known).amin(1) for block in features.split(BLOCK)])
    return torch.stack([nearest, -logits.logsumexp(1)])


def _scores(measured: Tensor, moments: Tensor) -> np.ndarray:
    return ((measured - moments[:, :1]) / moments[:, 1:]).sum(0).numpy()


def _quantile(scores: np.ndarray) -> float:
    """The score that at most FALSE_ALARMS of new ones exceed, on average over samples of this size.

    The order statistic of split conformal prediction; the greatest score where there are less than 99.
    """
    k = int(np.ceil((len(scores) + 1) * (1 - FALSE_ALARMS)))
    return float(np.sort(scores)[min(k, len(scores)) - 1]) if len(scores) else -np.inf
