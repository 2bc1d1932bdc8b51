"""Class-conditional flow matching: settings, network, differential equation, loss and training step, in this order."""

from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from ocrgen.datasets.alphabet import DIGITS
from ocrgen.datasets.base import SIZE
from ocrgen.generators.base import GenerativeModel, ModelConfig
from ocrgen.utils.optim import FusedAdam

FREQUENCIES = 16  # of the sines and cosines that tell the network the time
NEAREST = 0.1  # to the end, in time, that the loss weighs: 1 / (1 - t)^2 grows without bound


class FlowConfig(ModelConfig):
    """Settings of flow matching."""

    batch: int = Field(default=64, ge=1, le=4096, description="images per training step")
    ema: float = Field(
        default=0.998, ge=0, lt=1, description="decay of the averaged weights that draw the samples; 0 = none"
    )
    lr: float = Field(default=2e-3, gt=0, le=1, description="learning rate of Adam")
    width: int = Field(default=64, ge=8, le=1024, description="channels of the convolutions")
    depth: int = Field(default=3, ge=1, le=16, description="residual blocks, of two convolutions each")
    time_mean: float = Field(
        default=0.0, ge=-4, le=4, description="mean of the logit of the training times; lower: more noise"
    )
    time_spread: float = Field(default=1.0, gt=0, le=4, description="standard deviation of that logit")
    solver: Literal["euler", "heun"] = Field(
        default="euler", description="how a step is taken: euler, or heun, more exact at twice the cost"
    )
    steps: int = Field(
        default=16, ge=1, le=256, description="steps from noise to an image; fewer are faster and coarser"
    )


class Block(nn.Module):
    """h + conv(relu((1 + scale) conv(h) + shift)): a residual block whose scale and shift tell it time and label.

    The second convolution is zero at first, so that the block is too (Goyal et al. 2017).
    """

    def __init__(self, width: int):
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, h: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """h (B, width, 7, 7), scale and shift (B, width) -> (B, width, 7, 7)."""
        inner = torch.addcmul(shift[:, :, None, None], self.first(h), 1 + scale[:, :, None, None])
        return h + self.second(F.relu(inner))


class Denoiser(nn.Module):
    """E[x_1 | x_t, t, y]: the image in a noisy one. Convolutions at 7x7 only; PixelShuffle leads there and back."""

    frequencies: Tensor

    def __init__(self, n_classes: int, width: int, depth: int):
        super().__init__()
        self.width, self.depth = width, depth
        self.first = nn.Sequential(nn.PixelUnshuffle(4), nn.Conv2d(16, width, 3, padding=1))
        # What a label looks like, and where. Told the label by scales and shifts only, which are the same all over the
        # image, a short training hardly heeds it.
        self.template = nn.Embedding(n_classes, 49 * width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.last = nn.Sequential(nn.ReLU(), nn.Conv2d(width, 16, 3, padding=1), nn.PixelShuffle(4))
        self.register_buffer("frequencies", torch.logspace(0, 2, FREQUENCIES))
        self.time = nn.Linear(2 * FREQUENCIES, 2 * width)
        self.label = nn.Embedding(n_classes, 2 * width)
        self.modulation = nn.Linear(2 * width, 2 * width * depth)

    def forward(self, noisy: Tensor, times: Tensor, labels: Tensor) -> Tensor:
        """x_t (B, 1, 28, 28), times (B,) in [0, 1], labels (B,) -> float32 (B, 1, 28, 28)."""
        angles = times[:, None] * self.frequencies
        told = F.silu(self.time(torch.cat([angles.cos(), angles.sin()], 1)) + self.label(labels))
        told = self.modulation(told).chunk(2 * self.depth, 1)
        template = self.template(labels).unflatten(1, (7, 7, self.width)).permute(0, 3, 1, 2)
        h = self.first(noisy.contiguous(memory_format=torch.channels_last)) + template
        for i, block in enumerate(self.blocks):
            h = block(h, told[2 * i], told[2 * i + 1])
        return self.last(h).float()


class Flow(nn.Module):
    """From noise to an image: the differential equation dx/dt = v(x, t, y), t from 0 to 1, in even steps.

    v(x_t, t, y) = (E[x_1 | x_t, t, y] - x_t) / (1 - t).
    """

    def __init__(self, net: nn.Module, steps: int, solver: str):
        super().__init__()
        self.net, self.steps, self.solver = net, steps, solver

    def velocity(self, x: Tensor, t: float, labels: Tensor) -> Tensor:
        """v at x (B, 1, 28, 28), a time t < 1 and labels (B,): (B, 1, 28, 28)."""
        return (self.net(x, torch.full((len(x),), t, device=x.device), labels) - x) / (1 - t)

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """Noise (B, 784), labels (B,) -> images (B, 1, 28, 28), black at -1 and white at 1."""
        x = codes.unflatten(1, (1, SIZE, SIZE))
        for t, after in pairwise([i / self.steps for i in range(self.steps + 1)]):
            slope = self.velocity(x, t, labels)
            ahead = x + (after - t) * slope
            if self.solver == "heun" and after < 1:  # at t = 1 there is no velocity: the last step is Euler's
                ahead = x + (after - t) / 2 * (slope + self.velocity(ahead, after, labels))
            x = ahead
        return x


class FlowMatching(GenerativeModel[FlowConfig, Flow]):
    """Flow matching (Lipman et al. 2023) along straight lines, or rectified flow (Liu et al. 2023).

    On the line x_t = (1 - t) x_0 + t x_1 from noise x_0 to an image x_1 the velocity is x_1 - x_0, and the mean of
    those through a place is a flow that carries noise to images. The network predicts the image (Li & He 2025), at
    times whose logit is normal (Esser et al. 2024); the loss is that of the velocity, |error of x_1|^2 / (1 - t)^2.
    """

    name = "flow"
    title = "Flow matching"
    Config = FlowConfig
    presets = {"fast": FlowConfig()}

    def __init__(self, config: FlowConfig, classes: tuple[str, ...] = DIGITS):
        super().__init__(config, classes)
        self.noise_size = SIZE * SIZE
        self.decoder = Flow(Denoiser(len(classes), config.width, config.depth), config.steps, config.solver)
        self.build_ema(config.ema)

    def paint(self, output: Tensor) -> Tensor:
        """Pixels (B, 1, 28, 28) in [0, 1] from images (B, 1, 28, 28), black at -1 and white at 1."""
        return output.add(1).div_(2).clamp_(0, 1)

    def losses(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """`velocity`: the mean squared error of the velocity of a pixel, at one random time for each image.

        images: (B, 1, 28, 28) in [0, 1]. labels: (B,).
        """
        config, ends = self.config, 2 * images.float() - 1
        times = (
            torch.randn(len(images), device=images.device).mul_(config.time_spread).add_(config.time_mean).sigmoid_()
        )
        noisy = torch.lerp(torch.randn_like(ends), ends, times[:, None, None, None])
        errors = (self.decoder.net(noisy, times, labels) - ends).square().mean((1, 2, 3))
        return {"velocity": (errors / (1 - times).clamp_min(NEAREST).square()).mean()}

    def evaluate(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """The loss of training on held-out images (B, 1, 28, 28) and labels (B,), by name."""
        return self.losses(images, labels)

    def make_optimisers(self) -> list[FusedAdam]:
        """Adam for the network."""
        return [FusedAdam(self.decoder, self.config.lr, (0.9, 0.99))]

    def training_step(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """One step of Adam on images (B, 1, 28, 28) in [0, 1] and labels (B,): the loss by name."""
        (optimiser,), losses = self.optimisers, self.losses(images, labels)
        optimiser.zero_grad()
        losses["velocity"].backward()
        optimiser.step()
        self.update_ema()
        return {name: value.detach() for name, value in losses.items()}
