"""A conditional generative adversarial network: a generator draws, a discriminator judges, both learn."""

from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from ocrgen.datasets.base import CLASSES
from ocrgen.generators.base import GenerativeModel, ModelConfig
from ocrgen.generators.layers.decoders import make_decoder
from ocrgen.utils.optim import FusedAdam


class Flatten(nn.Module):
    """Channels-last (B, C, H, W) -> (B, H * W * C): a view, where nn.Flatten copies and slows what follows it back."""

    def forward(self, h: Tensor) -> Tensor:
        """See the class."""
        return h.permute(0, 2, 3, 1).flatten(1)


class Dropout(nn.Dropout):
    """nn.Dropout with a mask of random bytes: on a processor torch draws it number by number, a fifth of a step.

    The share that is dropped is rounded to a multiple of 1/256.
    """

    def forward(self, h: Tensor) -> Tensor:
        """See the class."""
        if not self.training or h.device.type != "cpu":
            return super().forward(h)
        drawn = torch.empty(-(-h.numel() // 8), dtype=torch.int64).random_(torch.iinfo(torch.int64).min, None)
        level = round(256 * self.p)
        keep = drawn.view(torch.uint8)[: h.numel()] >= level
        # A mask may lie as h does, as each of its bytes is as good as any other.
        return h * (keep.to(h.dtype) * (256 / (256 - level))).as_strided(h.shape, h.stride())


class ProjectionDiscriminator(nn.Module):
    """Verdict that knows the label: linear + <embedding(label), features> (Miyato & Koyama 2018), at 7x7."""

    def __init__(self, width: int):
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
        self.embed = nn.Embedding(CLASSES, 128)

    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, None]:
        """(B, 1, 28, 28), (B,) -> logit of "real" (B,), and no class logits."""
        h = self.net(images)
        return self.linear(h).squeeze(1) + (self.embed(labels) * h).sum(1), None


class AuxiliaryDiscriminator(nn.Module):
    """The paper's AC-GAN discriminator (Odena et al. 2017): real or fake, and which digit."""

    def __init__(self, width: int):
        super().__init__()
        sizes = [1, width, 2 * width, 4 * width, 8 * width]
        layers: list[nn.Module] = []
        for i, (a, b) in enumerate(zip(sizes, sizes[1:], strict=False)):
            norm = [nn.BatchNorm2d(b)] if i else []
            layers += [nn.Conv2d(a, b, 3, 2 - i % 2, 1), *norm, nn.LeakyReLU(0.2), Dropout(0.5)]
        self.net = nn.Sequential(*layers, Flatten())
        self.real = nn.Linear(sizes[-1] * 49, 1)
        self.digit = nn.Linear(sizes[-1] * 49, CLASSES)

    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 1, 28, 28), (B,) -> logit of "real" (B,), class logits (B, 10)."""
        h = self.net(2 * images - 1)
        return self.real(h).squeeze(1), self.digit(h)


class CGAN(GenerativeModel):
    """Conditional GAN with the non-saturating loss (Goodfellow et al. 2014) and lazy R1 (Mescheder et al. 2018)."""

    name = "cgan"
    title = "CGAN"

    class Config(ModelConfig):
        """Settings of the CGAN."""

        batch: int = Field(default=64, ge=1, le=4096, description="images per training step")
        latent: int = Field(default=24, ge=1, le=512, description="dimensions of the latent code")
        ema: float = Field(
            default=0.999, ge=0, lt=1, description="decay of the averaged weights that draw samples; 0 = none"
        )
        lr_generator: float = Field(default=2e-3, gt=0, le=1, description="learning rate of the generator's Adam")
        lr_discriminator: float = Field(
            default=1e-3, gt=0, le=1, description="learning rate of the discriminator's Adam"
        )
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

    presets = {
        "fast": Config(),
        "paper": Config(
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
        ),
    }

    def __init__(self, config: Config):
        super().__init__(config)
        self.decoder = make_decoder(config.decoder, config.latent, config.decoder_width)
        kinds = {"projection": ProjectionDiscriminator, "auxiliary": AuxiliaryDiscriminator}
        self.discriminator = kinds[config.discriminator](config.discriminator_width)
        if config.discriminator == "auxiliary":
            for module in self.modules():
                if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                    nn.init.normal_(module.weight, 0, 0.02)
        self.build_ema()
        self.register_buffer("penalty", torch.zeros(()))

    def make_optimisers(self) -> list[FusedAdam]:
        """See GenerativeModel."""
        config = self.config
        betas = (config.beta1, config.beta2)
        return [
            FusedAdam(self.decoder, config.lr_generator, betas),
            FusedAdam(self.discriminator, config.lr_discriminator, betas),
        ]

    def draw(self, labels: Tensor) -> Tensor:
        """Images (B, 1, 28, 28) in [0, 1] from fresh noise."""
        codes = torch.randn(len(labels), self.config.latent, device=labels.device)
        return self.decoder(codes, labels).sigmoid()

    def r1_penalty(self, images: Tensor, labels: Tensor) -> Tensor:
        """Mean squared gradient norm of D at the real images, in float32: second derivatives need the digits."""
        with torch.autocast(images.device.type, enabled=False):
            images = images.float().requires_grad_()
            verdict, _ = self.discriminator(images, labels)
            (gradient,) = torch.autograd.grad(verdict.sum(), images, create_graph=True)
            return gradient.square().sum((1, 2, 3)).mean()

    def training_step(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """See GenerativeModel. One step of the discriminator, then one of the generator."""
        config, (generator_adam, discriminator_adam) = self.config, self.optimisers
        fakes = self.draw(labels)

        real, real_digit = self.discriminator(images, labels)
        fake, fake_digit = self.discriminator(fakes.detach(), labels)
        d_loss = F.softplus(-real.float()).mean() + F.softplus(fake.float()).mean()
        if real_digit is not None:
            d_loss = d_loss + F.cross_entropy(real_digit.float(), labels) + F.cross_entropy(fake_digit.float(), labels)
        verdicts = torch.stack([real.detach(), fake.detach()]).float().sigmoid().mean(1)
        total = d_loss
        if config.r1 and self.updates % config.r1_every == 0:
            penalty = self.r1_penalty(images, labels)
            self.penalty.copy_(penalty.detach())
            total = d_loss + 0.5 * config.r1 * config.r1_every * penalty
        discriminator_adam.zero_grad(set_to_none=True)
        total.backward()
        discriminator_adam.step()

        self.discriminator.requires_grad_(False)  # the generator's step needs no gradients of D's weights
        fake, fake_digit = self.discriminator(fakes, labels)
        g_loss = F.softplus(-fake.float()).mean()
        if fake_digit is not None:
            g_loss = g_loss + F.cross_entropy(fake_digit.float(), labels)
        generator_adam.zero_grad(set_to_none=True)
        g_loss.backward()
        generator_adam.step()
        self.discriminator.requires_grad_(True)
        self.update_ema()

        out = {
            "discriminator": d_loss.detach(),
            "generator": g_loss.detach(),
            "verdict/real": verdicts[0],
            "verdict/fake": verdicts[1],
        }
        return out | ({"r1": self.penalty.clone()} if config.r1 else {})

    def evaluate(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The discriminator's verdict on real images that it never saw: far below "real" means it memorises."""
        verdict, _ = self.discriminator(images, labels)
        return {"verdict/held-out": verdict.float().sigmoid().mean()}
