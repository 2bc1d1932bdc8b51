"""What speed buys: accuracy of a reader taught by 10,000 samples, against the generator's CPU seconds of training."""

import math
import time
from collections.abc import Iterator
from functools import partial

from ocrgen.benchmark.baselines.loops import build, open_run
from ocrgen.benchmark.lab import Lab, Part, kinds
from ocrgen.datasets import Digits
from ocrgen.generators.base import GenerativeModel, ModelConfig
from ocrgen.generators.config import TrainConfig
from ocrgen.generators.sampling import draw
from ocrgen.generators.training import Trainer
from ocrgen.readers.evaluation import grade
from ocrgen.readers.network import Reader
from ocrgen.readers.training import train_reader
from ocrgen.runs.jobs import Cancelled

BUDGETS = {"cgan": (45, 150), "cvae": (90, 300)}  # CPU seconds
OTHER_BUDGET = (90,)
PER_DIGIT = 1000
STEPS = 400  # of the reader
LONG = 500  # epochs: more than any budget lasts


class Budget:
    """A stop that comes when the CPU seconds are spent; it draws samples at each budget, outside of that account."""

    def __init__(self, lab: Lab, model: GenerativeModel, budgets: tuple[float, ...]):
        self.lab, self.model, self.budgets = lab, model, list(budgets)
        self.drawn: dict[float, tuple[Digits, float, int]] = {}  # samples, CPU seconds, steps
        self.steps, self.begun = 0, time.process_time()

    def __call__(self) -> bool:
        self.steps += 1
        spent = time.process_time() - self.begun
        if self.budgets and spent >= self.budgets[0]:
            samples = draw(self.model, PER_DIGIT, 0, "samples")
            self.drawn[self.budgets.pop(0)] = samples, spent, self.steps
            self.begun = time.process_time() - spent
        return not self.budgets or self.lab.stop()


def parts(lab: Lab) -> list[Part]:
    """Each generator with its first preset."""
    return [partial(taught, lab, *kind) for kind in kinds(first=True)]


def taught(lab: Lab, name: str, kind: type[GenerativeModel], config: ModelConfig) -> Iterator[dict]:
    """Train to each budget; what its samples teach a reader, on the test set. Weights stay in the run."""
    data = lab.data
    model = build(kind, config)
    budget = Budget(lab, model, BUDGETS.get(kind.name, OTHER_BUDGET))
    run = open_run(lab, kind.name)
    loop = TrainConfig(epochs=LONG, threads=lab.config.threads, monitor=0, device="cpu")
    try:
        Trainer(model, data, loop, run).fit(budget, lambda step, total: None)
    except Cancelled:
        if budget.budgets:
            raise
    for file in (run.path / "resume.pt", *(run.weights(epoch) for epoch in run.epochs()[:-1])):
        file.unlink(missing_ok=True)
    for size, (samples, spent, steps) in budget.drawn.items():
        trained = train_reader(samples, data.validation, Reader.presets["fast"], STEPS, 0, stop=lab.stop)
        accuracy = grade(trained.reader, data.test).accuracy
        low, high = wilson(accuracy, len(data.test))
        note = (
            f"{spent:.0f} CPU seconds, {steps:,} steps of {config.batch} on {len(data.train):,} labelled images; "
            f"{len(samples):,} samples, {STEPS} steps of the reader; 95 % interval of {len(data.test):,} test images"
        )
        yield lab.row(subject=name, unit="accuracy", value=accuracy, low=low, high=high, size=size, note=note)


def wilson(share: float, n: int) -> tuple[float, float]:
    """95 % interval of a share of n (Wilson 1927)."""
    z = 1.959964
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle - half, middle + half
