"""The comparison: does synthetic data help a reader? Arms x seeds -> one tidy table, and verdicts with intervals."""

from ocrgen.study.results import Results, read_results
from ocrgen.study.verdicts import verdicts

__all__ = ["Results", "read_results", "verdicts"]
