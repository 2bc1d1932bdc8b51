"""Feature extractors for Fréchet distances, one file each."""

from ocrgen.metrics.extractors.base import FeatureExtractor
from ocrgen.utils.errors import UserError

NAMES = ("digitnet", "inception")


def load_extractor(name: str = "digitnet", weights: str | None = None) -> FeatureExtractor:
    """The extractor `name`, with the weights in the file `weights` or its own. UserError if they cannot be loaded."""
    if name == "digitnet":
        from ocrgen.metrics.extractors.digitnet import DigitNetExtractor

        return DigitNetExtractor.load(weights)
    if name == "inception":
        from ocrgen.metrics.extractors.inception import InceptionExtractor

        return InceptionExtractor.load(weights)
    raise UserError(f"There is no extractor {name!r}: choose from {', '.join(NAMES)}.")
