"""Feature extractors for Fréchet distances, one file each."""

from pathlib import Path

from ocrgen.metrics.extractors.base import FeatureExtractor
from ocrgen.utils.errors import UserError

NAMES = ("digitnet", "inception")
INCEPTION_FILE = "pt_inception-2015-12-05-6726825d.pth"  # as pytorch-fid, whose import takes seconds, names it


def load_extractor(name: str = "digitnet", weights: str | None = None) -> FeatureExtractor:
    """The extractor `name`, with the weights in the file `weights` or its own. UserError if they cannot be loaded."""
    if name == "digitnet":
        from ocrgen.metrics.extractors.digitnet import DigitNetExtractor

        return DigitNetExtractor.load(weights)
    if name == "inception":
        from ocrgen.metrics.extractors.inception import InceptionExtractor

        return InceptionExtractor.load(weights)
    raise UserError(f"There is no extractor {name!r}: choose from {', '.join(NAMES)}.")


def at_hand(name: str) -> bool:
    """Whether an extractor's weights are on this machine: what is shipped, or downloaded before to torch's cache."""
    import torch

    return name == "digitnet" or (Path(torch.hub.get_dir()) / "checkpoints" / INCEPTION_FILE).exists()
