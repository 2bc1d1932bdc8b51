"""Score generated digits against real ones: LFID and FID at four depths, beside what LFID alone is blind to."""

import time
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median

import numpy as np

from ocrgen.datasets.base import CLASSES, Digits, Splits
from ocrgen.metrics.extractors.base import TAPS, FeatureExtractor
from ocrgen.metrics.frechet import Accumulator, GaussianStats, frechet_distance
from ocrgen.metrics.measures import MeasureInput, measures
from ocrgen.metrics.measures.spread import within_class_spread
from ocrgen.metrics.neighbours import nearest

PER_DIGIT = (64, 192)
MANIFOLD_TAP = 192
MANIFOLD_N = 2000
HELD_OUT = 5000  # real images that say how near is usual
SEED = 0


def metric_name(tap: int) -> str:
    """The name of a distance: FID at the last tap, LFID before it."""
    return f"fid_{tap}" if tap == TAPS[-1] else f"lfid_{tap}"


def statistics(
    images: np.ndarray, labels: np.ndarray, extractor: FeatureExtractor, taps=TAPS, fingerprint: str = ""
) -> tuple[dict[int, GaussianStats], dict[tuple[int, int], GaussianStats], np.ndarray]:
    """One pass over images uint8 (N, 28, 28): statistics by tap, by (digit, tap), and the features of MANIFOLD_TAP."""
    whole = {d: Accumulator(d) for d in taps}
    parts = {(c, d): Accumulator(d) for c in range(CLASSES) for d in PER_DIGIT if d in taps}
    kept, at = [], 0
    for batch in extractor.stream(images, taps):
        of = labels[at : at + len(next(iter(batch.values())))]
        at += len(of)
        for d, features in batch.items():
            whole[d].update(features)
            if d in PER_DIGIT:
                for c in np.unique(of):
                    parts[c, d].update(features[of == c])
        if MANIFOLD_TAP in batch and at <= 2 * MANIFOLD_N:
            kept.append(batch[MANIFOLD_TAP])
    about = {"extractor": f"{extractor.name}/{extractor.hash}", "fingerprint": fingerprint}
    stats = {d: a.stats(**about) for d, a in whole.items()}
    by_digit = {k: a.stats(**about) for k, a in parts.items() if a.n > 1}
    return stats, by_digit, np.concatenate(kept)[:MANIFOLD_N] if kept else np.empty((0, MANIFOLD_TAP), np.float32)


def held_out_images(splits: Splits) -> Digits:
    """What a data set holds out, validation and test, shuffled: the real images that floors are made of."""
    _, *parts = splits
    held = Digits(*(np.concatenate([getattr(p, k) for p in parts]) for k in ("images", "labels")), splits.train.name)
    return held[np.random.default_rng(SEED).permutation(len(held))]


@dataclass(eq=False)
class Reference:
    """Real digits as a scorer needs them: statistics at all taps, a sample's features, floors, the spread."""

    name: str
    n: int
    stats: dict[int, GaussianStats]
    by_digit: dict[tuple[int, int], GaussianStats]
    features: np.ndarray  # float32 (m, 192), of a seeded sample
    spread: float
    held_out: Digits | None = None
    train: Digits | None = None
    extractor: FeatureExtractor | None = None
    floors: dict[int, dict[int, float]] = field(default_factory=dict)  # n -> tap -> distance

    @classmethod
    def of(cls, splits: Splits, extractor: FeatureExtractor, taps=TAPS) -> "Reference":
        """The training images of a data set; floors come from what it holds out."""
        train = splits.train
        shuffled = train[np.random.default_rng(SEED).permutation(len(train))]
        stats, by_digit, features = statistics(shuffled.images, shuffled.labels, extractor, taps, train.fingerprint)
        spread, held = within_class_spread(train.images, train.labels), held_out_images(splits)
        return cls(train.name, len(train), stats, by_digit, features, spread, held, train, extractor)

    @cached_property
    def held_out_distances(self) -> tuple[np.ndarray, np.ndarray]:
        """Index and distance of the training image nearest to each held-out one, computed once for all epochs."""
        return nearest(self.held_out.images[:HELD_OUT], self.train.images)

    def floor(self, n: int) -> tuple[int, dict[int, float]]:
        """How far n real images, which the reference does not hold, are from it: (n, distance by tap).

        What a perfect generator would score. Where fewer real images are held out than n, all of them are taken, and
        the n that is returned says so.
        """
        if self.held_out is None or self.extractor is None:
            known = min(self.floors, key=lambda k: abs(k - n))
            return known, self.floors[known]
        n = min(n, len(self.held_out))
        if n not in self.floors:
            sample = self.held_out.subset(n, SEED)
            stats, _, _ = statistics(sample.images, sample.labels, self.extractor, tuple(self.stats))
            self.floors[n] = {d: frechet_distance(s, self.stats[d]) for d, s in stats.items()}
        return n, self.floors[n]


def costs(images: np.ndarray, reference: Reference, extractor: FeatureExtractor) -> dict[str, dict[str, float]]:
    """What each distance costs here and now, by name: `features`, milliseconds per 1,000 images when the network is
    read no deeper than that tap; `distance`, milliseconds given the statistics, the reference's root at hand.
    """

    def seconds(work) -> float:
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun

    few, found = images[: 2 * extractor.batch], {}
    for d, real in reference.stats.items():
        stats = GaussianStats.of(extractor.features(few, (d,))[d])  # and so warm
        features = median(seconds(lambda d=d: extractor.features(few, (d,))) for _ in range(3))
        distance = median(seconds(lambda a=stats, b=real: frechet_distance(a, b)) for _ in range(3))
        found[metric_name(d)] = {"features": features / len(few) * 1e6, "distance": distance * 1e3}
    return found


def score(digits: Digits, reference: Reference, extractor: FeatureExtractor, copies: bool = True) -> dict:
    """All that is known of generated `digits` against a reference: distances with floors, per digit, coverage, spread.

    Keys: lfid_64, lfid_192, lfid_768, fid_2048, floor_* and floor_n, per_digit, precision, recall, density, coverage,
    spread, real_spread, relative_spread, collapsed, memorised (with `copies`, where training images are at hand), n,
    n_real, extractor, seconds; and whatever further files of `measures` bring.
    """
    begun = time.perf_counter()
    order = np.random.default_rng(SEED).permutation(len(digits))  # samples come in turn 0 to 9
    shuffled = digits[order]
    taps = tuple(reference.stats)
    stats, by_digit, features = statistics(shuffled.images, shuffled.labels, extractor, taps, digits.fingerprint)
    row = {metric_name(d): frechet_distance(s, reference.stats[d]) for d, s in stats.items()}
    floor_n, floors = reference.floor(len(digits))
    row |= {f"floor_{d}": value for d, value in floors.items()} | {"floor_n": floor_n}
    row["per_digit"] = {
        metric_name(d): [
            frechet_distance(by_digit[c, d], reference.by_digit[c, d]) if (c, d) in by_digit else None
            for c in range(CLASSES)
        ]
        for d in PER_DIGIT
        if d in taps
    }
    size = min(len(features), len(reference.features))
    real = {}
    if copies and reference.train is not None and reference.held_out is not None:
        real = {
            "train": reference.train,
            "held_out": reference.held_out[:HELD_OUT],
            "held_out_distances": reference.held_out_distances,
        }
    seen = MeasureInput(shuffled, features[:size], reference.features[:size], reference.spread, **real)
    for module in measures().values():
        row |= module.measure(seen)
    about = {"n": len(digits), "n_real": reference.n, "extractor": f"{extractor.name}/{extractor.hash}"}
    return row | about | {"seconds": time.perf_counter() - begun}
