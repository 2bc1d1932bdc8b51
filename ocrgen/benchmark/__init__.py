"""Speed of training, sampling, distances and the reader, each as a ratio to another implementation."""

from ocrgen.benchmark.results import KEYS, read_benchmark
from ocrgen.benchmark.verdicts import classify_speed, verdicts

__all__ = ["KEYS", "classify_speed", "read_benchmark", "verdicts"]
