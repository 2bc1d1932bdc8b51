"""Training speed: our loop against a plain one, the paper's own, and networks with convolutions at 28x28."""

from collections.abc import Iterator
from functools import partial

from ocrgen.benchmark.baselines.fullsize import FullSizeCGAN
from ocrgen.benchmark.baselines.loops import OurLoop, PaperLoop, PlainLoop, build
from ocrgen.benchmark.counting import weights
from ocrgen.benchmark.lab import Lab, Part, kinds
from ocrgen.benchmark.measure import Side
from ocrgen.generators import generators
from ocrgen.generators.base import GenerativeModel, ModelConfig
from ocrgen.generators.models.cgan import CGAN
from ocrgen.generators.models.cvae import CVAE

UNIT = "images per second"
BATCHES = (16, 128, 512)  # of our loop, against the paper's at 16


def parts(lab: Lab) -> list[Part]:
    """A comparison for each generator and preset, and two for our own generators."""
    comparisons = [partial(against_plain, lab, *kind) for kind in kinds(first=lab.config.quick)]
    if generators().get("cvae") is CVAE:
        comparisons.append(partial(against_paper, lab))
    if generators().get("cgan") is CGAN:
        comparisons.append(partial(against_full_size, lab))
    return comparisons


def against_plain(lab: Lab, name: str, kind: type[GenerativeModel], config: ModelConfig) -> Iterator[dict]:
    """Our loop against the plain one, with the same weights, batch and loss."""
    loop = OurLoop(lab, build(lab, kind, config), lab.data.train)
    plain = PlainLoop(build(lab, kind, config), lab.data.train)
    sides = Side(name, loop.steps, loop.batch), Side("plain loop, fp32", plain.steps, plain.batch)
    a, b = lab.times(*sides)
    loop.close()
    yield lab.versus(a, b, UNIT, size=loop.batch, note="same model and batch")


def against_paper(lab: Lab) -> Iterator[dict]:
    """The paper's CVAE in our loop with several batches, against its first implementation's loop and the plain one."""
    settings = CVAE.presets["paper"]
    paper = PaperLoop(lab, lab.data.train)
    plain = PlainLoop(build(lab, CVAE, settings), lab.data.train)
    loops = [
        OurLoop(lab, build(lab, CVAE, settings.model_copy(update={"batch": b})), lab.data.train)
        for b in BATCHES[: 2 if lab.config.quick else None]
        if b <= len(lab.data.train)
    ]
    sides = [Side("the paper's loop, batch 16", paper.steps, 16), Side("plain loop, batch 16, fp32", plain.steps, 16)]
    sides += [Side(f"CVAE paper, batch {loop.batch}", loop.steps, loop.batch) for loop in loops]
    paper_times, plain_times, *loop_times = lab.times(*sides)
    paper.close()
    for loop, times in zip(loops, loop_times, strict=True):
        loop.close()
        for other, note in (
            (paper_times, "its bookkeeping included"),
            (plain_times, "without the paper's bookkeeping"),
        ):
            yield lab.versus(times, other, UNIT, size=loop.batch, note=f"the paper's architecture; {note}")


def against_full_size(lab: Lab) -> Iterator[dict]:
    """The fast CGAN against one with convolutions at 28x28, both in our loop."""
    settings = CGAN.presets["fast"]
    models: list[CGAN] = [build(lab, CGAN, settings), build(lab, FullSizeCGAN, settings)]
    counts = [weights(model.decoder, model.discriminator) for model in models]
    loops = [OurLoop(lab, model, lab.data.train) for model in models]
    names = ("CGAN fast", "CGAN with 28-px convolutions")
    sides = [Side(name, loop.steps, loop.batch) for name, loop in zip(names, loops, strict=True)]
    a, b = lab.times(*sides)
    for loop in loops:
        loop.close()
    note = f"both in our loop; {counts[0]:,} and {counts[1]:,} weights"
    yield lab.versus(a, b, UNIT, size=loops[0].batch, note=note)
