"""How fast: training, sampling, distances and the reader, each as a ratio to another way, measured in one run."""

from ocrgen.benchmark.results import KEYS, read_benchmark
from ocrgen.benchmark.verdicts import judge, verdicts

__all__ = ["KEYS", "judge", "read_benchmark", "verdicts"]
