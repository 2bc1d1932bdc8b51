"""Decoders that a CVAE and a CGAN can share: latent code and label to the logits of an image."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from ocrgen.datasets.base import SIZE


def one_hot(labels: Tensor, n_classes: int) -> Tensor:
    """Labels (B,) as float vectors (B, n_classes)."""
    return torch.eye(n_classes, device=labels.device).index_select(0, labels)


class MLPDecoder(nn.Module):
    """The CVAE decoder of Memari et al. 2024: an MLP, code and one-hot label -> `width` units -> 784 pixels."""

    def __init__(self, latent: int, n_classes: int, width: int = 512, hidden: int = 1):
        super().__init__()
        self.n_classes = n_classes
        sizes = [latent + n_classes] + [width] * hidden
        layers = [layer for a, b in pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]
        self.net = nn.Sequential(*layers, nn.Linear(width, SIZE * SIZE))

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """(B, latent), (B,) -> logits (B, 1, 28, 28)."""
        return self.net(torch.cat([codes, one_hot(labels, self.n_classes)], 1)).unflatten(1, (1, SIZE, SIZE))


class ConvDecoder(nn.Module):
    """Convolutions at 7x7 only; PixelShuffle (Shi et al. 2016) turns the last 16 channels into 28x28 pixels.

    A layer of one channel at 28x28 would take a third of the time for few operations.
    """

    def __init__(self, latent: int, n_classes: int, width: int = 64):
        super().__init__()
        self.n_classes, self.width = n_classes, width
        self.fc = nn.Sequential(
            nn.Linear(latent + n_classes, width * 49, bias=False), nn.BatchNorm1d(width * 49), nn.ReLU()
        )
        self.conv = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, 16, 3, padding=1),
            nn.PixelShuffle(4),
        )

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """(B, latent), (B,) -> logits (B, 1, 28, 28)."""
        h = self.fc(torch.cat([codes, one_hot(labels, self.n_classes)], 1)).unflatten(1, (self.width, 7, 7))
        return self.conv(h.contiguous(memory_format=torch.channels_last))


class TransposedDecoder(nn.Module):
    """The AC-GAN generator of Memari et al. 2024: label embedding and code at 7x7, two transposed convolutions.

    Its output is tanh(x) in [-1, 1] = 2 sigmoid(2x) - 1: as logits of pixels in [0, 1], x is doubled.
    """

    def __init__(self, latent: int, n_classes: int, width: int = 384):
        super().__init__()
        self.embed = nn.Sequential(nn.Embedding(n_classes, 50), nn.Linear(50, 49))
        self.fc = nn.Sequential(nn.Linear(latent, width * 49), nn.ReLU())
        self.width = width
        self.net = nn.Sequential(
            nn.ConvTranspose2d(width + 1, width // 2, 5, 2, 2, 1, bias=False),
            nn.BatchNorm2d(width // 2),
            nn.ReLU(),
            nn.ConvTranspose2d(width // 2, 1, 5, 2, 2, 1, bias=False),
        )

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """(B, latent), (B,) -> logits (B, 1, 28, 28)."""
        label = self.embed(labels).unflatten(1, (1, 7, 7))
        h = torch.cat([self.fc(codes).unflatten(1, (self.width, 7, 7)), label], 1)
        return 2 * self.net(h.contiguous(memory_format=torch.channels_last))


DECODERS = {"mlp": MLPDecoder, "conv": ConvDecoder, "transposed": TransposedDecoder}


def make_decoder(kind: str, latent: int, n_classes: int, width: int) -> nn.Module:
    """A new decoder of the topology `kind`: mlp, conv or transposed; `width` in units or channels."""
    return DECODERS[kind](latent, n_classes, width)
