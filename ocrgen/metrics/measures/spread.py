"""Do the images of one class differ, or has the generator drawn one image for each digit?"""

import numpy as np

from ocrgen.metrics.measures import MeasureInput
from ocrgen.utils.errors import UserError

COLUMNS = {"relative_spread": "Spread within a class: real digits have 1"}


def measure(seen: MeasureInput) -> dict[str, float | bool]:
    """The spread, that of real digits, their ratio, and whether it says that the generator has collapsed."""
    spread, real = within_class_spread(seen.digits.images, seen.digits.labels), seen.real_spread
    ratio = spread / max(real, np.finfo(float).eps)
    told = {"spread": spread, "real_spread": real, "relative_spread": ratio}
    return told | {"collapsed": bool(collapsed(spread, real))}


def within_class_spread(images: np.ndarray, labels: np.ndarray) -> float:
    """How much images of one class differ, in grey levels of 0 to 1: 0 if each class is one image.

    The standard deviation of each of the 784 pixels over the images of a class, averaged over pixels, then classes.
    Real data: 0.158 for MNIST's training set, 0.131 for MADBase's (the 0.13 of our notes on the first implementation),
    0.082 for the bundled digits. Few images show less of it (MNIST: 0.133 from 10 a class, 0.151 from 50), so compare
    sets of like size. Classes of a single image are left out.

    images: uint8 (N, 28, 28); labels: int (N,). UserError if the two do not fit, or no class has two images.
    """
    if len(images) != len(labels):
        raise UserError(f"{len(images)} images, but {len(labels)} labels.")
    values, counts = np.unique(labels, return_counts=True)
    if not (counts > 1).any():
        raise UserError("No class has two images: nothing can be said of how they differ.")
    classes = (images[labels == c].astype(np.float32) / 255 for c in values[counts > 1])
    return float(np.mean([c.std(axis=0).mean() for c in classes]))


def collapsed(spread: float, real_spread: float) -> bool:
    """True if the spread is below half of the real data's: class means, or a few images, instead of digits."""
    return spread < real_spread / 2
