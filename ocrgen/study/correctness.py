"""Which test images the readers of a task read right, kept per image, and put together over a study's seeds."""

import base64
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np

from ocrgen.study.inference import Estimate, estimate

PER_IMAGE = ("accuracy", "corrupted", "attacked")  # the metrics that are means over images
UNTESTED = np.iinfo(np.uint16).max
Key = tuple[str, int, str]  # training mix, n_real, metric


def encode(array: np.ndarray) -> str:
    """Whole numbers of 0 to 65,535 as text."""
    return base64.b64encode(zlib.compress(array.astype("<u2").tobytes(), 9)).decode()


def decode(text: str) -> np.ndarray:
    """The inverse of `encode`. ValueError if the text is damaged."""
    try:
        return np.frombuffer(zlib.decompress(base64.b64decode(text, validate=True)), "<u2")
    except (zlib.error, TypeError) as fault:
        raise ValueError(f"not what a study writes: {fault}") from fault


def packed(right: np.ndarray, of: int, tested: np.ndarray) -> dict:
    """Part of a task's result: how often each test image was read right, out of `of` times.

    right: whole numbers (n,). tested: index of these images in the study's N test images, int (n,).
    """
    return {"right": encode(right), "of": of, "tested": encode(np.diff(tested, prepend=0))}


def unpacked(kept: Mapping, images: int) -> tuple[np.ndarray, int]:
    """What `packed` has kept, as counts uint16 (N,), UNTESTED where an image was not tested, and `of`.

    ValueError if it is damaged.
    """
    right, of, tested = decode(kept["right"]), int(kept["of"]), np.cumsum(decode(kept["tested"]).astype(int))
    if len(right) != len(tested) or not of > 0 or (len(tested) and tested[-1] >= images) or (right > of).any():
        raise ValueError("its counts do not fit its test images")
    counts = np.full(images, UNTESTED, np.uint16)
    counts[tested] = right
    return counts, of


@dataclass(eq=False)
class Correctness:
    """How often each of N test images was read right, by training mix, n_real and metric.

    counts: uint16 (seeds, N), out of `of[key]` times; UNTESTED where an image, or a seed, was not tested. writers:
    int (N,), None if unknown.
    """

    counts: dict[Key, np.ndarray] = field(default_factory=dict)
    of: dict[Key, int] = field(default_factory=dict)
    writers: np.ndarray | None = None

    @classmethod
    def collect(cls, rows: Iterable[dict], images: int, seeds: int, writers: np.ndarray | None) -> "Correctness":
        """From the results of reader tasks. ValueError if one is damaged."""
        found = cls(writers=writers)
        for row in rows:
            for metric, kept in row.get("per_image", {}).items():
                key = (row["arm"], row["n_real"], metric)
                counts, found.of[key] = unpacked(kept, images)
                table = found.counts.setdefault(key, np.full((seeds, images), UNTESTED, np.uint16))
                table[row["seed"]] = counts
        return found

    def values(self, key: Key, seeds: int | None = None) -> np.ndarray | None:
        """Share of its readers that read each image right, float (seeds, N), NaN where untested; None if not kept.

        seeds: how many to take, the first ones; all if None.
        """
        if key not in self.counts:
            return None
        counts = self.counts[key][:seeds]
        return np.where(counts == UNTESTED, np.nan, counts / self.of[key])

    def estimate(self, key: Key, against: Key | None = None, seeds: int | None = None) -> Estimate | None:
        """Mean of a training mix, or its difference from another, with both errors; None if nothing was kept of it."""
        values, others = self.values(key, seeds), None if against is None else self.values(against, seeds)
        if values is None or (against is not None and others is None):
            return None
        tested = ~np.isnan(values) if others is None else ~np.isnan(values) & ~np.isnan(others)
        return estimate(values, others, self.writers) if tested.any() else None

    def to_npz(self) -> bytes:
        """All of it as a file."""
        arrays: dict[str, Any] = {"|".join(map(str, (*key, self.of[key]))): c for key, c in self.counts.items()}
        if self.writers is not None:
            arrays["writers"] = self.writers
        buffer = BytesIO()
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def read(cls, content: bytes) -> "Correctness":
        """The inverse of `to_npz`. ValueError if it is damaged."""
        found = cls()
        try:
            with np.load(BytesIO(content), allow_pickle=False) as arrays:
                for name in arrays.files:
                    if name == "writers":
                        found.writers = arrays[name]
                        continue
                    arm, n, metric, of = name.split("|")
                    found.counts[arm, int(n), metric], found.of[arm, int(n), metric] = arrays[name], int(of)
        except (OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as fault:
            raise ValueError(f"not what a study writes: {fault}") from fault
        return found
