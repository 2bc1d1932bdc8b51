"""Score generated characters against real ones: FID, LFID at three depths, and measures of what these do not show."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median

import numpy as np

from ocrgen.datasets.alphabet import are_digits
from ocrgen.datasets.base import Characters, Splits
from ocrgen.metrics.extractors.base import TAPS, FeatureExtractor
from ocrgen.metrics.frechet import frechet_distance
from ocrgen.metrics.gaussian import Accumulator, GaussianStats
from ocrgen.metrics.measures import MeasureInput, measures
from ocrgen.metrics.measures.memorisation import SHIFT
from ocrgen.metrics.measures.spread import within_class_spread
from ocrgen.metrics.neighbours import nearest_shifted
from ocrgen.metrics.order import strength_order

PER_CLASS = (64, 192)
MIN_PER_CLASS = 20  # images of a class, for statistics of its own
MANIFOLD_TAP = 192
MANIFOLD_N = 2000
HELD_OUT = 5000  # held-out images whose distances to training images are the standard for copies
TRUSTED = 0.9  # least rank correlation of a distance with the strength of corruptions
SEED = 0


def metric_name(tap: int) -> str:
    """The name of the distance at a tap: `fid_2048` at the last one, `lfid_64` and so on at the others."""
    return f"fid_{tap}" if tap == TAPS[-1] else f"lfid_{tap}"


def statistics(
    characters: Characters, extractor: FeatureExtractor, taps=TAPS
) -> tuple[dict[int, GaussianStats], dict[tuple[int, int], GaussianStats], np.ndarray]:
    """Statistics by tap, statistics by (label, tap), and features float32 (min(N, 2000), 192), in one pass.

    characters: shuffled, since the features are of the first ones. Statistics by label are for the taps 64 and 192 and
    for labels with at least MIN_PER_CLASS images.
    """
    labels, fingerprint = characters.labels, characters.fingerprint
    whole = {d: Accumulator(d) for d in taps}
    parts = {(c, d): Accumulator(d) for c in range(characters.n_classes) for d in PER_CLASS if d in taps}
    sample, start = [], 0
    for batch in extractor.stream(characters.images, taps):
        batch_labels = labels[start : start + len(next(iter(batch.values())))]
        start += len(batch_labels)
        for d, features in batch.items():
            whole[d].update(features)
            if d in PER_CLASS:
                for c in np.unique(batch_labels):
                    parts[c, d].update(features[batch_labels == c])
        if MANIFOLD_TAP in batch and start <= 2 * MANIFOLD_N:
            sample.append(batch[MANIFOLD_TAP])
    stats = {d: a.stats(extractor.identifier, fingerprint) for d, a in whole.items()}
    by_class = {k: a.stats(extractor.identifier, fingerprint) for k, a in parts.items() if a.n >= MIN_PER_CLASS}
    return stats, by_class, np.concatenate(sample)[:MANIFOLD_N] if sample else np.empty((0, MANIFOLD_TAP), np.float32)


def held_out_images(splits: Splits) -> Characters:
    """Validation and test set together, shuffled: the real images from which floors are computed."""
    parts = splits.validation, splits.test
    images, labels = np.concatenate([p.images for p in parts]), np.concatenate([p.labels for p in parts])
    held_out = Characters(images, labels, splits.train.classes, splits.train.name)
    return held_out[np.random.default_rng(SEED).permutation(len(held_out))]


@dataclass(eq=False)
class Reference:
    """What generated characters are scored against: statistics of real ones, and these themselves if available.

    n: number of training images. stats: by tap. by_class: by (label, tap), of classes with enough images. spread:
    within classes, of the training images. A reference with images and extractor computes its floors and its order;
    one without has only those that were stored.
    """

    name: str
    n: int
    stats: dict[int, GaussianStats]
    by_class: dict[tuple[int, int], GaussianStats]
    features: np.ndarray  # float32 (m, 192), of a random sample
    spread: float
    held_out: Characters | None = None
    train: Characters | None = None
    extractor: FeatureExtractor | None = None
    floors: dict[int, dict[int, float]] = field(default_factory=dict)  # n -> tap -> distance
    stored_order: dict[int, float] | None = None

    @classmethod
    def of(cls, splits: Splits, extractor: FeatureExtractor, taps=TAPS) -> "Reference":
        """The reference of a data set: statistics of its training images, floors from its held-out ones."""
        train = splits.train
        shuffled = train[np.random.default_rng(SEED).permutation(len(train))]
        stats, by_class, features = statistics(shuffled, extractor, taps)
        spread, held_out = within_class_spread(train.images, train.labels), held_out_images(splits)
        return cls(train.name, len(train), stats, by_class, features, spread, held_out, train, extractor)

    @cached_property
    def held_out_distances(self) -> tuple[np.ndarray, np.ndarray]:
        """The nearest training image to each of the first HELD_OUT held-out images, shifts allowed; computed once."""
        assert self.held_out is not None and self.train is not None, "a loaded reference has no images"
        return nearest_shifted(self.held_out.images[:HELD_OUT], self.train.images, SHIFT)

    @cached_property
    def order(self) -> dict[int, float] | None:
        """`strength_order` by tap on held-out images; None for digits, for which it is known to be close to 1."""
        if self.stored_order is not None or self.held_out is None or self.extractor is None:
            return self.stored_order
        return None if are_digits(self.held_out.classes) else strength_order(self.held_out, self.stats, self.extractor)

    def floor(self, n: int) -> tuple[int, dict[int, float]]:
        """The distances of n held-out real images, which a perfect generator would reach: (n, distance by tap).

        If fewer images than n are held out, all of them are taken; without images, the stored floor of the nearest n.
        The n that is returned is the actual one.
        """
        if self.held_out is None or self.extractor is None:
            stored = min(self.floors, key=lambda k: abs(k - n))
            return stored, self.floors[stored]
        n = min(n, len(self.held_out))
        if n not in self.floors:
            sample = self.held_out.subset(n, SEED)
            stats, _, _ = statistics(sample, self.extractor, tuple(self.stats))
            self.floors[n] = {d: frechet_distance(s, self.stats[d]) for d, s in stats.items()}
        return n, self.floors[n]


def trust(reference: Reference) -> dict:
    """Whether distances to this reference can be trusted: for data that the extractor was not made for, a measurement.

    Keys: order, rank correlation with the strength of corruptions by distance, None where it was not measured;
    distrusted, a sentence that tells why distances are not to be shown, empty if each order is at least TRUSTED.
    """
    if reference.order is None:
        return {"order": None, "distrusted": ""}
    order = {metric_name(d): value for d, value in reference.order.items()}
    worst = min(order, key=lambda name: order[name])
    distrusted = ""
    if order[worst] < TRUSTED:
        title = worst.upper().replace("_", "-")
        distrusted = (
            f"On {reference.name}, {title} does not grow as images get worse: its rank correlation with the strength "
            f"of corruptions is {order[worst]:.2f}, and below {TRUSTED} it tells nothing about the quality of images."
        )
    return {"order": order, "distrusted": distrusted}


def costs(images: np.ndarray, reference: Reference, extractor: FeatureExtractor) -> dict[str, dict[str, float]]:
    """The time that each distance takes on this machine: by its name, `features` and `distance`.

    features: milliseconds per 1,000 images, for the network up to that tap. distance: milliseconds per distance between
    given statistics, with the root of the reference cached. images: uint8 (N, 28, 28), of which two batches are used.
    """

    def seconds(function: Callable[[], object]) -> float:
        start = time.perf_counter()
        function()
        return time.perf_counter() - start

    sample, times = images[: 2 * extractor.batch], {}
    for d, real in reference.stats.items():
        stats = GaussianStats.of(extractor.features(sample, (d,))[d])  # also warms up
        features = median(seconds(lambda d=d: extractor.features(sample, (d,))) for _ in range(3))
        distance = median(seconds(lambda a=stats, b=real: frechet_distance(a, b)) for _ in range(3))
        times[metric_name(d)] = {"features": features / len(sample) * 1e6, "distance": distance * 1e3}
    return times


def score(generated: Characters, reference: Reference, extractor: FeatureExtractor, copies: bool = True) -> dict:
    """Score `generated` characters against a reference: all distances, their floors, and all measures.

    copies: whether to look for copies of training images, if the reference has images.
    Keys: lfid_64, lfid_192, lfid_768, fid_2048, floor_* and floor_n, per_class, precision, recall, density, coverage,
    spread, real_spread, relative_spread, collapsed, memorised (with `copies`), n, n_real, extractor, seconds, and the
    values of any further module of `measures`. A class with under `min_per_class` images on either side has None in
    per_class; `per_class_left_out` is the number of these. UserError or MetricError if there are too few images.
    """
    start = time.perf_counter()
    order = np.random.default_rng(SEED).permutation(len(generated))  # the classes come in turn
    shuffled = generated[order]
    taps = tuple(reference.stats)
    stats, by_class, features = statistics(shuffled, extractor, taps)
    row: dict = {metric_name(d): frechet_distance(s, reference.stats[d]) for d, s in stats.items()}
    floor_n, floors = reference.floor(len(generated))
    row |= {f"floor_{d}": value for d, value in floors.items()} | {"floor_n": floor_n}
    row["per_class"] = {
        metric_name(d): [
            frechet_distance(by_class[c, d], reference.by_class[c, d])
            if (c, d) in by_class and (c, d) in reference.by_class
            else None
            for c in range(generated.n_classes)
        ]
        for d in PER_CLASS
        if d in taps
    }
    scored = {c for c, _ in by_class} & {c for c, _ in reference.by_class}
    row |= {"per_class_left_out": generated.n_classes - len(scored), "min_per_class": MIN_PER_CLASS}
    size = min(len(features), len(reference.features))
    images = {}
    if copies and reference.train is not None and reference.held_out is not None:
        images = {
            "train": reference.train,
            "held_out": reference.held_out[:HELD_OUT],
            "held_out_distances": reference.held_out_distances,
        }
    inputs = MeasureInput(shuffled, features[:size], reference.features[:size], reference.spread, **images)
    for module in measures().values():
        row |= module.measure(inputs)
    row |= {"n": len(generated), "n_real": reference.n, "extractor": extractor.identifier}
    return row | {"seconds": time.perf_counter() - start}
