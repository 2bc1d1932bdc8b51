"""digitnet-2: our own small network for 28x28 digits of both scripts, read at four depths as Inception is for FID."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ocrgen.metrics.extractors.base import TAPS, FeatureExtractor, read_taps
from ocrgen.runs.store import shipped_folder
from ocrgen.utils.checksums import verify
from ocrgen.utils.errors import UserError

# It never changes silently: another training is another version, with another name.
VERSION = "digitnet-2"
FILE = "digitnet.safetensors"


def wide(a: int, b: int, stride: int = 1) -> nn.Sequential:
    """3x3 convolution, normalisation, ReLU."""
    return nn.Sequential(nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU())


def deep(a: int, b: int) -> nn.Sequential:
    """Half the size, then a 1x1 convolution, normalisation, ReLU."""
    return nn.Sequential(nn.MaxPool2d(2, ceil_mode=True), nn.Conv2d(a, b, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU())


class DigitNet(nn.Module):
    """2.0 M weights; the blocks end in 64, 192, 768 and 2048 channels, the widths of Inception's taps.

    Strokes are read at 7x7 (PixelUnshuffle, stride 2): at full size one-channel layers take most of the time. The head
    reads all taps and the last block's maxima: what tells the scripts apart, as softness of strokes, lies in the first.
    """

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(
            [
                nn.Sequential(nn.PixelUnshuffle(2), wide(4, 32), wide(32, 64, 2)),
                nn.Sequential(wide(64, 64), wide(64, 192)),
                deep(192, 768),
                deep(768, 2048),
            ]
        )
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(sum(TAPS) + TAPS[-1], 20))
        self.to(memory_format=torch.channels_last)

    def taps(self, images: Tensor, wanted: Sequence[int]) -> dict[int, Tensor]:
        """Images float (B, 1, 28, 28) in [0, 1] -> globally averaged features float32 (B, d), no deeper than asked."""
        return read_taps(images.contiguous(memory_format=torch.channels_last), self.blocks, wanted)

    def forward(self, images: Tensor) -> Tensor:
        """Images float (B, 1, 28, 28) in [0, 1] -> logits (B, 20)."""
        h, read = images.contiguous(memory_format=torch.channels_last), []
        for part in self.blocks:
            h = part(h)
            read.append(h.mean((2, 3), dtype=torch.float32))
        return self.head(torch.cat([*read, h.amax((2, 3)).float()], 1))


class DigitNetExtractor(FeatureExtractor):
    """Features of digitnet-2, in float32: the same on every machine to the last digits that matter."""

    name = VERSION

    def __init__(self, net: DigitNet, digest: str):
        self.net, self.hash = net.eval(), digest

    @classmethod
    def load(cls, weights: str | None = None) -> "DigitNetExtractor":
        """From `weights` or the shipped file. UserError if that is missing or damaged."""
        file = Path(weights) if weights else shipped_folder(VERSION) / "weights" / FILE
        verify(file)
        try:
            content = file.read_bytes()
            with safe_open(file, "pt") as tensors:
                state = {k: tensors.get_tensor(k).float() for k in tensors.keys()}  # noqa: SIM118
            net = DigitNet()
            net.load_state_dict(state)
        except (OSError, SafetensorError, RuntimeError, ValueError) as fault:
            raise UserError(f"{file}: no weights of {VERSION} can be read ({type(fault).__name__}).") from fault
        return cls(net, hashlib.sha256(content).hexdigest()[:16])

    def __call__(self, images: Tensor, taps: Sequence[int] = TAPS) -> dict[int, Tensor]:
        """See FeatureExtractor."""
        return self.net.taps(images.unsqueeze(1).float().div_(255), taps)
