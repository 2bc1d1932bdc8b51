"""Feature extractors for Fréchet distances, one file each, and which of them suits a data set."""

from collections.abc import Sequence
from typing import Literal

from ocrgen.datasets.alphabet import are_digits
from ocrgen.metrics.extractors.base import FeatureExtractor
from ocrgen.utils.errors import UserError

NAMES = ("digitnet", "charnet", "inception")
ExtractorName = Literal["auto", "digitnet", "charnet", "inception"]


def extractor_for(*alphabets: Sequence[str]) -> str:
    """The extractor for data sets of these class texts: "digitnet" if all are digits, else "charnet"."""
    return "digitnet" if all(map(are_digits, alphabets)) else "charnet"


def resolve(name: str, *alphabets: Sequence[str]) -> str:
    """The extractor `name`; for "auto", the one for data sets of these class texts."""
    return extractor_for(*alphabets) if name == "auto" else name


def load_extractor(name: str = "digitnet", weights: str | None = None) -> FeatureExtractor:
    """The extractor `name`, with the weights in the file `weights` or its own. UserError if they cannot be loaded."""
    if name not in NAMES:
        raise UserError(f"There is no extractor {name!r}: choose from {', '.join(NAMES)}.")
    if name == "inception":
        from ocrgen.metrics.extractors.inception import InceptionExtractor

        return InceptionExtractor.load(weights)
    from ocrgen.metrics.extractors.charnet import CharNetExtractor

    return CharNetExtractor.load(name, weights)
