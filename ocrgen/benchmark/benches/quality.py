"""Accuracy of a reader trained on 10,000 samples, by the CPU seconds that their generator was trained for."""

import time
from collections.abc import Iterator
from functools import partial

from ocrgen.benchmark.baselines.loops import build, open_run
from ocrgen.benchmark.lab import Lab, Part, kinds
from ocrgen.datasets import Characters
from ocrgen.generators.base import GenerativeModel, ModelConfig
from ocrgen.generators.config import TrainConfig
from ocrgen.generators.sampling import draw
from ocrgen.generators.training import Trainer
from ocrgen.readers.evaluation import grade
from ocrgen.readers.network import Reader
from ocrgen.readers.training import train_reader
from ocrgen.runs.jobs import Cancelled
from ocrgen.utils.statistics import share_interval

BUDGETS = {"cgan": (45, 150), "cvae": (90, 300)}  # CPU seconds
OTHER_BUDGET = (90,)
PER_CLASS = 1000
STEPS = 400  # of the reader
LONG = 500  # epochs: more than any budget lasts


class Budget:
    """A stop callback that ends training when the last budget of CPU seconds is spent.

    It generates samples at each budget; their time is not counted.
    """

    def __init__(self, lab: Lab, model: GenerativeModel, budgets: tuple[float, ...]):
        self.lab, self.model, self.budgets = lab, model, list(budgets)
        self.samples: dict[float, tuple[Characters, float, int]] = {}  # samples, CPU seconds, steps
        self.steps, self.begun = 0, time.process_time()

    def __call__(self) -> bool:
        self.steps += 1
        spent = time.process_time() - self.begun
        if self.budgets and spent >= self.budgets[0]:
            samples = draw(self.model, PER_CLASS, 0, "samples")
            self.samples[self.budgets.pop(0)] = samples, spent, self.steps
            self.begun = time.process_time() - spent
        return not self.budgets or self.lab.stop()


def parts(lab: Lab) -> list[Part]:
    """Each generator with its first preset."""
    return [partial(accuracy_by_budget, lab, *kind) for kind in kinds(first=True)]


def accuracy_by_budget(lab: Lab, name: str, kind: type[GenerativeModel], config: ModelConfig) -> Iterator[dict]:
    """Train to each budget; test accuracy of a reader trained on samples from there. The last weights are kept."""
    data = lab.data
    model = build(lab, kind, config)
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
    for size, (samples, spent, steps) in budget.samples.items():
        trained = train_reader(samples, data.validation, Reader.presets["fast"], STEPS, 0, stop=lab.stop)
        accuracy = grade(trained.reader, data.test).accuracy
        low, high = share_interval(round(accuracy * len(data.test)), len(data.test))
        note = (
            f"{spent:.0f} CPU seconds, {steps:,} steps of {config.batch} on {len(data.train):,} labelled images; "
            f"{len(samples):,} samples, {STEPS} steps of the OCR model; 95 % interval of {len(data.test):,} test images"
        )
        yield lab.row(subject=name, unit="accuracy", value=accuracy, low=low, high=high, size=size, note=note)
