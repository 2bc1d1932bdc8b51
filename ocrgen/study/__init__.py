"""Does synthetic data help a reader? Training mixes are compared over seeds; verdicts come with intervals."""

from ocrgen.study.results import Results, read_results
from ocrgen.study.verdicts import verdicts

__all__ = ["Results", "read_results", "verdicts"]
