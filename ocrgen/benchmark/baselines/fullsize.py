"""A CGAN with convolutions at 28x28 and 14x14, as is common, to compare with our networks at 7x7."""

import torch
from torch import Tensor, nn

from ocrgen.datasets.alphabet import DIGITS
from ocrgen.generators.layers.decoders import one_hot
from ocrgen.generators.models.cgan import CGAN, CGANConfig, Flatten, ProjectionDiscriminator


class FullSizeDecoder(nn.Module):
    """A generator like the DCGAN's (Radford et al. 2016): two transposed convolutions of 4x4, up to 28x28."""

    def __init__(self, latent: int, n_classes: int, width: int = 64, last: int = 48):
        super().__init__()
        self.n_classes, self.width = n_classes, width
        inputs, units = latent + n_classes, width * 49
        self.fc = nn.Sequential(nn.Linear(inputs, units, bias=False), nn.BatchNorm1d(units), nn.ReLU())
        self.conv = nn.Sequential(
            nn.ConvTranspose2d(width, last, 4, 2, 1, bias=False),
            nn.BatchNorm2d(last),
            nn.ReLU(),
            nn.ConvTranspose2d(last, 1, 4, 2, 1),
        )

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """(B, latent), (B,) -> logits (B, 1, 28, 28)."""
        h = self.fc(torch.cat([codes, one_hot(labels, self.n_classes)], 1)).unflatten(1, (self.width, 7, 7))
        return self.conv(h.contiguous(memory_format=torch.channels_last))


class FullSizeDiscriminator(ProjectionDiscriminator):
    """A projection discriminator with convolutions of 4x4 from 28x28 down."""

    def __init__(self, n_classes: int, first: int = 32, second: int = 48):
        super().__init__(first, n_classes)
        self.net = nn.Sequential(
            nn.Conv2d(1, first, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(first, second, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(second, 128, 3, 2, 1),
            nn.LeakyReLU(0.2),
            Flatten(),
            nn.Linear(128 * 16, 128),
            nn.LeakyReLU(0.2),
        )


class FullSizeCGAN(CGAN):
    """The CGAN of preset `fast` with these two networks: the same settings, about as many weights."""

    def __init__(self, config: CGANConfig, classes: tuple[str, ...] = DIGITS):
        super().__init__(config, classes)
        self.decoder = FullSizeDecoder(config.latent, len(classes))
        self.discriminator = FullSizeDiscriminator(len(classes))
        self.build_ema(config.ema)
