"""Export a study's best reader, and samples of the generator that it recommends or has tried."""

from dataclasses import dataclass
from pathlib import Path

from ocrgen.datasets import Characters
from ocrgen.generators.checkpoint import load_generator
from ocrgen.generators.sampling import draw, made_now, provenance
from ocrgen.runs.run import Run
from ocrgen.study.advice import Advice, advise
from ocrgen.study.arms import OWN, Arm, trained
from ocrgen.study.config import StudyConfig
from ocrgen.study.generators import GeneratorStore
from ocrgen.study.plan import Cell, plan_seed
from ocrgen.study.results import Results
from ocrgen.study.rows import read_row
from ocrgen.utils.errors import UserError

SEED = 0  # the seed of which a study keeps the readers of all training mixes


@dataclass(frozen=True)
class StudyExport:
    """What belongs to one recommendation: the weights of the reader it recommends, and the generator of its way.

    generator: its run, if it was trained; None if it draws by itself, or there is none.
    """

    run: Run
    advice: Advice
    reader: Path
    generator: Run | None

    @property
    def draws(self) -> bool:
        """Whether the way has a generator, which can draw more images."""
        return self.advice.way.generator not in ("", OWN)

    def samples(self, per_class: int) -> tuple[Characters, dict]:
        """Draw `per_class` images of each class; with their provenance.

        UserError if the generator is damaged, or takes its look from a data set that is not there.
        """
        command = f"python -m ocrgen export {self.run.name} --n {self.advice.n} --per-class {per_class} --out FILE.zip"
        told = {"run": self.run.name, "command": command}
        if self.generator is not None:
            drawn = draw(load_generator(self.generator.weights()), per_class, SEED, self.generator.name)
            return drawn, provenance(self.generator, None, per_class, SEED) | told
        model = GeneratorStore(self.run).prepared(self.advice.way.generator, self.advice.n, SEED)
        drawn = draw(model, per_class, SEED, self.advice.way.generator)
        return drawn, made_now(per_class, SEED) | told | {"generator": {"model": self.advice.way.generator}}


def find_export(run: Run, results: Results, n: int | None = None) -> StudyExport:
    """The files for the recommendation at n labelled images, the largest n if None.

    UserError if the study recommends nothing, not at this n, or keeps no networks.
    """
    recommendations = {a.n: a for a in advise(results)}
    if not recommendations:
        raise UserError(
            f"{run.name} gives no advice: that takes the fair or the pool protocol, and a first whole seed."
        )
    if n is not None and n not in recommendations:
        raise UserError(f"{run.name} compares {', '.join(map(str, recommendations))} labelled images, not {n}.")
    advice = recommendations[n or max(recommendations)]
    reader = run.path / "readers" / f"{Cell('reader', SEED, advice.n, advice.best).key}.safetensors"
    name, generator = advice.way.generator, None
    if name and trained(name):
        generator = Run(run.path / "generators" / Cell("generator", SEED, advice.n, Arm(generator=name)).key)
    if not reader.exists() or (generator is not None and not generator.epochs()):
        raise UserError(
            f"{run.name} keeps no networks, only results: a study done here keeps its OCR models and generators."
        )
    return StudyExport(run, advice, reader, generator)


@dataclass(frozen=True)
class KeptReader:
    """A reader whose weights a study has kept, of the training mix `arm`.

    n_labelled: how many labelled images it, or its generator, has seen. accuracy: on the test set.
    """

    key: str
    file: Path
    arm: Arm
    n_labelled: int
    accuracy: float


def kept_readers(run: Run) -> list[KeptReader]:
    """The readers of all training mixes of a study's first seed, as far as it has kept them, in the plan's order."""
    config = StudyConfig.model_validate(run.request.settings)
    kept = []
    for cell in plan_seed(config, SEED):
        file = run.path / "readers" / f"{cell.key}.safetensors"
        if cell.kind == "reader" and file.exists():
            row = read_row(run.path / "cells" / f"{cell.key}.json") or {}
            if "accuracy" in row and "n_labelled" in row:
                kept.append(KeptReader(cell.key, file, cell.arm, row["n_labelled"], row["accuracy"]))
    return kept
