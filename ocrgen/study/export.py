"""What a study leaves to take home: its best reader, and the generated digits that were tried beside real ones."""

from dataclasses import dataclass
from pathlib import Path

from ocrgen.datasets import Digits
from ocrgen.generators.checkpoint import load_generator
from ocrgen.generators.sampling import draw, provenance
from ocrgen.runs.run import Run
from ocrgen.study.plan import Arm, Cell
from ocrgen.study.recommendation import Recommendation, recommend
from ocrgen.study.results import Results
from ocrgen.utils.errors import UserError

SEED = 0  # of which a study keeps the reader of every arm


@dataclass(frozen=True)
class StudyExport:
    """The files of one advice: the reader of the arm that it names, and the run of the generator that it speaks of."""

    run: Run
    advice: Recommendation
    reader: Path
    generator: Run

    def samples(self, per_digit: int) -> tuple[Digits, dict]:
        """Generated digits, `per_digit` of each, and how they came to be. UserError if the generator is damaged."""
        digits = draw(load_generator(self.generator.weights()), per_digit, SEED, self.generator.name)
        about = provenance(self.generator, None, per_digit, SEED)
        command = f"python -m ocrgen export {self.run.name} --n {self.advice.n} --per-digit {per_digit} --out FILE.zip"
        return digits, about | {"run": self.run.name, "command": command}


def find_export(run: Run, results: Results, n: int | None = None) -> StudyExport:
    """What to take home for n labelled images, the most if None. UserError if the study keeps no such files."""
    known = {a.n: a for a in recommend(results)}
    if not known:
        raise UserError(f"{run.name} gives no advice: that takes the fair protocol, and a first whole seed.")
    if n is not None and n not in known:
        raise UserError(f"{run.name} compares {', '.join(map(str, known))} labelled images, not {n}.")
    advice = known[n or max(known)]
    reader = run.path / "readers" / f"{Cell('reader', SEED, advice.n, advice.best).key}.safetensors"
    drawn = Arm(generator=advice.arm.generator)
    maker = Run(run.path / "generators" / Cell("generator", SEED, advice.n, drawn).key)
    if not reader.exists() or not maker.epochs():
        raise UserError(
            f"{run.name} keeps no networks, only results: a study that is done here keeps its readers and generators."
        )
    return StudyExport(run, advice, reader, maker)
