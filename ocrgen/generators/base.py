"""What every generator is: settings with bounds, a training step, EMA weights, and labelled samples from a seed."""

import copy
from collections.abc import Iterator
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from ocrgen.datasets.base import CLASSES, SIZE
from ocrgen.generators import inference as drawing
from ocrgen.utils.device import pick_dtype
from ocrgen.utils.progress import ProgressCallback, no_progress
from ocrgen.utils.settings import Settings

# Networks are run in blocks whose borders are always the same, these and then every 256 images, the last one padded, so
# that image i of a seed is the same whether 1 or 10,000 are asked for: kernels of other shapes round differently.
# The first are smaller, since who asks for few should not wait for many; more borders would cost more than they save.
BORDERS, BLOCK = (16, 64, 128, 256), 256
NOISE_BLOCK = 128  # images whose noise is drawn at once: it never changes, or every seed would draw other digits
MAX_SAMPLES = 100_000


def blocks(n: int) -> Iterator[tuple[int, int]]:
    """Start and size of each block that n images are drawn in."""
    start = 0
    while start < n:
        end = next((border for border in BORDERS if border > start), start + BLOCK)
        yield start, end - start
        start = end


class ModelConfig(Settings):
    """What every generator's settings share."""

    batch: int = Field(default=128, ge=1, le=4096, description="images per training step")
    latent: int = Field(default=64, ge=1, le=512, description="dimensions of the latent code")
    ema: float = Field(
        default=0.998, ge=0, lt=1, description="decay of the averaged weights that draw the samples; 0 = none"
    )


class GenerativeModel(nn.Module):
    """A class-conditional generator of digits; it owns its optimisers, so the training loop needs to know no model.

    A subclass names itself, brings `Config` and `presets`, sets `self.decoder` (noise (B, latent), labels (B,) ->
    logits (B, 1, 28, 28)), calls `self.build_ema()` at the end of `__init__`, and writes `make_optimisers` and
    `training_step`.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    Config: ClassVar[type[ModelConfig]] = ModelConfig
    presets: ClassVar[dict[str, ModelConfig]] = {}

    decoder: nn.Module
    optimisers: list  # filled by start_training

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.optimisers = []
        self.updates = 0
        self._fused: tuple = ()  # what `fuse_for_inference` made last, and from which state
        self._ema_pairs: tuple = ()  # what `average` moves, and towards what

    def build_ema(self) -> None:
        """Lay weights out for fast convolutions and make the averaged copy that draws the samples."""
        self.to(memory_format=torch.channels_last)
        self.sampler = copy.deepcopy(self.decoder).requires_grad_(False)

    def make_optimisers(self) -> list:
        """The optimisers, fresh: FusedAdam, or any of torch.optim. They are made for training only."""
        raise TypeError(f"{type(self).__name__} has no make_optimisers")

    def training_step(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """One optimiser step on images (B, 1, 28, 28) in [0, 1] and labels (B,): scalar losses by name, detached."""
        raise TypeError(f"{type(self).__name__} has no training_step")

    def evaluate(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Losses by name on held-out images, nothing learned; empty where the model has none."""
        return {}

    def start_training(self) -> "GenerativeModel":
        """Make the optimisers and go into training mode; returns itself."""
        self.optimisers = self.make_optimisers()
        self._ema_pairs = ()
        return self.train()

    @torch.no_grad()
    def update_ema(self) -> None:
        """Move the sampler towards the decoder: decay min(ema, (1 + k) / (10 + k)) at update k, buffers included."""
        k = self.updates
        decay = min(self.config.ema, (1 + k) / (10 + k))
        self.updates += 1
        if not self._ema_pairs:
            states = (network.state_dict() for network in (self.sampler, self.decoder))
            floats = [[t for t in state.values() if t.is_floating_point()] for state in states]
            self._ema_pairs = floats[0], floats[1]
        torch._foreach_lerp_(*self._ema_pairs, 1 - decay)

    def noise(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """N(0, 1) noise (n, latent), float32 on the CPU; row i depends on the seed and i, not on n."""
        shape = (NOISE_BLOCK, self.config.latent)
        blocks = [torch.randn(shape, generator=generator) for _ in range(-(-n // NOISE_BLOCK))]
        return torch.cat(blocks)[:n] if blocks else torch.empty(0, self.config.latent)

    def codes(self, noise: Tensor, labels: Tensor) -> Tensor:
        """Latent codes (B, latent) for noise (B, latent): the noise itself, unless a model knows better."""
        return noise

    def fused_sampler(self) -> nn.Module:
        """The sampler made ready to draw on its device; made anew when its numbers have changed."""
        state = drawing.state(self.sampler)
        if not self._fused or self._fused[0] != state:
            device = next(self.sampler.parameters()).device
            self._fused = state, drawing.fuse_for_inference(self.sampler, pick_dtype(device))
        return self._fused[1]

    @torch.inference_mode()
    def decode(
        self, codes: Tensor, labels: Tensor, noise: bool = False, show: ProgressCallback = no_progress
    ) -> Tensor:
        """Draw images uint8 (N, 28, 28) on the CPU from latent codes (or `noise`) (N, latent) and labels (N,)."""
        device = next(self.sampler.parameters()).device
        bf16 = pick_dtype(device) is torch.bfloat16
        sampler = self.fused_sampler()
        n = len(labels)
        borders = list(blocks(n))
        pad = sum(borders[-1]) - n if n else 0
        codes = torch.cat([codes, codes.new_zeros(pad, codes.shape[1])]).to(device)
        labels = torch.cat([labels, labels.new_zeros(pad)]).to(device)
        out = torch.empty(n + pad, SIZE, SIZE, dtype=torch.uint8)
        for i, size in borders:
            block, of = codes[i : i + size], labels[i : i + size]
            block = self.codes(block, of) if noise else block
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                logits = sampler(block, of)
            out[i : i + size] = logits.float().sigmoid().mul_(255).round_().squeeze(1)
            show(min(i + size, n), n)
        return out[:n]

    def sample(
        self, labels: Tensor, generator: torch.Generator | None = None, show: ProgressCallback = no_progress
    ) -> Tensor:
        """Draw one image per label, uint8 (N, 28, 28) on the CPU: the same for the same seed, whatever the N.

        labels: int64 (N,), 0 to 9. show: told how many of how many are drawn.
        Raises ValueError if N is past 100,000 or a label is off.
        """
        if len(labels) > MAX_SAMPLES:
            raise ValueError(f"at most {MAX_SAMPLES:,} samples at a time, not {len(labels):,}")
        if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < CLASSES:
            raise ValueError("labels must be 0 to 9")
        return self.decode(self.noise(len(labels), generator), labels, noise=True, show=show)

    def training_state(self) -> dict:
        """All that a later process needs to go on exactly: weights, averages and optimisers."""
        optimisers = [o.state_dict() for o in self.optimisers]
        return {"weights": self.state_dict(), "optimisers": optimisers, "updates": self.updates}

    def load_training_state(self, state: dict) -> None:
        """Take over what `training_state` gave."""
        self.load_state_dict(state["weights"])
        self.updates = int(state["updates"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
