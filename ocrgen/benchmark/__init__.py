"""Speed of training, sampling, distances and the reader, each as a ratio to another implementation."""

from ocrgen.benchmark.load import busy, load_now
from ocrgen.benchmark.results import KEYS, BenchmarkResults, read_benchmark
from ocrgen.benchmark.verdicts import SpeedVerdict, classify_speed, verdicts

__all__ = [
    "KEYS",
    "BenchmarkResults",
    "SpeedVerdict",
    "busy",
    "classify_speed",
    "load_now",
    "read_benchmark",
    "verdicts",
]
