"""What all benches share: the data, the rounds, and rows that carry threads and precision."""

from collections.abc import Callable, Iterator
from functools import cached_property

from ocrgen.benchmark.machine import precision
from ocrgen.benchmark.measure import Side, Times, interleave, ratios, spread
from ocrgen.benchmark.plan import BenchmarkConfig
from ocrgen.benchmark.results import make_row
from ocrgen.datasets import DataError, Splits, load_digits, sources
from ocrgen.generators import generators
from ocrgen.generators.base import GenerativeModel, ModelConfig
from ocrgen.runs.run import Run

Part = Callable[[], Iterator[dict]]  # one comparison: gives its rows


class Lab:
    """One benchmark at work."""

    def __init__(self, run: Run, config: BenchmarkConfig, stop: Callable[[], bool] = lambda: False):
        self.run, self.config, self.stop = run, config, stop
        self.precision = precision()
        self.bench = ""
        self.lost = ""  # why other data than those asked for are used

    @cached_property
    def data(self) -> Splits:
        """The data set; the bundled digits where MNIST is not at hand: of speed they tell the same."""
        try:
            return load_digits(self.config.dataset)
        except DataError:
            if self.config.dataset not in sources():
                raise
            self.lost = f"{self.config.dataset} is not at hand: the bundled digits"
            return load_digits("digits")

    def times(self, *sides: Side) -> list[Times]:
        """Measure the sides in turn."""
        return interleave(list(sides), self.config.rounds, self.config.seconds, self.stop)

    def row(self, **given) -> dict:
        """A row of the bench at work."""
        about = {"bench": self.bench, "threads": self.config.threads, "precision": self.precision}
        note = "; ".join(words for words in (given.pop("note", ""), self.lost) if words)
        return make_row(**about | given, note=note)

    def versus(self, subject: Times, against: Times, unit: str, **given) -> dict:
        """The row of a comparison."""
        ratio, low, high = spread(ratios(subject, against))
        figures = {
            "value": subject.figure(unit),
            "cpu_value": subject.figure(unit, cpu=True),
            "against_value": against.figure(unit),
        }
        sides = {"subject": subject.name, "against": against.name, "n": len(subject.cpu)}
        return self.row(**sides, ratio=ratio, low=low, high=high, unit=unit, **figures, **given)


def kinds(first: bool = False) -> list[tuple[str, type[GenerativeModel], ModelConfig]]:
    """Every generator with every preset of its own, or its first: ("CVAE fast", class, settings)."""
    return [
        (f"{kind.title} {preset}", kind, config)
        for kind in generators().values()
        for preset, config in list(kind.presets.items())[: 1 if first else None]
    ]
