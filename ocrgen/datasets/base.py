"""`Digits`, the type of all labelled images, real or synthetic, with splits and stratified subsets."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ocrgen.utils.errors import UserError

CLASSES = 10
SIZE = 28


class DataError(UserError):
    """A data set is missing, damaged or malformed; the message names the file and what is wrong with it."""


@dataclass(frozen=True, eq=False)
class Digits:
    """Labelled images of handwritten digits: upright, white ink on black.

    images: uint8 (N, 28, 28), 0 = paper, 255 = ink. labels: int64 (N,), 0 to 9. name: of the data set, for messages.
    writers: int64 (N,), None if unknown. DataError if a shape, a type or a label is wrong.
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
        """First 16 hexadecimal digits of the SHA-256 of images and labels, the same on every platform."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.labels, dtype="<i8").data)
        return digest.hexdigest()[:16]

    def subset(self, n: int, seed: int) -> "Digits":
        """A random subset of `n` images, stratified by label: class counts are proportional, up to rounding.

        Writers are not taken into account. The same seed gives the same subset. DataError unless 0 < n <= N.
        """
        if not 0 < n <= len(self):
            raise DataError(f"{self.name}: cannot draw {n:,} images from {len(self):,}.")
        rng = np.random.default_rng(seed)
        quota = np.bincount(self.labels, minlength=CLASSES) * n / len(self)
        counts = np.floor(quota).astype(int)
        # The largest-remainder method; a random permutation of the classes breaks ties.
        shuffled = rng.permutation(CLASSES)
        order = shuffled[np.argsort(-(quota - counts)[shuffled], kind="stable")]
        counts[order[: n - counts.sum()]] += 1
        chosen = [rng.permutation(np.flatnonzero(self.labels == c))[:k] for c, k in enumerate(counts)]
        return self[rng.permutation(np.concatenate(chosen))]


class Splits(NamedTuple):
    """Training, validation and test set: models are selected on validation, and test is evaluated once, at the end."""

    train: Digits
    validation: Digits
    test: Digits

    def facts(self) -> dict[str, dict]:
        """n and fingerprint of each part, which a run records to recognise its data."""
        return {part: {"n": len(d), "fingerprint": d.fingerprint} for part, d in self._asdict().items()}


def hold_out(digits: Digits, share: float = 1 / 12, seed: int = 0) -> tuple[Digits, Digits]:
    """Split off about `share` of the images at random: (the rest, the held-out part).

    Split by writer where writers are known, so that no writer is in both parts, else stratified by label. At least one
    writer, or one image of each label, is held out.
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
