"""LFID and FID between any two sets of digits, and the reference statistics that scores are measured against."""

import time
from collections.abc import Callable
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

SEED = 1


def run_reference(run: Run, stop: Stop, show: Callable[[int, int], None]) -> None:
    """The verb `reference`: the statistics of a data set, written into the run's own folder."""
    dataset = run.request.dataset
    save_reference(Reference.of(load_digits(dataset), load_extractor()), run.path)


def _side(name: str) -> Digits:
    """One side of `distance`: the training images of a data set, or all images at a path."""
    if name in sources():
        return load_digits(name).train
    from ocrgen.datasets import own

    if not Path(name).expanduser().exists():
        load_digits(name)  # raises, listing what there is
    return own.read(Path(name).expanduser())


def distance(a: str, b: str, extractor: FeatureExtractor) -> dict:
    """LFID and FID between two sets of digits: each a data set's name (its training images) or a path to images.

    Keys: a, b, lfid_64, lfid_192, lfid_768, fid_2048; precision, recall, density and coverage of a by b's measure,
    spread_a and spread_b within a class, since LFID alone is blind to a collapse; n_a, n_b, extractor, seconds.
    UserError if a side has fewer than six images.
    """
    begun = time.perf_counter()
    left, right = _side(a), _side(b)
    if min(len(left), len(right)) < 6:
        raise UserError("A distance needs at least six images on either side.")
    sides = []
    for digits in (left, right):
        mixed = digits[np.random.default_rng(SEED).permutation(len(digits))]
        sides.append(statistics(mixed.images, mixed.labels, extractor, TAPS, digits.fingerprint))
    (ours, _, few), (theirs, _, real) = sides
    values = {metric_name(d): frechet_distance(ours[d], theirs[d]) for d in TAPS}
    values |= manifold(real, few)
    values |= {f"spread_{s}": within_class_spread(d.images, d.labels) for s, d in (("a", left), ("b", right))}
    counts = {"n_a": len(left), "n_b": len(right), "extractor": f"{extractor.name}/{extractor.hash}"}
    return {"a": a, "b": b} | values | counts | {"seconds": time.perf_counter() - begun}
