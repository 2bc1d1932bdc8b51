"""The one type for digit images, real or synthetic, and the one way to split and subset them."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ocrgen.utils.errors import UserError

CLASSES = 10
SIZE = 28


class DataError(UserError):
    """A data set is missing, damaged or not what it should be; the text names the file and the fault."""


@dataclass(frozen=True, eq=False)
class Digits:
    """Labelled images of handwritten digits: upright, white ink on black.

    images: uint8 (N, 28, 28), 0 = paper, 255 = ink. labels: int64 (N,), 0 to 9. writers: int64 (N,) where known.
    Raises DataError if shapes, types or label values are off.
    """

    images: np.ndarray
    labels: np.ndarray
    name: str
    writers: np.ndarray | None = None

    def __post_init__(self):
        images, labels = self.images, self.labels
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIZE, SIZE):
            raise DataError(f"{self.name}: images must be uint8 (N, 28, 28), not {images.dtype} {images.shape}.")
        if labels.dtype != np.int64 or labels.shape != (len(images),):
            raise DataError(
                f"{self.name}: {len(images)} images need as many int64 labels, not {labels.dtype} {labels.shape}."
            )
        if len(labels) and not 0 <= labels.min() <= labels.max() < CLASSES:
            raise DataError(f"{self.name}: labels must be 0 to 9, not {labels.min()} to {labels.max()}.")
        if self.writers is not None and len(self.writers) != len(images):
            raise DataError(f"{self.name}: {len(images)} images, but writers for {len(self.writers)}.")

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index) -> "Digits":
        """The images at `index`: an integer array, a boolean mask or a slice."""
        writers = None if self.writers is None else self.writers[index]
        return replace(self, images=self.images[index], labels=self.labels[index], writers=writers)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of images and labels, first 16 hexadecimal digits: the same pixels have the same name everywhere."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images))
        digest.update(np.ascontiguousarray(self.labels, dtype="<i8"))
        return digest.hexdigest()[:16]

    def subset(self, n: int, seed: int) -> "Digits":
        """`n` images, stratified by label (class counts as near to the whole's shares as whole numbers allow).

        Drawn over the whole set, so over all its writers. Same seed, same subset; DataError if n > N.
        """
        if not 0 < n <= len(self):
            raise DataError(f"{self.name}: cannot draw {n:,} images from {len(self):,}.")
        rng = np.random.default_rng(seed)
        share = np.bincount(self.labels, minlength=CLASSES) * n / len(self)
        counts = np.floor(share).astype(int)
        # Largest remainders get the images that rounding left over; the shuffle breaks ties without favour.
        tie = rng.permutation(CLASSES)
        order = tie[np.argsort(-(share - counts)[tie], kind="stable")]
        counts[order[: n - counts.sum()]] += 1
        chosen = [rng.permutation(np.flatnonzero(self.labels == c))[:k] for c, k in enumerate(counts)]
        return self[rng.permutation(np.concatenate(chosen))]


class Splits(NamedTuple):
    """Train, validation and test; choices are made on validation, and test is read once, at the end."""

    train: Digits
    validation: Digits
    test: Digits

    def facts(self) -> dict[str, dict]:
        """n and fingerprint of each part: what a run writes down, to know its data again."""
        return {part: {"n": len(d), "fingerprint": d.fingerprint} for part, d in self._asdict().items()}


def hold_out(digits: Digits, share: float = 1 / 12, seed: int = 0) -> tuple[Digits, Digits]:
    """Cut a validation part off: (the rest, about `share` of the images).

    By writer where writers are known, so that no writer is on both sides; else stratified by label.
    """
    rng = np.random.default_rng(seed)
    if digits.writers is not None:
        writers = np.unique(digits.writers)
        held = np.isin(digits.writers, rng.permutation(writers)[: max(1, round(len(writers) * share))])
    else:
        held = np.zeros(len(digits), bool)
        for c in range(CLASSES):
            index = rng.permutation(np.flatnonzero(digits.labels == c))
            held[index[: max(1, round(len(index) * share))]] = True
    return digits[~held], digits[held]
