"""A conditional generative adversarial network: settings, networks, losses and training step, from top to bottom."""

from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from ocrgen.datasets.alphabet import DIGITS
from ocrgen.generators.base import GenerativeModel, ModelConfig
from ocrgen.generators.layers.decoders import make_decoder
from ocrgen.utils.optim import FusedAdam


class CGANConfig(ModelConfig):
    """Settings of the CGAN."""

    batch: int = Field(default=64, ge=1, le=4096, description="images per training step")
    latent: int = Field(default=24, ge=1, le=512, description="dimensions of the latent code")
    ema: float = Field(
        default=0.999, ge=0, lt=1, description="decay of the averaged weights that draw samples; 0 = none"
    )
    lr_generator: float = Field(default=2e-3, gt=0, le=1, description="learning rate of the generator's Adam")
    lr_discriminator: float = Field(default=1e-3, gt=0, le=1, description="learning rate of the discriminator's Adam")
    beta1: float = Field(default=0.5, ge=0, lt=1, description="Adam's memory of gradients")
    beta2: float = Field(default=0.99, ge=0, lt=1, description="Adam's memory of squared gradients")
    decoder: Literal["mlp", "conv", "transposed"] = Field(default="conv", description="topology of the generator")
    decoder_width: int = Field(default=64, ge=8, le=2048, description="units or channels of the generator")
    discriminator: Literal["projection", "auxiliary"] = Field(
        default="projection",
        description="how the discriminator uses labels: projection, or the paper's AC-GAN class head",
    )
    discriminator_width: int = Field(default=64, ge=8, le=512, description="channels of its first convolution")
    r1: float = Field(default=0.05, ge=0, le=100, description="weight of the R1 gradient penalty; 0 = none")
    r1_every: int = Field(default=16, ge=1, le=1000, description="steps between two R1 penalties")


FAST = CGANConfig()
PAPER = CGANConfig(  # Memari et al. 2024
    batch=16,
    latent=100,
    lr_generator=1e-3,
    beta1=0.9,
    beta2=0.999,
    decoder="transposed",
    decoder_width=384,
    discriminator="auxiliary",
    discriminator_width=32,
    r1=0,
    ema=0,
)


class Flatten(nn.Module):
    """Channels-last (B, C, H, W) -> (B, H * W * C): a view, where nn.Flatten copies, and slows the backward pass."""

    def forward(self, h: Tensor) -> Tensor:
        """Channels-last (B, C, H, W) -> (B, H * W * C)."""
        return h.permute(0, 2, 3, 1).flatten(1)


class Dropout(nn.Dropout):
    """nn.Dropout with a mask of random bytes: on a CPU, torch's own mask takes a fifth of a training step.

    The dropped share `p` is rounded to a multiple of 1/256.
    """

    def forward(self, input: Tensor) -> Tensor:
        """A tensor of any shape and layout -> one of the same, scaled by 1 / (1 - p) in training."""
        if not self.training or input.device.type != "cpu":
            return super().forward(input)
        words = torch.empty(-(-input.numel() // 8), dtype=torch.int64).random_(torch.iinfo(torch.int64).min, None)
        level = round(256 * self.p)
        keep = words.view(torch.uint8)[: input.numel()] >= level
        # The mask takes the input's strides: its bytes are independent, so their order does not matter.
        return input * (keep.to(input.dtype) * (256 / (256 - level))).as_strided(input.shape, input.stride())


class ProjectionDiscriminator(nn.Module):
    """Projection discriminator (Miyato & Koyama 2018), from 7x7 down: logit = linear(h) + <embedding(label), h>."""

    def __init__(self, width: int, n_classes: int):
        super().__init__()
        self.net = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(16, width, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 3, 2, 1),
            nn.LeakyReLU(0.2),
            Flatten(),
            nn.Linear(2 * width * 16, 128),
            nn.LeakyReLU(0.2),
        )
        self.linear = nn.Linear(128, 1)
        self.embed = nn.Embedding(n_classes, 128)

    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, None]:
        """(B, 1, 28, 28), (B,) -> logit of "real" (B,), and no class logits."""
        h = self.net(images)
        return self.linear(h).squeeze(1) + (self.embed(labels) * h).sum(1), None


class AuxiliaryDiscriminator(nn.Module):
    """The AC-GAN discriminator (Odena et al. 2017) of Memari et al. 2024: real or fake, and which class."""

    def __init__(self, width: int, n_classes: int):
        super().__init__()
        sizes = [1, width, 2 * width, 4 * width, 8 * width]
        layers: list[nn.Module] = []
        for i, (a, b) in enumerate(pairwise(sizes)):
            norm = [nn.BatchNorm2d(b)] if i else []
            layers += [nn.Conv2d(a, b, 3, 2 - i % 2, 1), *norm, nn.LeakyReLU(0.2), Dropout(0.5)]
        self.net = nn.Sequential(*layers, Flatten())
        self.real = nn.Linear(sizes[-1] * 49, 1)
        self.label = nn.Linear(sizes[-1] * 49, n_classes)

    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 1, 28, 28), (B,) -> logit of "real" (B,), class logits (B, K)."""
        h = self.net(2 * images - 1)
        return self.real(h).squeeze(1), self.label(h)


class CGAN(GenerativeModel[CGANConfig, nn.Module]):
    """Conditional GAN with the non-saturating loss (Goodfellow et al. 2014) and lazy R1 (Mescheder et al. 2018)."""

    name = "cgan"
    title = "CGAN"

    Config = CGANConfig
    presets = {"fast": FAST, "paper": PAPER}

    discriminator: ProjectionDiscriminator | AuxiliaryDiscriminator
    penalty: Tensor  # the last R1 penalty, for the curves

    def __init__(self, config: CGANConfig, classes: tuple[str, ...] = DIGITS):
        super().__init__(config, classes)
        k, self.noise_size = len(classes), config.latent
        self.decoder = make_decoder(config.decoder, config.latent, k, config.decoder_width)
        if config.discriminator == "projection":
            self.discriminator = ProjectionDiscriminator(config.discriminator_width, k)
        else:
            self.discriminator = AuxiliaryDiscriminator(config.discriminator_width, k)
            for module in self.modules():
                if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding):
                    nn.init.normal_(module.weight, 0, 0.02)
        self.build_ema(config.ema)
        self.register_buffer("penalty", torch.zeros(()))

    def make_optimisers(self) -> list[FusedAdam]:
        """Adam for the generator and Adam for the discriminator."""
        config = self.config
        betas = (config.beta1, config.beta2)
        return [
            FusedAdam(self.decoder, config.lr_generator, betas),
            FusedAdam(self.discriminator, config.lr_discriminator, betas),
        ]

    def load_training_state(self, state: dict) -> None:
        """Restore what `training_state` returned, also in versions that called the class head `digit`."""
        weights = {name.replace(".digit.", ".label."): value for name, value in state["weights"].items()}
        super().load_training_state(state | {"weights": weights})

    def draw(self, labels: Tensor) -> Tensor:
        """Images (B, 1, 28, 28) in [0, 1] of labels (B,), from new noise."""
        codes = torch.randn(len(labels), self.config.latent, device=labels.device)
        return self.decoder(codes, labels).sigmoid()

    def r1_penalty(self, images: Tensor, labels: Tensor) -> Tensor:
        """E |grad_x D(x, y)|^2 at real images x (B, 1, 28, 28) with labels y (B,), a scalar.

        In float32, since second derivatives need the precision.
        """
        with torch.autocast(images.device.type, enabled=False):
            images = images.float().requires_grad_()
            logits, _ = self.discriminator(images, labels)
            (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
            return gradient.square().sum((1, 2, 3)).mean()

    def training_step(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """One step of the discriminator, then one of the generator, on images (B, 1, 28, 28) in [0, 1], labels (B,).

        D minimises softplus(-D(x)) + softplus(D(G(z))), and r1 / 2 times the R1 penalty, every `r1_every` steps with
        `r1_every` times the weight (lazy regularisation: Karras et al. 2020). G minimises softplus(-D(G(z))). With a
        class head, both add its cross-entropy.
        """
        config, (generator_adam, discriminator_adam) = self.config, self.optimisers
        fakes = self.draw(labels)

        real, real_class = self.discriminator(images, labels)
        fake, fake_class = self.discriminator(fakes.detach(), labels)
        d_loss = F.softplus(-real.float()).mean() + F.softplus(fake.float()).mean()
        if real_class is not None:
            d_loss = d_loss + F.cross_entropy(real_class.float(), labels) + F.cross_entropy(fake_class.float(), labels)
        means = torch.stack([real.detach(), fake.detach()]).float().sigmoid().mean(1)
        total = d_loss
        if config.r1 and self.updates % config.r1_every == 0:
            penalty = self.r1_penalty(images, labels)
            self.penalty.copy_(penalty.detach())
            total = d_loss + 0.5 * config.r1 * config.r1_every * penalty
        discriminator_adam.zero_grad(set_to_none=True)
        total.backward()
        discriminator_adam.step()

        self.discriminator.requires_grad_(False)  # the generator's step needs no gradients of D's weights
        fake, fake_class = self.discriminator(fakes, labels)
        g_loss = F.softplus(-fake.float()).mean()
        if fake_class is not None:
            g_loss = g_loss + F.cross_entropy(fake_class.float(), labels)
        generator_adam.zero_grad(set_to_none=True)
        g_loss.backward()
        generator_adam.step()
        self.discriminator.requires_grad_(True)
        self.update_ema()

        losses = {
            "discriminator": d_loss.detach(),
            "generator": g_loss.detach(),
            "verdict/real": means[0],
            "verdict/fake": means[1],
        }
        return losses | ({"r1": self.penalty.clone()} if config.r1 else {})

    def evaluate(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Mean of sigmoid(D) on held-out real images: far below `verdict/real`, the discriminator has overfitted."""
        logits, _ = self.discriminator(images, labels)
        return {"verdict/held-out": logits.float().sigmoid().mean()}
