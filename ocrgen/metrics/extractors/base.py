"""The base class of feature extractors, with taps of 64, 192, 768 and 2048 dimensions."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ocrgen.utils.errors import UserError

TAPS = (64, 192, 768, 2048)


class FeatureExtractor(ABC):
    """A frozen network whose features are taken at four depths; `name` and `hash` identify it in all results."""

    name: ClassVar[str]
    hash: str  # of the weights: first 16 hexadecimal digits of SHA-256
    batch: int = 256

    @abstractmethod
    def __call__(self, images: Tensor, taps: Sequence[int]) -> dict[int, Tensor]:
        """Features float32 (B, d) by tap d, of images uint8 (B, 28, 28), in one pass up to the deepest of `taps`."""

    @property
    def identifier(self) -> str:
        """Name and hash, as recorded in results and statistics."""
        return f"{self.name}/{self.hash}"

    @torch.inference_mode()
    def stream(self, images: np.ndarray, taps: Sequence[int] = TAPS) -> Iterator[dict[int, np.ndarray]]:
        """Features of images uint8 (N, 28, 28), batch by batch: float32 (B, d) by tap d. UserError for unknown taps."""
        if unknown := set(taps) - set(TAPS):
            raise UserError(f"There are no features of {sorted(unknown)} dimensions: choose from {TAPS}.")
        for i in range(0, len(images), self.batch):
            block = torch.from_numpy(images[i : i + self.batch])
            yield {d: f.float().cpu().numpy() for d, f in self(block, taps).items()}

    def features(self, images: np.ndarray, taps: Sequence[int] = TAPS) -> dict[int, np.ndarray]:
        """Features float32 (N, d) by tap d, of images uint8 (N, 28, 28). UserError for unknown taps."""
        parts = list(self.stream(images, taps))
        return {d: np.concatenate([p[d] for p in parts]) if parts else np.empty((0, d), np.float32) for d in taps}


def read_taps(h: Tensor, blocks: Iterable[nn.Module], taps: Sequence[int]) -> dict[int, Tensor]:
    """Run `h` (B, C, H, W) through one block per tap, up to the deepest of `taps`.

    Returns globally averaged features float32 (B, d) by tap d.
    """
    features = {}
    for d, block in zip(TAPS, blocks, strict=True):
        if len(features) == len(set(taps)):
            break
        h = block(h)
        if d in taps:
            features[d] = h.mean((2, 3), dtype=torch.float32)
    return features
