"""FID and LFID between any two sets of characters, and the verb that computes a data set's reference statistics."""

import time
from dataclasses import dataclass
from typing import Self

import numpy as np

from ocrgen.datasets import Characters, existing_path, load_data, own, sources
from ocrgen.metrics.extractors import NAMES, load_extractor
from ocrgen.metrics.extractors.base import TAPS, FeatureExtractor
from ocrgen.metrics.frechet import frechet_distance
from ocrgen.metrics.gaussian import GaussianStats
from ocrgen.metrics.measures.manifold import manifold
from ocrgen.metrics.measures.spread import within_class_spread
from ocrgen.metrics.reference import save_reference
from ocrgen.metrics.scores import MANIFOLD_N, Reference, metric_name, statistics
from ocrgen.metrics.statistics_files import network_of, read_statistics
from ocrgen.runs.jobs import Stop
from ocrgen.runs.run import Run
from ocrgen.utils.errors import UserError
from ocrgen.utils.progress import ProgressCallback

SEED = 1
LEAST = 6  # images of a side
FEW = TAPS[-1]  # with fewer images than the deepest features have dimensions, their covariance is singular


def run_reference(run: Run, stop: Stop, show: ProgressCallback) -> None:
    """The verb `reference`: compute the reference of a data set and write it to the run's folder."""
    dataset = run.request.dataset
    save_reference(Reference.of(load_data(dataset), load_extractor()), run.path)


@dataclass(frozen=True, eq=False)
class _Side:
    """One side of a distance: characters, or statistics of features in a file; n: of images, None if not known."""

    name: str
    n: int | None
    characters: Characters | None = None
    stats: GaussianStats | None = None

    @classmethod
    def of(cls, name: str | Characters) -> Self:
        """The training images of the data set `name`, or all images, or the statistics, at that path, or images."""
        if isinstance(name, Characters):
            characters, name = name, name.name
        elif name in sources():
            characters = load_data(name).train
        elif path := existing_path(name):
            if path.suffix == ".npz" and (found := read_statistics(path)):
                return cls(name, found[1], stats=found[0])
            characters = own.open_data(path, least=0).whole
        else:
            characters = load_data(name).train  # raises a DataError that lists the data sets
        if len(characters) < LEAST:
            raise UserError(f"{name} has {len(characters)} images: a distance needs at least {LEAST} on either side.")
        order = np.random.default_rng(SEED).permutation(len(characters))
        return cls(name, len(characters), characters[order])


def distance(a: str | Characters, b: str | Characters, extractor: str = "", weights: str | None = None) -> dict:
    """FID and LFID between two sets of characters, or of one to statistics of features.

    a, b: images, or a data set's name (its training images), or a path to images or to statistics (`read_statistics`).
    With statistics there is the one distance that is of their dimensions. extractor: digitnet, or the network of the
    statistics, if not given.
    Keys: a, b, lfid_64, lfid_192, lfid_768, fid_2048; floor_64 and so on, the distances between floor_n images of
    floor_of, the larger set, and its others, which no set of so few can be expected to fall below; of two sets of
    images precision, recall, density and coverage of a with b as the real set, and spread_a and spread_b within
    classes, since LFID hardly reacts to a collapse; n_a, n_b, extractor, notes (whole sentences), seconds.
    UserError if a set has fewer than six images, or statistics are of another network.
    """
    start = time.perf_counter()
    sides = {"a": _Side.of(a), "b": _Side.of(b)}
    given = [side.stats for side in sides.values() if side.stats]
    row: dict = {which: side.name for which, side in sides.items()}
    if len(given) == 2:
        _require_network(given, extractor or network_of(given[0]))
        row |= {metric_name(len(given[1].mean)): frechet_distance(*given)}
        used = next((stats.extractor for stats in given if stats.extractor), network_of(given[0]))
    else:
        chosen = extractor or (network_of(given[0]) if given else NAMES[0])
        _require_network(given, chosen)
        network = load_extractor(chosen, weights)
        row |= _measured(sides, network)
        used = network.identifier
    counts = {f"n_{side}": of.n for side, of in sides.items()} | {"extractor": used}
    row |= counts
    return row | {"notes": _notes(sides, row), "seconds": time.perf_counter() - start}


def _require_network(given: list[GaussianStats], name: str) -> None:
    """UserError unless all statistics are of the network `name`."""
    for stats in given:
        if (theirs := network_of(stats)) != name:
            raise UserError(
                f"The statistics are of the features of {theirs}, not of {name}, and cannot be compared with these. "
                f"Give --extractor {theirs}, or images on both sides."
            )


def _measured(sides: dict[str, _Side], extractor: FeatureExtractor) -> dict:
    """The distances, their floors and the measures of two sides, at least one of which has images."""
    given = next((side.stats for side in sides.values() if side.stats), None)
    taps = TAPS if given is None else (len(given.mean),)
    images = {which: side.characters for which, side in sides.items() if side.characters}
    # The floor is the larger set's own, and where that has less than twice the images, one of half its size.
    larger = max(images, key=lambda which: len(images[which]))
    floor_n = min(min(map(len, images.values())), len(images[larger]) // 2)
    stats, features = {which: {taps[0]: given} for which in sides if given and which not in images}, {}
    for which, characters in images.items():
        if which != larger:
            stats[which], _, features[which] = statistics(characters, extractor, taps)
    first, _, some = statistics(images[larger][:floor_n], extractor, taps)
    others, _, more = statistics(images[larger][floor_n:], extractor, taps)
    stats[larger] = {d: first[d].merge(others[d]) for d in taps}
    features[larger] = np.concatenate([some, more])[:MANIFOLD_N]
    row: dict = {metric_name(d): frechet_distance(stats["a"][d], stats["b"][d]) for d in taps}
    if given is None:
        row |= manifold(features["b"], features["a"])
        row |= {f"spread_{which}": within_class_spread(c.images, c.labels) for which, c in images.items()}
    row |= {f"floor_{d}": frechet_distance(first[d], others[d]) for d in taps}
    return row | {"floor_n": floor_n, "floor_of": sides[larger].name}


def _notes(sides: dict[str, _Side], row: dict) -> list[str]:
    """What has to be known of the distances: which are of few images, and what that alone makes of them."""
    notes = [f"{s.name} does not say of how many images its statistics are." for s in sides.values() if s.n is None]
    few = min((side.n for side in sides.values() if side.n), default=FEW)
    if few < FEW and "floor_n" in row:
        n, tap = row["floor_n"], max(d for d in TAPS if f"floor_{d}" in row)
        rest = max(side.n or 0 for side in sides.values() if side.name == row["floor_of"]) - n
        title = metric_name(tap).upper().replace("_", "-")
        notes.append(
            f"n = {few:,} is few: {n:,} images of {row['floor_of']} and the {rest:,} others of that same set are "
            f"{row[f'floor_{tap}']:.4g} apart ({title})."
        )
    return notes
