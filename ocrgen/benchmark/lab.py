"""What all benches share: data, settings, timing, and rows with threads and precision filled in."""

from collections.abc import Callable, Iterator
from functools import cached_property

from ocrgen.benchmark.machine import precision
from ocrgen.benchmark.measure import Side, Times, interleave, ratios, spread
from ocrgen.benchmark.plan import BenchmarkConfig
from ocrgen.benchmark.results import make_row
from ocrgen.datasets import DataError, Splits, load_data, sources
from ocrgen.generators import generators
from ocrgen.generators.base import GenerativeModel, ModelConfig
from ocrgen.runs.run import Run

Part = Callable[[], Iterator[dict]]  # one comparison, which yields its rows


class Lab:
    """A benchmark while it runs."""

    def __init__(self, run: Run, config: BenchmarkConfig, stop: Callable[[], bool] = lambda: False):
        self.run, self.config, self.stop = run, config, stop
        self.precision = precision()
        self.bench = ""
        self.fallback = ""  # why another data set is used, if so

    @cached_property
    def data(self) -> Splits:
        """The data set; the bundled digits where a known one is not available, since the speed is the same."""
        try:
            return load_data(self.config.dataset)
        except DataError:
            if self.config.dataset not in sources():
                raise
            self.fallback = f"{self.config.dataset} is not at hand: the bundled digits"
            return load_data("digits")

    def times(self, *sides: Side) -> list[Times]:
        """Time the sides in turn."""
        return interleave(list(sides), self.config.rounds, self.config.seconds, self.stop)

    def row(self, **given) -> dict:
        """A row of the current bench; see `make_row`."""
        about = {"bench": self.bench, "threads": self.config.threads, "precision": self.precision}
        note = "; ".join(words for words in (given.pop("note", ""), self.fallback) if words)
        return make_row(**about | given, note=note)

    def versus(self, subject: Times, against: Times, unit: str, **given) -> dict:
        """The row of a comparison, values in `unit`; see `make_row`."""
        ratio, low, high = spread(ratios(subject, against))
        figures = {
            "value": subject.figure(unit),
            "cpu_value": subject.figure(unit, cpu=True),
            "against_value": against.figure(unit),
        }
        sides = {"subject": subject.name, "against": against.name, "n": len(subject.cpu)}
        return self.row(**sides, ratio=ratio, low=low, high=high, unit=unit, **figures, **given)


def kinds(first: bool = False) -> list[tuple[str, type[GenerativeModel], ModelConfig]]:
    """Every trained generator with every preset, or its first one only: ("CVAE fast", class, settings)."""
    return [
        (f"{kind.title} {preset}", kind, config)
        for kind in generators().values()
        for preset, config in list(kind.presets.items())[: 1 if first else None]
        if isinstance(config, ModelConfig)  # and so is trained
    ]
