"""Sampling speed by batch, from noise to uint8: `sample` against the plain baseline."""

from collections.abc import Iterator
from functools import partial

import torch

from ocrgen.benchmark.baselines.loops import build
from ocrgen.benchmark.baselines.plain import plain, plain_sample
from ocrgen.benchmark.lab import Lab, Part, kinds
from ocrgen.benchmark.measure import Side
from ocrgen.generators.base import GenerativeModel, ModelConfig

BATCHES = tuple(4**i for i in range(6))
QUICK_BATCHES = (1, 256)


def parts(lab: Lab) -> list[Part]:
    """A comparison for each generator and preset."""
    return [partial(by_batch, lab, *kind) for kind in kinds(first=lab.config.quick)]


def by_batch(lab: Lab, name: str, kind: type[GenerativeModel], config: ModelConfig) -> Iterator[dict]:
    """Images per second and latency of one call, for each batch."""
    model, baseline = build(lab, kind, config).eval(), plain(build(lab, kind, config)).eval()
    for n in QUICK_BATCHES if lab.config.quick else BATCHES:
        labels = torch.arange(n) % len(model.classes)
        sides = (
            Side(name, partial(model.sample, labels), n),
            Side("plain sampling, fp32", partial(plain_sample, baseline, labels), n),
        )
        a, b = lab.times(*sides)
        for unit in ("images per second", "ms"):
            yield lab.versus(a, b, unit, size=n, note="noise to uint8" + ("; latency" if unit == "ms" else ""))
