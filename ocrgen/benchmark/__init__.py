"""Speed of training, sampling, distances and the reader, each as a ratio to another implementation."""

from ocrgen.benchmark.results import KEYS, BenchmarkResults, read_benchmark
from ocrgen.benchmark.verdicts import SpeedVerdict, classify_speed, verdicts

__all__ = ["KEYS", "BenchmarkResults", "SpeedVerdict", "classify_speed", "read_benchmark", "verdicts"]
