"""The base class of all generators: settings, a training step, averaged weights, and labelled samples from a seed."""

import copy
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from ocrgen.datasets.alphabet import DIGITS
from ocrgen.datasets.base import SIZE
from ocrgen.generators.inference import TensorVersions, fuse_for_inference, tensor_versions
from ocrgen.imaging.geometry import Geometry
from ocrgen.utils.device import pick_dtype
from ocrgen.utils.progress import ProgressCallback, no_progress
from ocrgen.utils.settings import Settings

# Images are generated in blocks with fixed ends, the last one padded, so that image i of a seed is the same whether 1
# or 10,000 are generated: kernels of different shapes round differently. The first blocks are smaller, so that a few
# images come quickly; more of them would cost more than they save.
FIRST_ENDS, BLOCK = (16, 64, 128, 256), 256
NOISE_BLOCK = 128  # rows of noise drawn at once; changing it would change the images of every seed
MAX_SAMPLES = 100_000


def blocks(n: int) -> Iterator[tuple[int, int]]:
    """Start and size of each block in which n images are generated; the last may reach beyond n."""
    start = 0
    while start < n:
        end = next((end for end in FIRST_ENDS if end > start), start + BLOCK)
        yield start, end - start
        start = end


class GeneratorConfig(Settings):
    """Settings of a generator; a drawing by itself has none."""


class ModelConfig(GeneratorConfig):
    """Settings that all trained generators have."""

    batch: int = Field(default=128, ge=1, le=4096, description="images per training step")


ConfigT = TypeVar("ConfigT", bound=GeneratorConfig)
DecoderT = TypeVar("DecoderT", bound=nn.Module)


class GenerativeModel(nn.Module, Generic[ConfigT, DecoderT]):
    """A class-conditional generator of characters; it owns its optimisers, so that one training loop serves all models.

    A subclass has a `name`, a `title`, a `Config` and `presets`. Its `__init__` takes the settings and the texts of
    the K classes that labels index, sets `self.noise_size` and `self.decoder` (codes (B, noise_size), labels (B,) ->
    logits (B, 1, 28, 28), or other numbers that its `paint` turns into pixels) and ends with `self.build_ema(decay)`.
    It implements `make_optimisers` and `training_step`, or says that it is not trained and implements `prepare`.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    trains: ClassVar[bool] = True  # whether it learns from images; else `prepare` is all that it needs
    Config: ClassVar[type[GeneratorConfig]] = ModelConfig
    presets: ClassVar[Mapping[str, GeneratorConfig]] = {}  # the first is the default

    noise_size: int  # numbers of N(0, I) noise that one image is drawn from
    decoder: DecoderT
    sampler: DecoderT  # a copy of the decoder with averaged weights, which generates the samples

    def __init__(self, config: ConfigT, classes: tuple[str, ...] = DIGITS):
        super().__init__()
        self.config, self.classes = config, classes
        self.optimisers: list[Any] = []  # filled by start_training
        self.decay, self.updates = 0.0, 0  # of the averaged weights: their decay, and steps so far
        self._fused: tuple[TensorVersions, DecoderT] | None = None  # the fused sampler, and which weights it has
        self._ema_tensors: tuple[list[Tensor], list[Tensor]] | None = None  # of the sampler, and of the decoder

    def build_ema(self, decay: float) -> None:
        """Lay weights out channels last, for fast convolutions, and copy the decoder into the sampler.

        decay: in [0, 1), of the averages of the decoder's weights, which the sampler has; 0 = none.
        """
        self.decay = decay
        self.to(memory_format=torch.channels_last)
        self.sampler = copy.deepcopy(self.decoder).requires_grad_(False)

    @classmethod
    def default_preset(cls) -> str:
        """The name of the preset that is taken where none is named."""
        return next(iter(cls.presets))

    def prepare(self, geometry: Geometry, images: np.ndarray | None = None) -> Self:
        """Make a generator that is not trained ready to draw characters laid out as those of a data set.

        images: uint8 (N, 28, 28) of that data set, of which the look is taken, but no label; None if there is none.
        """
        return self

    def make_optimisers(self) -> list[Any]:
        """New optimisers, FusedAdam or any of torch.optim; called once, at the start of a training."""
        raise NotImplementedError(f"{type(self).__name__} has no make_optimisers")

    def training_step(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """One optimiser step on images (B, 1, 28, 28) in [0, 1] and labels (B,): scalar losses by name, detached."""
        raise NotImplementedError(f"{type(self).__name__} has no training_step")

    def evaluate(self, images: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Losses by name on held-out images (B, 1, 28, 28) in [0, 1] and labels (B,), without a step; may be empty."""
        return {}

    def start_training(self) -> Self:
        """Make the optimisers and enter training mode; returns the model itself."""
        self.optimisers = self.make_optimisers()
        self._ema_tensors = None
        return self.train()

    @torch.no_grad()
    def update_ema(self) -> None:
        """sampler <- d sampler + (1 - d) decoder, buffers too, with d = min(decay, (1 + k) / (10 + k)) at update k.

        The decay grows with k, so that the initial weights are soon forgotten (TensorFlow's ExponentialMovingAverage).
        """
        k = self.updates
        decay = min(self.decay, (1 + k) / (10 + k))
        self.updates += 1
        if self._ema_tensors is None:
            averages, weights = (
                [t for t in network.state_dict().values() if t.is_floating_point()]
                for network in (self.sampler, self.decoder)
            )
            self._ema_tensors = averages, weights
        # One call for all tensors; torch's own averages (torch.optim.swa_utils) use it, too.
        torch._foreach_lerp_(*self._ema_tensors, 1 - decay)  # pyright: ignore[reportPrivateImportUsage]

    def noise(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """N(0, I) noise (n, noise_size), float32 on the CPU; row i depends on the seed and i, not on n."""
        shape = (NOISE_BLOCK, self.noise_size)
        rows = [torch.randn(shape, generator=generator) for _ in range(-(-n // NOISE_BLOCK))]
        return torch.cat(rows)[:n] if rows else torch.empty(0, self.noise_size)

    def codes(self, noise: Tensor, labels: Tensor) -> Tensor:
        """The sampler's inputs (B, noise_size) for labels (B,) from N(0, I) noise of that shape: here, the noise."""
        return noise

    def paint(self, output: Tensor) -> Tensor:
        """Pixels (B, 1, 28, 28) in [0, 1] from the sampler's output, float32 (B, 1, 28, 28): here, from logits."""
        return output.sigmoid()

    def load_sampler(self, tensors: dict[str, Tensor]) -> None:
        """Take the tensors of a weights file, by name. RuntimeError if they are not those of the sampler."""
        self.sampler.load_state_dict(tensors)

    @property
    def device(self) -> torch.device:
        """Where the sampler's tensors are."""
        return next(chain(self.sampler.parameters(), self.sampler.buffers())).device

    def fused_sampler(self) -> DecoderT:
        """The sampler fused for inference on its device; made anew when its weights have changed."""
        versions = tensor_versions(self.sampler)
        if self._fused is None or self._fused[0] != versions:
            self._fused = versions, fuse_for_inference(self.sampler, pick_dtype(self.device))
        return self._fused[1]

    @torch.inference_mode()
    def decode(
        self, codes: Tensor, labels: Tensor, noise: bool = False, show: ProgressCallback = no_progress
    ) -> Tensor:
        """Images uint8 (N, 28, 28) on the CPU from latent codes (N, noise_size) and labels (N,).

        noise: whether `codes` holds N(0, I) noise, still to be turned into codes. show(done, N): called per block.
        """
        device = self.device
        bf16 = pick_dtype(device) is torch.bfloat16
        sampler = self.fused_sampler()
        n = len(labels)
        spans = list(blocks(n))
        pad = sum(spans[-1]) - n if n else 0
        codes = torch.cat([codes, codes.new_zeros(pad, codes.shape[1])]).to(device)
        labels = torch.cat([labels, labels.new_zeros(pad)]).to(device)
        out = torch.empty(n + pad, SIZE, SIZE, dtype=torch.uint8)
        for i, size in spans:
            block, block_labels = codes[i : i + size], labels[i : i + size]
            block = self.codes(block, block_labels) if noise else block
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                output = sampler(block, block_labels)
            out[i : i + size] = self.paint(output.float()).mul(255).round_().squeeze(1)
            show(min(i + size, n), n)
        return out[:n]

    def sample(
        self, labels: Tensor, generator: torch.Generator | None = None, show: ProgressCallback = no_progress
    ) -> Tensor:
        """One image per label, uint8 (N, 28, 28) on the CPU; image i depends on the seed, i and labels[i], not on N.

        labels: int64 (N,), indices into `classes`. show(done, N): called per block. ValueError if N exceeds 100,000 or
        a label is not one of 0 to K - 1.
        """
        if len(labels) > MAX_SAMPLES:
            raise ValueError(f"at most {MAX_SAMPLES:,} samples at a time, not {len(labels):,}")
        if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < len(self.classes):
            raise ValueError(f"labels must be 0 to {len(self.classes) - 1}")
        return self.decode(self.noise(len(labels), generator), labels, noise=True, show=show)

    def training_state(self) -> dict:
        """All that a later process needs to continue exactly: weights, averaged weights and optimisers."""
        optimisers = [o.state_dict() for o in self.optimisers]
        return {"weights": self.state_dict(), "optimisers": optimisers, "updates": self.updates}

    def load_training_state(self, state: dict) -> None:
        """Restore what `training_state` returned."""
        self.load_state_dict(state["weights"])
        self.updates = int(state["updates"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
