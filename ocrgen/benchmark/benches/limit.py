"""How close training comes to the CPU's limit: arithmetic per second, against one large matrix product."""

from collections.abc import Iterator
from functools import partial

import torch

from ocrgen.benchmark.baselines.loops import OurLoop, build
from ocrgen.benchmark.counting import step_multiply_adds
from ocrgen.benchmark.lab import Lab, Part, kinds
from ocrgen.benchmark.measure import Side
from ocrgen.generators import generators
from ocrgen.generators.models.cvae import CVAE
from ocrgen.utils.device import pick_dtype

UNIT = "GFLOP per second"
SIDE = 1024  # rows and columns of the matrices; larger ones are not faster
BATCHES = (128, 512)  # of the paper's CVAE, whose own is 16


def parts(lab: Lab) -> list[Part]:
    """One comparison."""
    return [partial(against_product, lab)]


def against_product(lab: Lab) -> Iterator[dict]:
    """Our loop of each generator and preset, against a matrix product of the same precision.

    Normalisation, activations, optimiser and the R1 penalty take time, but are not counted as arithmetic.
    """
    cases = kinds(first=lab.config.quick)
    if generators().get("cvae") is CVAE and not lab.config.quick:
        settings = CVAE.presets["paper"]
        cases += [("CVAE paper", CVAE, settings.model_copy(update={"batch": b})) for b in BATCHES]
    loops, sides = [], []
    for name, kind, config in cases:
        count = step_multiply_adds(build(lab, kind, config))
        loops.append(OurLoop(lab, build(lab, kind, config), lab.data.train))
        sides.append(Side(f"{name}, batch {loops[-1].batch}", loops[-1].steps, 2e-9 * count * loops[-1].batch))
    a, b = torch.randn(2, SIDE, SIDE, dtype=pick_dtype(torch.device("cpu"))).unbind()
    product = Side(f"matrix product, {SIDE} x {SIDE}", lambda: a @ b, 2e-9 * SIDE**3)
    product_times, *loop_times = lab.times(product, *sides)
    for loop, times in zip(loops, loop_times, strict=True):
        loop.close()
        yield lab.versus(
            times, product_times, UNIT, size=loop.batch, note="convolutions and dense layers of a training step"
        )
