"""The paper's first claim, that a CVAE is ten times faster than a CGAN, measured three ways and explained."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch

from ocrgen.benchmark.baselines.loops import OurLoop, build
from ocrgen.benchmark.baselines.pairs import Pair, pairs
from ocrgen.benchmark.counting import multiply_adds, step_multiply_adds, weights
from ocrgen.benchmark.lab import Lab, Part
from ocrgen.benchmark.measure import Side, Times, ratios, timed
from ocrgen.benchmark.verdicts import SPEED, WAYS, classify_speed
from ocrgen.generators.base import GenerativeModel
from ocrgen.runs.jobs import Cancelled
from ocrgen.utils.statistics import t_interval

IMAGES, QUICK_IMAGES = 1024, 16  # of one training
DRAWN, QUICK_DRAWN = 1024, 128  # images generated at a time


def parts(lab: Lab) -> list[Part]:
    """Arithmetic, sampling and trainings of each pair."""
    return [
        partial(part, lab, way, pair)
        for way, pair in pairs(lab.data.train.n_classes).items()
        for part in (arithmetic, sampling, trainings)
    ]


def arithmetic(lab: Lab, way: str, pair: Pair) -> Iterator[dict]:
    """Weights and multiply-adds per image of every network, and the ratios between the two generators."""
    counts: list[tuple[str, dict[str, tuple[int, int]]]] = []
    for title, (kind, config) in pair.sides().items():
        model = build(lab, kind, config)
        counted = networks(model)
        for name, (numbers, products) in counted.items():
            subject = f"{title}, {way}: {name}"
            yield lab.row(subject=subject, unit="weights", value=numbers, note=WAYS[way])
            yield lab.row(subject=subject, unit="multiply-adds", value=products, note=f"an image, {WAYS[way]}")
        total = sum(numbers for numbers, _ in counted.values())
        summary = {"training": (total, step_multiply_adds(model)), "sampling": counted["decoder"]}
        counts.append((title, summary))
    (cvae, cvae_counts), (cgan, cgan_counts) = counts
    for what in ("training", "sampling"):
        for i, unit in enumerate(("weights", "multiply-adds")):
            value, other = cvae_counts[what][i], cgan_counts[what][i]
            sides = {"subject": f"{cvae}, {way}: {what}", "against": f"{cgan}, {way}: {what}", "unit": unit}
            note = ("", f"an image{', forward and backward' * (what == 'training')}, ")[i] + WAYS[way]
            yield lab.row(**sides, value=value, against_value=other, ratio=other / value, note=note)


def networks(model: GenerativeModel) -> dict[str, tuple[int, int]]:
    """Weights, and multiply-adds per image, of the decoder and of the network that training adds to it."""
    images, labels = torch.rand(2, 1, 28, 28), torch.arange(2)
    codes = torch.randn(2, model.noise_size)
    inputs = {"decoder": (codes, labels), "encoder": (images, labels), "discriminator": (images, labels)}
    parts = {name: (getattr(model, name), given) for name, given in inputs.items() if hasattr(model, name)}
    return {name: (weights(network), multiply_adds(network, *given)) for name, (network, given) in parts.items()}


def sampling(lab: Lab, way: str, pair: Pair) -> Iterator[dict]:
    """Images generated per second, as many at a time as the paper generates of a class."""
    n = QUICK_DRAWN if lab.config.quick else DRAWN
    labels = torch.arange(n) % lab.data.train.n_classes
    sides = []
    for title, (kind, config) in pair.sides().items():
        model = build(lab, kind, config).eval()
        sides.append(Side(f"{title}, {way}, sampling", partial(model.sample, labels), n))
    a, b = lab.times(*sides)
    yield summary(lab, a, b, size=n, note=f"{WAYS[way]}; noise to uint8")


def trainings(lab: Lab, way: str, pair: Pair) -> Iterator[dict]:
    """Repeated trainings of both in turn, each with its own seed."""
    images = QUICK_IMAGES if lab.config.quick else IMAGES
    seconds: dict[str, list[np.ndarray]] = {title: [] for title in pair.sides()}
    for seed in range(-1, lab.config.trainings):
        for title, (kind, config) in pair.sides().items():
            if lab.stop():
                raise Cancelled
            loop = OurLoop(lab, build(lab, kind, config, max(seed, 0)), lab.data.train, max(seed, 0))
            spent = timed(partial(loop.steps, -(-images // loop.batch) if seed >= 0 else 1))
            loop.close()
            if seed < 0:  # warm-up: one-time costs for each shape
                continue
            seconds[title].append(spent)
            about = {"subject": f"{title}, {way}", "unit": "seconds", "size": seed + 1}
            note = f"training {seed + 1}, {images:,} images"
            yield lab.row(**about, value=float(spent[1]), cpu_value=float(spent[0]), note=note)
    tables = {title: np.array(each) for title, each in seconds.items()}
    a, b = (Times(f"{title}, {way}, training", images, t[:, 0], t[:, 1]) for title, t in tables.items())
    yield summary(lab, a, b, size=images, note=f"{WAYS[way]}; batch {pair.cvae.batch} and {pair.cgan.batch}")


def summary(lab: Lab, cvae: Times, cgan: Times, size: int, note: str) -> dict:
    """The row of a comparison: mean ratio and its 95 % interval over the repetitions, and the verdict."""
    interval = t_interval(ratios(cvae, cgan))
    low, high = (interval[k] if interval["n"] > 1 else None for k in ("low", "high"))
    row = lab.versus(cvae, cgan, SPEED, size=size)
    told = "" if lab.config.quick else f"ten times faster: {classify_speed(low, high)}"
    return row | {
        "ratio": interval["mean"],
        "low": low,
        "high": high,
        "note": "; ".join(w for w in (note, told, row["note"]) if w),
    }
