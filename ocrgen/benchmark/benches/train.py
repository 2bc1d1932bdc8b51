"""Training speed: our loop against the plain way, the paper's own loop, and networks with convolutions at 28x28."""

from collections.abc import Iterator
from functools import partial

from ocrgen.benchmark.baselines.fullsize import FullSizeCGAN
from ocrgen.benchmark.baselines.loops import OurLoop, PaperLoop, PlainLoop, build
from ocrgen.benchmark.lab import Lab, Part, kinds
from ocrgen.benchmark.measure import Side
from ocrgen.generators import generators
from ocrgen.generators.base import GenerativeModel, ModelConfig
from ocrgen.generators.models.cgan import CGAN
from ocrgen.generators.models.cvae import CVAE

UNIT = "images per second"
BATCHES = (16, 128, 512)  # of our loop, against the paper's at 16


def parts(lab: Lab) -> list[Part]:
    """One comparison each."""
    found = [partial(against_plain, lab, *kind) for kind in kinds(first=lab.config.quick)]
    if generators().get("cvae") is CVAE:
        found.append(partial(against_paper, lab))
    if generators().get("cgan") is CGAN:
        found.append(partial(against_full_size, lab))
    return found


def against_plain(lab: Lab, name: str, kind: type[GenerativeModel], config: ModelConfig) -> Iterator[dict]:
    """Same weights, batch and loss in the plain loop."""
    ours = OurLoop(lab, build(kind, config), lab.data.train)
    theirs = PlainLoop(build(kind, config), lab.data.train)
    sides = Side(name, ours.steps, ours.batch), Side("plain loop, fp32", theirs.steps, theirs.batch)
    a, b = lab.times(*sides)
    ours.close()
    yield lab.versus(a, b, UNIT, size=ours.batch, note="same model and batch")


def against_paper(lab: Lab) -> Iterator[dict]:
    """The paper's CVAE in its first implementation's loop, in the plain loop, and in ours with larger batches."""
    settings = CVAE.presets["paper"]
    paper = PaperLoop(lab, lab.data.train)
    theirs = PlainLoop(build(CVAE, settings), lab.data.train)
    loops = [
        OurLoop(lab, build(CVAE, settings.model_copy(update={"batch": b})), lab.data.train)
        for b in BATCHES[: 2 if lab.config.quick else None]
        if b <= len(lab.data.train)
    ]
    sides = [Side("the paper's loop, batch 16", paper.steps, 16), Side("plain loop, batch 16, fp32", theirs.steps, 16)]
    sides += [Side(f"CVAE paper, batch {loop.batch}", loop.steps, loop.batch) for loop in loops]
    slow, usual, *ours = lab.times(*sides)
    paper.close()
    for loop, times in zip(loops, ours, strict=True):
        loop.close()
        for other, note in ((slow, "its bookkeeping included"), (usual, "without the paper's bookkeeping")):
            yield lab.versus(times, other, UNIT, size=loop.batch, note=f"the paper's architecture; {note}")


def against_full_size(lab: Lab) -> Iterator[dict]:
    """The fast CGAN against one with convolutions at 28x28, both in our loop."""
    settings = CGAN.presets["fast"]
    models = [build(CGAN, settings), build(FullSizeCGAN, settings)]
    counts = [sum(p.numel() for m in (x.decoder, x.discriminator) for p in m.parameters()) for x in models]
    loops = [OurLoop(lab, model, lab.data.train) for model in models]
    names = ("CGAN fast", "CGAN with 28-px convolutions")
    sides = [Side(name, loop.steps, loop.batch) for name, loop in zip(names, loops, strict=True)]
    a, b = lab.times(*sides)
    for loop in loops:
        loop.close()
    note = f"both in our loop; {counts[0]:,} and {counts[1]:,} weights"
    yield lab.versus(a, b, UNIT, size=loops[0].batch, note=note)
