"""FID and LFID between any two sets of characters, and the verb that computes a data set's reference statistics."""

import time
from pathlib import Path

import numpy as np

from ocrgen.datasets import Characters, load_data, sources
from ocrgen.metrics.extractors import load_extractor
from ocrgen.metrics.extractors.base import TAPS, FeatureExtractor
from ocrgen.metrics.frechet import frechet_distance
from ocrgen.metrics.measures.manifold import manifold
from ocrgen.metrics.measures.spread import within_class_spread
from ocrgen.metrics.reference import save_reference
from ocrgen.metrics.scores import Reference, metric_name, statistics
from ocrgen.runs.jobs import Stop
from ocrgen.runs.run import Run
from ocrgen.utils.errors import UserError
from ocrgen.utils.progress import ProgressCallback

SEED = 1


def run_reference(run: Run, stop: Stop, show: ProgressCallback) -> None:
    """The verb `reference`: compute the reference of a data set and write it to the run's folder."""
    dataset = run.request.dataset
    save_reference(Reference.of(load_data(dataset), load_extractor()), run.path)


def _load(name: str) -> Characters:
    """The training images of the data set `name`, or all images at the path `name`."""
    if name in sources():
        return load_data(name).train
    from ocrgen.datasets import own

    if not Path(name).expanduser().exists():
        load_data(name)  # raises a DataError that lists the data sets
    return own.read(Path(name).expanduser())


def distance(a: str, b: str, extractor: FeatureExtractor) -> dict:
    """FID and LFID between two sets of characters, each a data set's name (its training images) or a path to images.

    Keys: a, b, lfid_64, lfid_192, lfid_768, fid_2048; precision, recall, density and coverage of a with b as the real
    set; spread_a and spread_b within classes, since LFID hardly reacts to a collapse; n_a, n_b, extractor, seconds.
    UserError if a set has fewer than six images.
    """
    start = time.perf_counter()
    set_a, set_b = _load(a), _load(b)
    if min(len(set_a), len(set_b)) < 6:
        raise UserError("A distance needs at least six images on either side.")

    def shuffled_statistics(characters: Characters):
        shuffled = characters[np.random.default_rng(SEED).permutation(len(characters))]
        return statistics(shuffled, extractor, TAPS)

    stats_a, _, features_a = shuffled_statistics(set_a)
    stats_b, _, features_b = shuffled_statistics(set_b)
    values = {metric_name(d): frechet_distance(stats_a[d], stats_b[d]) for d in TAPS}
    values |= manifold(features_b, features_a)
    values |= {f"spread_{s}": within_class_spread(d.images, d.labels) for s, d in (("a", set_a), ("b", set_b))}
    counts = {"n_a": len(set_a), "n_b": len(set_b), "extractor": extractor.identifier}
    return {"a": a, "b": b} | values | counts | {"seconds": time.perf_counter() - start}
