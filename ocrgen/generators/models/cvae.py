"""A conditional variational autoencoder: settings, networks, loss, training step and sampling, from top to bottom."""

from itertools import pairwise
from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from ocrgen.datasets.alphabet import DIGITS
from ocrgen.datasets.base import SIZE
from ocrgen.generators.base import GenerativeModel, ModelConfig
from ocrgen.generators.layers.decoders import make_decoder
from ocrgen.generators.layers.fused import BernoulliLoss, LabelledLinear
from ocrgen.generators.layers.prior import MANY, MixturePrior
from ocrgen.utils.optim import FusedAdam

MIXTURE_LIMIT = 200_000  # largest parts * latent^2; a class has so many weights, three times as many with many classes
# Times the Gaussians per label with many classes: of 28 letters a reader then reads 84 %, not 82 %, as meant.
MANY_PARTS = 3
PRIOR_LR_SCALE = 5  # learning rate of the mixture, relative to that of the networks


class CVAEConfig(ModelConfig):
    """Settings of the CVAE."""

    batch: int = Field(default=128, ge=1, le=4096, description="images per training step")
    latent: int = Field(default=16, ge=1, le=128, description="dimensions of the latent code")
    ema: float = Field(
        default=0.998, ge=0, lt=1, description="decay of the averaged weights that draw the samples; 0 = none"
    )
    lr: float = Field(default=2e-3, gt=0, le=1, description="learning rate of Adam")
    beta: float = Field(default=0.3, ge=0, le=100, description="weight of the KL term")
    parts: int = Field(
        default=10,
        ge=0,
        le=64,
        description="Gaussians per label to draw codes from, three times as many with over 16 labels; 0 = N(0, 1)",
    )
    width: int = Field(default=512, ge=8, le=4096, description="units of the encoder's first layer")
    depth: int = Field(default=2, ge=1, le=5, description="layers of the encoder, each half as wide as the one before")
    decoder: Literal["mlp", "conv", "transposed"] = Field(default="conv", description="topology of the decoder")
    decoder_width: int = Field(default=64, ge=8, le=2048, description="units or channels of the decoder")
    binarize: int = Field(
        default=0, ge=0, le=255, description="grey level from which a pixel counts as ink; 0 keeps greys"
    )

    @model_validator(mode="after")
    def _check_mixture_size(self) -> Self:
        if self.parts * self.latent**2 > MIXTURE_LIMIT:
            raise ValueError(f"parts times latent squared must be at most {MIXTURE_LIMIT:,}: lower one of them")
        return self


FAST = CVAEConfig()
PAPER = CVAEConfig(  # Memari et al. 2024
    batch=16, latent=10, lr=1e-3, beta=1, parts=0, depth=1, decoder="mlp", decoder_width=512, binarize=100, ema=0
)


class Encoder(nn.Module):
    """q(z | x, y) = N(mean, diag(exp(log_variance))): an MLP over pixels and one-hot label (Kingma & Welling 2014)."""

    def __init__(self, latent: int, n_classes: int, width: int, depth: int):
        super().__init__()
        sizes = [SIZE * SIZE] + [width // 2**i for i in range(depth)]
        layers: list[nn.Module] = []
        for i, (a, b) in enumerate(pairwise(sizes)):
            layers += [nn.Linear(a, b) if i else LabelledLinear(a, n_classes, b), nn.ReLU()]
        self.net = nn.Sequential(*layers, nn.Linear(sizes[-1], 2 * latent))

    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 1, 28, 28), (B,) -> mean and log-variance, each float32 (B, latent)."""
        first, *rest = self.net
        h = first(images.flatten(1), labels)
        for layer in rest:
            h = layer(h)
        mean, log_variance = h.float().chunk(2, 1)
        return mean, log_variance.clamp(-12, 12)


class Decoder(nn.Module):
    """p(x | z, y), a Bernoulli for each pixel, and the density p(z | y) that codes are drawn from (None: N(0, I))."""

    def __init__(self, net: nn.Module, prior: MixturePrior | None):
        super().__init__()
        self.net, self.prior = net, prior

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """(B, latent), (B,) -> logits (B, 1, 28, 28)."""
        return self.net(codes, labels)


class CVAE(GenerativeModel[CVAEConfig, Decoder]):
    """Conditional VAE (Sohn et al. 2015), trained on the evidence lower bound.

    loss = reconstruction + beta * KL(q(z | x, y) || N(0, I)), in nats per image (beta-VAE: Higgins et al. 2017).

    With a small beta reconstructions are sharp, but codes drawn from N(0, I) fall between those of real images. So
    samples come from a mixture of Gaussians fitted to the codes (Ghosh et al. 2020), here while the networks train.
    """

    name = "cvae"
    title = "CVAE"
    Config = CVAEConfig
    presets = {"fast": FAST, "paper": PAPER}

    def __init__(self, config: CVAEConfig, classes: tuple[str, ...] = DIGITS):
        super().__init__(config, classes)
        k, self.noise_size = len(classes), config.latent
        self.encoder = Encoder(config.latent, k, config.width, config.depth)
        # Of many classes each has fewer images, in clusters by writer, which the mixture can then afford to follow.
        parts = config.parts * (MANY_PARTS if k > MANY else 1)
        prior = MixturePrior(config.latent, parts, k) if parts else None
        self.decoder = Decoder(make_decoder(config.decoder, config.latent, k, config.decoder_width), prior)
        self.build_ema(config.ema)

    def losses(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Negative evidence lower bound, in nats per image: `loss`, and its terms `reconstruction` and `kl`.

        images: (B, 1, 28, 28) in [0, 1]. labels: (B,). With a mixture also `prior`, the cross-entropy of the codes
        under it; its gradient reaches the mixture only, since the codes are detached.
        """
        if self.config.binarize:
            # Rounding to 0 or 1 with the threshold half a grey level lower; a comparison takes three times as long.
            images = (images + (0.5 - (self.config.binarize - 0.5) / 255)).round_()
        mean, log_variance = self.encoder(images, labels)
        codes = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        n = len(images)
        reconstruction = BernoulliLoss.apply(self.decoder(codes, labels), images.float()) / n
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum() / n
        out = {"loss": reconstruction + self.config.beta * kl, "reconstruction": reconstruction, "kl": kl}
        prior = self.decoder.prior
        return out | ({"prior": -prior(codes.detach(), labels).mean()} if prior else {})

    def evaluate(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The losses of training on held-out images (B, 1, 28, 28) and labels (B,), by name."""
        return self.losses(images, labels)

    def make_optimisers(self) -> list[FusedAdam]:
        """Adam for encoder and decoder, and another with a higher learning rate for the mixture, if there is one."""
        network = FusedAdam(nn.ModuleList([self.encoder, self.decoder.net]), self.config.lr)
        prior = self.decoder.prior
        return [network, FusedAdam(prior, PRIOR_LR_SCALE * self.config.lr)] if prior else [network]

    def training_step(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """One step of every optimiser on images (B, 1, 28, 28) in [0, 1] and labels (B,): the losses by name."""
        losses = self.losses(images, labels)
        for optimiser in self.optimisers:
            optimiser.zero_grad()
        (losses["loss"] + losses.get("prior", 0)).backward()
        for optimiser in self.optimisers:
            optimiser.step()
        self.update_ema()
        return {name: value.detach() for name, value in losses.items()}

    def codes(self, noise: Tensor, labels: Tensor) -> Tensor:
        """Codes (B, latent) of labels (B,) drawn from the mixture by noise (B, latent); without one, the noise."""
        prior = self.fused_sampler().prior
        return prior.draw(noise, labels) if prior else noise
