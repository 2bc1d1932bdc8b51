"""`Characters`, the type of all labelled images, real or synthetic, with splits and stratified subsets."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from ocrgen.datasets.alphabet import AlphabetError, are_digits, check_classes, index_in
from ocrgen.utils.errors import UserError

SIZE = 28


class DataError(UserError):
    """A data set is missing, damaged or malformed; the message names the file and what is wrong with it."""


@dataclass(frozen=True, eq=False)
class Characters:
    """Labelled images of handwritten characters: upright, white ink on black.

    images: uint8 (N, 28, 28), 0 = paper, 255 = ink. labels: int64 (N,), indices into `classes`. classes: 2 to 100
    distinct texts, one a class: a digit, a letter, a word such as "check mark". name: of the data set, for messages.
    writers: int64 (N,), None if unknown. DataError if a shape, a type, a label or a class text is wrong.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    name: str
    writers: np.ndarray | None = None

    def __post_init__(self):
        try:
            object.__setattr__(self, "classes", check_classes(self.classes))
        except AlphabetError as error:
            raise DataError(f"{self.name}: {error}") from error
        images, labels = self.images, self.labels
        if images.dtype != np.uint8 or images.ndim != 3 or images.shape[1:] != (SIZE, SIZE):
            raise DataError(f"{self.name}: images must be uint8 (N, 28, 28), not {images.dtype} {images.shape}.")
        if labels.dtype != np.int64 or labels.shape != (len(images),):
            raise DataError(
                f"{self.name}: {len(images)} images need as many int64 labels, not {labels.dtype} {labels.shape}."
            )
        if len(labels) and not 0 <= labels.min() <= labels.max() < self.n_classes:
            raise DataError(
                f"{self.name}: labels must be 0 to {self.n_classes - 1}, not {labels.min()} to {labels.max()}."
            )
        if self.writers is not None and len(self.writers) != len(images):
            raise DataError(f"{self.name}: {len(images)} images, but writers for {len(self.writers)}.")

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index) -> Self:
        """The images at `index`: an integer array, a boolean mask or a slice."""
        writers = None if self.writers is None else self.writers[index]
        return replace(self, images=self.images[index], labels=self.labels[index], writers=writers)

    @property
    def n_classes(self) -> int:
        """How many classes there are, whether or not each has an image."""
        return len(self.classes)

    @property
    def counts(self) -> np.ndarray:
        """Number of images of each class, int64 (K,)."""
        return np.bincount(self.labels, minlength=self.n_classes)

    @cached_property
    def fingerprint(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of images, labels and class texts, the same on every platform.

        The digits 0 to 9 are left out, so that runs of earlier versions, which knew no others, recognise their data.
        """
        digest = hashlib.sha256(np.ascontiguousarray(self.images).data)
        digest.update(np.ascontiguousarray(self.labels, dtype="<i8").data)
        if not are_digits(self.classes):
            digest.update("\n".join(self.classes).encode())
        return digest.hexdigest()[:16]

    def relabelled(self, classes: tuple[str, ...]) -> Self:
        """The same images, their labels as indices into `classes`, which may have another order, script or more texts.

        Digits match by value, whatever their script. DataError if a class of an image is not among them.
        """
        if classes == self.classes:
            return self
        present = np.unique(self.labels)
        try:
            index = index_in([self.classes[c] for c in present], classes)
        except AlphabetError as error:
            raise DataError(f"{self.name}: {error}.") from error
        places = np.zeros(self.n_classes, np.int64)
        places[present] = index
        return replace(self, labels=places[self.labels], classes=classes)

    def subset(self, n: int, seed: int) -> Self:
        """A random subset of `n` images, as `chosen` says. DataError unless 0 < n <= N."""
        return self[self.chosen(n, seed)]

    def chosen(self, n: int, seed: int) -> np.ndarray:
        """Indices of `n` images at random, int64 (n,), stratified by label: counts are proportional, up to rounding.

        Writers are not taken into account. The same seed gives the same subset. DataError unless 0 < n <= N.
        """
        if not 0 < n <= len(self):
            raise DataError(f"{self.name}: cannot draw {n:,} images from {len(self):,}.")
        rng = np.random.default_rng(seed)
        quota = self.counts * n / len(self)
        counts = np.floor(quota).astype(int)
        # The largest-remainder method; a random permutation of the classes breaks ties.
        shuffled = rng.permutation(self.n_classes)
        order = shuffled[np.argsort(-(quota - counts)[shuffled], kind="stable")]
        counts[order[: n - counts.sum()]] += 1
        chosen = [rng.permutation(np.flatnonzero(self.labels == c))[:k] for c, k in enumerate(counts)]
        return rng.permutation(np.concatenate(chosen))


class Splits(NamedTuple):
    """Training, validation and test set: models are selected on validation, and test is evaluated once, at the end."""

    train: Characters
    validation: Characters
    test: Characters

    def facts(self) -> dict[str, dict]:
        """n and fingerprint of each part, which a run records to recognise its data."""
        return {part: {"n": len(d), "fingerprint": d.fingerprint} for part, d in self._asdict().items()}


def hold_out(characters: Characters, share: float = 1 / 12, seed: int = 0) -> tuple[Characters, Characters]:
    """Split off about `share` of the images at random: (the rest, the held-out part).

    Split by writer where writers are known, so that no writer is in both parts, else stratified by label. At least one
    writer, or one image of each label, is held out.
    """
    rng = np.random.default_rng(seed)
    if characters.writers is not None:
        writers = np.unique(characters.writers)
        held = np.isin(characters.writers, rng.permutation(writers)[: max(1, round(len(writers) * share))])
    else:
        held = np.zeros(len(characters), bool)
        for c in range(characters.n_classes):
            index = rng.permutation(np.flatnonzero(characters.labels == c))
            held[index[: max(1, round(len(index) * share))]] = True
    return characters[~held], characters[held]
