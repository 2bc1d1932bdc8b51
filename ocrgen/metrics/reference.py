"""The reference statistics of real characters: shipped, or computed from the data."""

import contextlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from ocrgen.datasets import DataError, load_data
from ocrgen.metrics.extractors.base import FeatureExtractor
from ocrgen.metrics.gaussian import GaussianStats
from ocrgen.metrics.scores import Reference, held_out_images
from ocrgen.runs.store import shipped_folder
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import write_atomically

LOSS = 4e-6  # of `GaussianStats.save`; changes FID by under 0.1 %, even between real images, n = 10,000
FLOOR_SIZES = (500, 1000, 2000, 5000, 10_000)


class ReferenceInfo(BaseModel):
    """The content of `reference.json`; fingerprints: of the training and of the held-out images."""

    name: str
    n: int
    spread: float
    floors: dict[int, dict[int, float]]
    extractor: str
    fingerprints: tuple[str, str]
    order: dict[int, float] | None = None  # absent in references of earlier versions, which are of digits


def find_reference(dataset: str, extractor: FeatureExtractor) -> Reference:
    """The reference of a data set by this extractor: the shipped one, else computed from its training images.

    If the data set is available, the shipped statistics are used only if they are of the same images; these are kept
    in the reference to detect copies. UserError if neither data nor shipped statistics are available.
    """
    folder = shipped_folder(f"reference-{Path(dataset).stem}")
    info = _read_info(folder)
    if info is not None and info.extractor != extractor.identifier:
        info = None
    try:
        splits = load_data(dataset)
    except DataError as error:
        if info is not None:
            return load_reference(folder)
        raise UserError(f"{error} Without it, and without shipped statistics of it, nothing can be scored.") from error
    train, held_out = splits.train, held_out_images(splits)
    if info is not None and info.fingerprints == (train.fingerprint, held_out.fingerprint):
        with contextlib.suppress(UserError):  # damaged: computed anew
            return replace(load_reference(folder), held_out=held_out, train=train, extractor=extractor)
    return Reference.of(splits, extractor)


def _read_info(folder: Path) -> ReferenceInfo | None:
    try:
        return ReferenceInfo.model_validate_json((folder / "reference.json").read_bytes())
    except (OSError, ValueError):
        return None


def save_reference(reference: Reference, folder: Path) -> None:
    """Write a reference computed from images to a folder: rounded statistics, floors, and the sample of features."""
    extractor, train, held_out = reference.extractor, reference.train, reference.held_out
    assert extractor is not None and train is not None and held_out is not None, "a loaded reference has no images"
    for d, stats in reference.stats.items():
        stats.save(folder / f"tap-{d}.npz", LOSS)
    for (c, d), stats in reference.by_class.items():
        stats.save(folder / f"class-{c}-tap-{d}.npz", LOSS)
    np.savez_compressed(folder / "features.npz", features=reference.features.astype(np.float16))
    info = ReferenceInfo(
        name=reference.name,
        n=reference.n,
        spread=reference.spread,
        floors={n: reference.floor(n)[1] for n in FLOOR_SIZES},  # of the statistics before rounding
        extractor=extractor.identifier,
        fingerprints=(train.fingerprint, held_out.fingerprint),
        order=reference.order,
    )
    write_atomically(folder / "reference.json", info.model_dump_json(indent=1))


def load_reference(folder: Path) -> Reference:
    """The reference that `save_reference` wrote. UserError naming the folder if a file is missing or damaged."""
    for file in folder.iterdir():
        verify(file)
    try:
        info = ReferenceInfo.model_validate_json((folder / "reference.json").read_bytes())
        stats = {int(f.stem.split("-")[1]): GaussianStats.load(f) for f in folder.glob("tap-*.npz")}
        by_class = {
            (int(f.stem.split("-")[1]), int(f.stem.split("-")[3])): GaussianStats.load(f)
            for f in folder.glob("*-*-tap-*.npz")  # class-…, or digit-… of earlier versions
        }
        with np.load(folder / "features.npz", allow_pickle=False) as content:
            features = content["features"].astype(np.float32)
        stats = dict(sorted(stats.items()))
        stored = {"floors": info.floors, "stored_order": info.order}
        return Reference(info.name, info.n, stats, by_class, features, info.spread, **stored)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{folder.name}: the shipped statistics are damaged ({type(error).__name__}).") from error
