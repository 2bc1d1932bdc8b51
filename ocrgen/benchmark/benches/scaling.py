"""How time grows: of training with the images, of sampling with the batch, of a distance with the dimensions."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch

from ocrgen.benchmark.baselines.loops import OurLoop, build
from ocrgen.benchmark.benches.distance import sides as distance_sides
from ocrgen.benchmark.lab import Lab, Part, kinds
from ocrgen.benchmark.measure import Side, Times
from ocrgen.generators.base import BLOCK, GenerativeModel, ModelConfig
from ocrgen.utils.statistics import Interval, t_interval

IMAGES, QUICK_IMAGES = (1000, 2000, 5000, 10_000, 20_000, 60_000), (128, 256)
BATCHES, QUICK_BATCHES = (1, 16, 128, 256, 512, 1024, 4096, 8192), (1, 128, 256)
DIMENSIONS, QUICK_DIMENSIONS = (64, 128, 256, 512, 1024, 2048), (64, 128)
SLOW_DIMENSIONS = 1024  # the most for which scipy's square root is timed


def parts(lab: Lab) -> list[Part]:
    """Training and sampling of each generator with its first preset, and both implementations of the distance."""
    curves: list[Part] = [partial(part, lab, *kind) for kind in kinds(first=True) for part in (training, sampling)]
    return [*curves, partial(distances, lab)]


def exponent(sizes: list[int], times: list[Times]) -> Interval:
    """Mean and 95 % interval over the rounds of p in time = c * size^p, fitted to the logarithms of CPU seconds."""
    logs = np.log([t.cpu for t in times])  # (sizes, rounds)
    slopes = np.polyfit(np.log(sizes), logs, 1)[0]
    return t_interval(np.atleast_1d(slopes))


def curve(lab: Lab, name: str, what: str, sizes: list[int], times: list[Times], min_size: int = 0) -> Iterator[dict]:
    """A row for each size, and one with the exponent fitted to the sizes from `min_size` on."""
    for size, t in zip(sizes, times, strict=True):
        about = {"subject": name, "unit": "seconds", "size": size, "n": len(t.cpu), "note": what}
        yield lab.row(**about, value=t.figure("seconds"), cpu_value=t.figure("seconds", cpu=True))
    fitted = [(size, t) for size, t in zip(sizes, times, strict=True) if size >= min_size]
    if len(fitted) > 1:
        interval = exponent([s for s, _ in fitted], [t for _, t in fitted])
        note = f"{what}; from {fitted[0][0]:,} to {fitted[-1][0]:,}"
        about = {"subject": name, "unit": "exponent", "n": interval["n"], "note": note}
        yield lab.row(**about, value=interval["mean"], low=interval["low"], high=interval["high"])


def training(lab: Lab, name: str, kind: type[GenerativeModel], config: ModelConfig) -> Iterator[dict]:
    """One epoch by its number of images; a smaller data set is repeated."""
    sizes, train = QUICK_IMAGES if lab.config.quick else IMAGES, lab.data.train
    loops = [OurLoop(lab, build(lab, kind, config), train[np.arange(size) % len(train)]) for size in sizes]
    sides = [Side(f"{name}, training", partial(loop.steps, loop.per_epoch)) for loop in loops]
    times = lab.times(*sides)
    for loop in loops:
        loop.close()
    yield from curve(lab, f"{name}, training", "one epoch by its images", list(sizes), times)


def sampling(lab: Lab, name: str, kind: type[GenerativeModel], config: ModelConfig) -> Iterator[dict]:
    """One call by its images; calls in smaller blocks than the later ones are left out of the fit."""
    sizes = QUICK_BATCHES if lab.config.quick else BATCHES
    model = build(lab, kind, config).eval()
    sides = [
        Side(f"{name}, sampling", partial(model.sample, torch.arange(size) % len(model.classes))) for size in sizes
    ]
    yield from curve(lab, f"{name}, sampling", "one call by its images", list(sizes), lab.times(*sides), BLOCK)


def distances(lab: Lab) -> Iterator[dict]:
    """One distance from given statistics of twice as many images as dimensions; scipy's only up to SLOW_DIMENSIONS."""
    sizes = list(QUICK_DIMENSIONS if lab.config.quick else DIMENSIONS)
    pairs = [distance_sides(d, 2 * d) for d in sizes]
    short = [d for d in sizes if d <= SLOW_DIMENSIONS]
    times = lab.times(*(p[0] for p in pairs), *(p[1] for p, d in zip(pairs, sizes, strict=True) if d in short))
    for name, dims, measured in (
        ("distance, ours", sizes, times[: len(sizes)]),
        ("distance, scipy sqrtm", short, times[len(sizes) :]),
    ):
        for row in curve(lab, name, "one distance by its dimensions", dims, measured):
            yield row | {"precision": "float64"}
