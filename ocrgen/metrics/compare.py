"""FID and LFID between any two sets of digits, and the verb that computes a data set's reference statistics."""

import time
from pathlib import Path

import numpy as np

from ocrgen.datasets import Digits, load_digits, sources
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
    save_reference(Reference.of(load_digits(dataset), load_extractor()), run.path)


def _load(name: str) -> Digits:
    """The training images of the data set `name`, or all images at the path `name`."""
    if name in sources():
        return load_digits(name).train
    from ocrgen.datasets import own

    if not Path(name).expanduser().exists():
        load_digits(name)  # raises a DataError that lists the data sets
    return own.read(Path(name).expanduser())


def distance(a: str, b: str, extractor: FeatureExtractor) -> dict:
    """FID and LFID between two sets of digits, each the name of a data set (its training images) or a path to images.

    Keys: a, b, lfid_64, lfid_192, lfid_768, fid_2048; precision, recall, density and coverage of a with b as the real
    set; spread_a and spread_b within classes, since LFID hardly reacts to a collapse; n_a, n_b, extractor, seconds.
    UserError if a set has fewer than six images.
    """
    start = time.perf_counter()
    digits_a, digits_b = _load(a), _load(b)
    if min(len(digits_a), len(digits_b)) < 6:
        raise UserError("A distance needs at least six images on either side.")

    def shuffled_statistics(digits: Digits):
        shuffled = digits[np.random.default_rng(SEED).permutation(len(digits))]
        return statistics(shuffled.images, shuffled.labels, extractor, TAPS, digits.fingerprint)

    stats_a, _, features_a = shuffled_statistics(digits_a)
    stats_b, _, features_b = shuffled_statistics(digits_b)
    values = {metric_name(d): frechet_distance(stats_a[d], stats_b[d]) for d in TAPS}
    values |= manifold(features_b, features_a)
    values |= {f"spread_{s}": within_class_spread(d.images, d.labels) for s, d in (("a", digits_a), ("b", digits_b))}
    counts = {"n_a": len(digits_a), "n_b": len(digits_b), "extractor": extractor.identifier}
    return {"a": a, "b": b} | values | counts | {"seconds": time.perf_counter() - start}
