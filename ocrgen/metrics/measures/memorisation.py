"""Are samples copies of training images? They must not be nearer to them than new handwriting is."""

import numpy as np

from ocrgen.metrics.measures import MeasureInput
from ocrgen.metrics.neighbours import nearest
from ocrgen.utils.errors import UserError
from ocrgen.utils.statistics import share_interval

COLUMNS: dict[str, str] = {}  # a share with its interval, told in words
CHECKS = 1000  # samples looked at for copies


def measure(seen: MeasureInput) -> dict[str, dict]:
    """`memorised`, as below, of some samples; nothing where training images are not at hand."""
    if seen.train is None or seen.held_out is None:
        return {}
    few = seen.digits.images[:CHECKS]
    told = memorised(
        few, seen.train.images, seen.held_out.images, train_labels=seen.train.labels, real=seen.held_out_distances
    )
    return {"memorised": told}


def memorised(
    samples: np.ndarray,
    train: np.ndarray,
    held_out: np.ndarray,
    quantile: float = 0.01,
    train_labels: np.ndarray | None = None,
    real: tuple[np.ndarray, np.ndarray] | None = None,
) -> dict[str, float | int]:
    """Share of `samples` that lie as near to a training image as hardly any real image does that was held out.

    All images are uint8 (N, 28, 28). A sample is memorised if its distance to the nearest of `train` (root mean square
    of the pixels, 0 to 1) is at most `threshold`, the `quantile` of those of `held_out`: so a generator that draws
    new digits as people write them gets about `quantile`, not 0, and one that copies gets 1.
    One threshold for all is the ones' (the nearest 1 % of held-out MNIST are ones, all of them), and finds only exact
    copies of other digits. With `train_labels`, int (N,), each digit has its own, by the label of the nearest training
    image; `threshold` is then the mean over the samples.
    `real`: what `nearest(held_out, train)` gave, where that is known already.
    Returns `share` (nothing subtracted) of `n` samples, `threshold`, and `low` and `high`, the 95 % interval of the
    share (Wilson 1927); the thresholds' own scatter is not in it, so hold out thousands of images if you can.
    UserError if a set is empty, labels do not fit, or `quantile` is not between 0 and 1.
    """
    for name, images in {"samples": samples, "training images": train, "held-out images": held_out}.items():
        if not len(images):
            raise UserError(f"There are no {name}: without them, nobody knows what is a copy.")
    if not 0 < quantile < 1:
        raise UserError(f"The quantile is {quantile}; expected a number between 0 and 1.")
    labels = np.zeros(len(train), int) if train_labels is None else np.asarray(train_labels)
    if len(labels) != len(train):
        raise UserError(f"{len(train)} training images, but {len(labels)} labels.")
    at, held_out_distances = real or nearest(held_out, train)
    thresholds = np.full(labels.max() + 1, np.quantile(held_out_distances, quantile))
    for c in np.unique(labels[at]):
        thresholds[c] = np.quantile(held_out_distances[labels[at] == c], quantile)
    at, distance = nearest(samples, train)
    threshold = thresholds[labels[at]]
    # At most, not below: where held-out images repeat training images, the threshold is 0, and so is a copy's distance.
    copies = int((distance <= threshold).sum())
    low, high = share_interval(copies, len(samples))
    return {
        "share": copies / len(samples), "low": low, "high": high, "threshold": float(threshold.mean()),
        "n": len(samples),
    }  # fmt: skip
