"""Weights in half precision, where the distances of what a generator draws bear it."""

import math
import shutil
from collections.abc import Iterator

from safetensors import safe_open
from safetensors.torch import save_file

from ocrgen.generators.checkpoint import load_generator
from ocrgen.generators.sampling import draw
from ocrgen.metrics.compare import SEED
from ocrgen.metrics.extractors import load_extractor
from ocrgen.metrics.reference import find_reference
from ocrgen.metrics.scores import score
from ocrgen.runs.run import Run
from ocrgen.study.statistics import DISTANCES
from ocrgen.utils.threads import limit_threads

EXACT = ("ends", "layout", "sizes")  # of a renderer: where its shapes begin and how large they are, not weights
TOLERANCE = 0.01  # relative change of a distance that half precision may cause


def halve(copy: Run, run: Run) -> dict:
    """Convert the copy's weights to half precision, and back if a distance changes by more than TOLERANCE.

    Returns the entry `half_precision` of `run.json`: the greatest relative change, and whether half precision is kept.
    """
    files = sorted((copy.path / "weights").glob("epoch-*.safetensors"))
    for file in files:
        with safe_open(file, "pt") as content:
            metadata = content.metadata()
            tensors = {k: content.get_tensor(k) for k in content.keys()}  # noqa: SIM118
        save_file(
            {k: v.half() if k not in EXACT and v.is_floating_point() else v for k, v in tensors.items()}, file, metadata
        )
    change = max(_distance_changes(copy, run), default=0.0)
    if change > TOLERANCE:
        for file in files:
            shutil.copyfile(run.path / "weights" / file.name, file)
    return {"greatest change of a score": round(change, 5), "kept": change <= TOLERANCE}


def _distance_changes(copy: Run, run: Run) -> Iterator[float]:
    """For each distance, |ln(d' / d)|: of 1,000 samples per digit by the copy's last epoch, and by the run's."""
    limit_threads(1)
    extractor = load_extractor()
    reference = find_reference(run.request.dataset, extractor)
    rows = []
    for each in (run, copy):
        file = each.path / "weights" / f"epoch-{run.epochs()[-1]:03d}.safetensors"
        rows.append(score(draw(load_generator(file), 1000, SEED), reference, extractor, copies=False))
    for name in DISTANCES:
        yield abs(math.log(rows[1][name] / rows[0][name]))
