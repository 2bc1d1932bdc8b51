"""Fit a reader's measure of doubt, and doubt images by it."""

from copy import deepcopy

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from ocrgen.datasets import Characters
from ocrgen.imaging.geometry import INK, SIZE, Geometry
from ocrgen.imaging.outliers import outliers
from ocrgen.readers.doubt import Doubt, measured
from ocrgen.readers.evaluation import scale
from ocrgen.readers.network import Reader
from ocrgen.utils.optim import FusedAdam

FALSE_ALARMS = 0.01  # share of real characters that may be doubted
HIDDEN, BATCH, EPOCHS, RATE = 64, 256, 10, 2e-3
# The most images that it is fitted to: more find hardly more, and a redrawn one takes a millisecond.
MAX_TRAIN, MAX_REDRAWN, MAX_OUTLIERS, MAX_VALIDATION = 12_000, 2000, 9000, 5000
BLOCK = 500


def doubts(reader: Reader, images: np.ndarray) -> np.ndarray:
    """Scores float32 (N,) of images uint8 (N, 28, 28): above `reader.doubt.threshold`, it may be no character.

    ValueError if the reader has no measure of doubt.
    """
    if reader.doubt is None:
        raise ValueError("the OCR model has no measure of doubt")
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
    values = measured(*plain, weights, units)
    moments = torch.stack([values.mean(0), values.std(0, correction=0).clamp_min(1e-6)], 1)
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


def _learn(known: Tensor, unknown: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden weights float16 (h, d), and units (h, 2), that tell features of outliers from those of characters."""
    features = torch.cat([known, unknown]).clone()
    labels = torch.cat([torch.zeros(len(known)), torch.ones(len(unknown))])
    mean, std = features.mean(0), features.std(0) + 1e-2
    features.sub_(mean).div_(std)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        hidden, out = nn.Linear(features.shape[1], HIDDEN), nn.Linear(HIDDEN, 1)
        net = nn.Sequential(hidden, nn.ReLU(), out)
        optimiser = FusedAdam(net, RATE, weight_decay=0.05)
        steps = max(1, EPOCHS * len(features) // BATCH)
        for step in range(steps):
            optimiser.lr = RATE * (1 - step / steps)
            chosen = torch.randint(len(features), (BATCH,))
            loss = F.binary_cross_entropy_with_logits(net(features[chosen])[:, 0], labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
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
