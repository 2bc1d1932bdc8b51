"""Features of digit images for Fréchet distances: extractors with taps of 64, 192, 768 and 2048 dimensions."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ocrgen.utils.errors import UserError

TAPS = (64, 192, 768, 2048)


class FeatureExtractor(ABC):
    """A frozen network that is read at four depths; `name` and `hash` say which, wherever its numbers go."""

    name: ClassVar[str]
    hash: str  # of the weights: first 16 hexadecimal digits of SHA-256
    batch: int = 256

    @abstractmethod
    def __call__(self, images: Tensor, taps: Sequence[int]) -> dict[int, Tensor]:
        """Features float32 (B, d) by tap d, for images uint8 (B, 28, 28): one pass, no further than the deepest tap."""

    @torch.inference_mode()
    def stream(self, images: np.ndarray, taps: Sequence[int] = TAPS) -> Iterator[dict[int, np.ndarray]]:
        """Features of images uint8 (N, 28, 28), batch by batch: float32 (B, d) by tap.

        UserError if a tap is unknown.
        """
        if unknown := set(taps) - set(TAPS):
            raise UserError(f"There are no features of {sorted(unknown)} dimensions: choose from {TAPS}.")
        for i in range(0, len(images), self.batch):
            block = torch.from_numpy(images[i : i + self.batch])
            yield {d: f.float().cpu().numpy() for d, f in self(block, taps).items()}

    def features(self, images: np.ndarray, taps: Sequence[int] = TAPS) -> dict[int, np.ndarray]:
        """All features at once: float32 (N, d) by tap, for images uint8 (N, 28, 28)."""
        parts = list(self.stream(images, taps))
        return {d: np.concatenate([p[d] for p in parts]) if parts else np.empty((0, d), np.float32) for d in taps}


def read_taps(h: Tensor, blocks: Iterable[nn.Module], taps: Sequence[int]) -> dict[int, Tensor]:
    """Globally averaged features float32 (B, d) by tap of `h` as it goes through `blocks`, no deeper than asked."""
    found = {}
    for d, block in zip(TAPS, blocks, strict=True):
        if len(found) == len(set(taps)):
            break
        h = block(h)
        if d in taps:
            found[d] = h.mean((2, 3), dtype=torch.float32)
    return found
