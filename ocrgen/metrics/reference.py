"""Real digits to score against: from the statistics that we ship, else from the data."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from ocrgen.datasets import DataError, load_digits
from ocrgen.metrics.extractors.base import FeatureExtractor
from ocrgen.metrics.frechet import GaussianStats
from ocrgen.metrics.scores import Reference, held_out_images
from ocrgen.runs.store import shipped_folder
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import parse, write_atomically

LOSS = 4e-6  # of the trace: moves FID against real images, n = 10,000, where it is smallest, by less than 0.1 %
FLOOR_SIZES = (500, 1000, 2000, 5000, 10_000)


def find_reference(dataset: str, extractor: FeatureExtractor) -> Reference:
    """The reference of a data set: shipped, or from its training images. UserError if there is neither.

    Where the data are at hand, statistics are shipped only for the very same images, which still show copies.
    """
    folder = shipped_folder(f"reference-{Path(dataset).stem}")
    about = _about(folder)
    ours = about.get("extractor") == f"{extractor.name}/{extractor.hash}"
    try:
        splits = load_digits(dataset)
    except DataError as missing:
        if ours:
            return load_reference(folder)
        raise UserError(
            f"{missing} Without it, and without shipped statistics of it, nothing can be scored."
        ) from missing
    train, held_out = splits.train, held_out_images(splits)
    if ours and about.get("fingerprints") == [train.fingerprint, held_out.fingerprint]:
        with contextlib.suppress(UserError):  # damaged: computed anew
            return replace(load_reference(folder), held_out=held_out, train=train, extractor=extractor)
    return Reference.of(splits, extractor)


def _about(folder: Path) -> dict:
    """What `reference.json` says; nothing if there is none that can be read."""
    try:
        about = parse((folder / "reference.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


def save_reference(reference: Reference, folder: Path) -> None:
    """Write statistics of real images, rounded; floors, from before rounding; the features' sample."""
    for d, stats in reference.stats.items():
        stats.save(folder / f"tap-{d}.npz", LOSS)
    for (c, d), stats in reference.by_digit.items():
        stats.save(folder / f"digit-{c}-tap-{d}.npz", LOSS)
    np.savez_compressed(folder / "features.npz", features=reference.features.astype(np.float16))
    floors = {n: reference.floor(n)[1] for n in FLOOR_SIZES}
    about = {"name": reference.name, "n": reference.n, "spread": reference.spread, "floors": floors}
    about["extractor"] = f"{reference.extractor.name}/{reference.extractor.hash}"
    about["fingerprints"] = [reference.train.fingerprint, reference.held_out.fingerprint]
    write_atomically(folder / "reference.json", json.dumps(about, indent=1))


def load_reference(folder: Path) -> Reference:
    """What `save_reference` wrote. UserError naming the folder if a file of it is missing or damaged."""
    for file in folder.iterdir():
        verify(file)
    try:
        about = parse((folder / "reference.json").read_bytes())
        stats = {int(f.stem.split("-")[1]): GaussianStats.load(f) for f in folder.glob("tap-*.npz")}
        by_digit = {
            (int(f.stem.split("-")[1]), int(f.stem.split("-")[3])): GaussianStats.load(f)
            for f in folder.glob("digit-*-tap-*.npz")
        }
        with np.load(folder / "features.npz", allow_pickle=False) as content:
            features = content["features"].astype(np.float32)
        floors = {int(n): {int(d): v for d, v in taps.items()} for n, taps in about["floors"].items()}
        return Reference(
            about["name"], about["n"], dict(sorted(stats.items())), by_digit, features, about["spread"], floors=floors
        )
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise UserError(f"{folder.name}: the shipped statistics are damaged ({type(fault).__name__}).") from fault
