"""digitnet-2: our own small network for 28x28 digits of two scripts, with the four taps of Inception in FID."""

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

# Retrained weights are a new version with a new name, since their distances differ.
VERSION = "digitnet-2"
FILE = "digitnet.safetensors"


def conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Sequential:
    """3x3 convolution, batch normalisation, ReLU."""
    conv = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out_channels), nn.ReLU())


def pool_conv1x1(in_channels: int, out_channels: int) -> nn.Sequential:
    """2x2 maximum pooling, 1x1 convolution, batch normalisation, ReLU."""
    conv = nn.Conv2d(in_channels, out_channels, 1, bias=False)
    return nn.Sequential(nn.MaxPool2d(2, ceil_mode=True), conv, nn.BatchNorm2d(out_channels), nn.ReLU())


class DigitNet(nn.Module):
    """A classifier of the 20 digits of two scripts with 2.0 M weights; its blocks end in 64, 192, 768, 2048 channels.

    The first block reduces images to 7 x 7 (PixelUnshuffle, stride 2), since layers at full resolution would take most
    of the time. The head sees all taps, since what distinguishes the scripts, such as the softness of strokes, is in
    the first ones, and the maxima of the last block.
    """

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(
            [
                nn.Sequential(nn.PixelUnshuffle(2), conv3x3(4, 32), conv3x3(32, 64, 2)),
                nn.Sequential(conv3x3(64, 64), conv3x3(64, 192)),
                pool_conv1x1(192, 768),
                pool_conv1x1(768, 2048),
            ]
        )
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(sum(TAPS) + TAPS[-1], 20))
        self.to(memory_format=torch.channels_last)

    def features(self, images: Tensor, taps: Sequence[int]) -> dict[int, Tensor]:
        """Globally averaged features float32 (B, d) by tap d, of images float (B, 1, 28, 28) in [0, 1]."""
        return read_taps(images.contiguous(memory_format=torch.channels_last), self.blocks, taps)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, 20) of images float (B, 1, 28, 28) in [0, 1]."""
        h, features = images.contiguous(memory_format=torch.channels_last), []
        for block in self.blocks:
            h = block(h)
            features.append(h.mean((2, 3), dtype=torch.float32))
        return self.head(torch.cat([*features, h.amax((2, 3)).float()], 1))


class DigitNetExtractor(FeatureExtractor):
    """Features of digitnet-2, always in float32, so that all machines give the same distances up to rounding."""

    name = VERSION

    def __init__(self, net: DigitNet, digest: str):
        self.net, self.hash = net.eval(), digest

    @classmethod
    def load(cls, weights: str | None = None) -> "DigitNetExtractor":
        """With the weights in the file `weights`, else the shipped ones. UserError if they are missing or damaged."""
        file = Path(weights) if weights else shipped_folder(VERSION) / "weights" / FILE
        verify(file)
        try:
            content = file.read_bytes()
            with safe_open(file, "pt") as tensors:
                state = {k: tensors.get_tensor(k).float() for k in tensors.keys()}  # noqa: SIM118
            net = DigitNet()
            net.load_state_dict(state)
        except (OSError, SafetensorError, RuntimeError, ValueError) as error:
            raise UserError(f"{file}: no weights of {VERSION} can be read ({type(error).__name__}).") from error
        return cls(net, hashlib.sha256(content).hexdigest()[:16])

    def __call__(self, images: Tensor, taps: Sequence[int] = TAPS) -> dict[int, Tensor]:
        """Features float32 (B, d) by tap d, of images uint8 (B, 28, 28)."""
        return self.net.features(images.unsqueeze(1).float().div_(255), taps)
