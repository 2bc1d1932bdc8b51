"""Memorisation: samples that are nearer to a training image than new handwriting is."""

import numpy as np

from ocrgen.metrics.measures import MeasureInput
from ocrgen.metrics.neighbours import nearest_shifted
from ocrgen.utils.errors import UserError
from ocrgen.utils.statistics import share_interval

COLUMNS: dict[str, str] = {}  # a proportion with its interval, which no chart shows
MAX_SAMPLES = 1000
SHIFT = 2  # pixels by which a copy may have been moved: moved by one, it would not be found among aligned images


def measure(inputs: MeasureInput) -> dict[str, dict]:
    """`memorised` of the first MAX_SAMPLES samples, with thresholds by class; {} without training images."""
    train, held_out = inputs.train, inputs.held_out
    if train is None or held_out is None:
        return {}
    samples = inputs.generated.images[:MAX_SAMPLES]
    real = inputs.held_out_distances
    return {"memorised": memorised(samples, train.images, held_out.images, train_labels=train.labels, real=real)}


def memorised(
    samples: np.ndarray,
    train: np.ndarray,
    held_out: np.ndarray,
    quantile: float = 0.01,
    train_labels: np.ndarray | None = None,
    real: tuple[np.ndarray, np.ndarray] | None = None,
) -> dict[str, float | int]:
    """Share of `samples` that are as near to a training image as only a fraction `quantile` of new handwriting is.

    All images are uint8 (N, 28, 28). A sample counts as memorised if its distance to the nearest of `train` (root mean
    square difference of the pixels, 0 to 1; the least over shifts by up to SHIFT pixels) is at most the threshold, the
    `quantile` of the same distances of `held_out`: a generator of new characters has a share of about `quantile`, not
    0, and one that copies has 1.
    train_labels: int (N,). With them, each class has its own threshold, by the label of the nearest training image. A
    single threshold is that of the ones (the nearest 1 % of held-out MNIST are all ones), and detects only exact
    copies of other digits.
    real: `nearest_shifted(held_out, train, SHIFT)`, if it is already computed.
    Returns the `share` of `n` samples, `low` and `high`, its 95 % interval (Wilson 1927), and the mean `threshold` over
    the samples. The interval does not include the sampling error of the thresholds: hold out thousands of images.
    UserError if a set is empty, labels do not fit, or `quantile` is not between 0 and 1.
    """
    for name, images in {"samples": samples, "training images": train, "held-out images": held_out}.items():
        if not len(images):
            raise UserError(f"There are no {name}: copies cannot be detected without them.")
    if not 0 < quantile < 1:
        raise UserError(f"The quantile is {quantile}; expected a number between 0 and 1.")
    labels = np.zeros(len(train), int) if train_labels is None else np.asarray(train_labels)
    if len(labels) != len(train):
        raise UserError(f"{len(train)} training images, but {len(labels)} labels.")
    index, held_out_distances = real or nearest_shifted(held_out, train, SHIFT)
    thresholds = np.full(labels.max() + 1, np.quantile(held_out_distances, quantile))
    for c in np.unique(labels[index]):
        thresholds[c] = np.quantile(held_out_distances[labels[index] == c], quantile)
    index, distance = nearest_shifted(samples, train, SHIFT)
    threshold = thresholds[labels[index]]
    # "At most": where held-out images duplicate training images, the threshold is 0, as is the distance of a copy.
    copies = int((distance <= threshold).sum())
    low, high = share_interval(copies, len(samples))
    return {
        "share": copies / len(samples), "low": low, "high": high, "threshold": float(threshold.mean()),
        "n": len(samples),
    }  # fmt: skip
