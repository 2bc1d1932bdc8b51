"""Tell whether a part of the ink is one whole digit: a small network, the same for all readers."""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor, nn

from ocrgen.imaging.page import FRAME, Judge
from ocrgen.readers.evaluation import probabilities, scale
from ocrgen.readers.network import Reader

FILE = Path(__file__).with_suffix(".safetensors")
BLOCK = 100  # images per forward pass: their activations stay in the cache


class Wholeness(nn.Module):
    """Parts float (N, 2, 32, 32) in [0, 1], the ink of each and that around it -> log-odds (N,) of one whole digit.

    A reader is sure of what it reads even where a digit was cut, or where two are merged. This network has seen both,
    with the ink beside them: it was trained to tell digits in drawn words from all other parts between candidate cuts.
    """

    def __init__(self, channels: int = 8, hidden: int = 32):
        super().__init__()

        def block(a: int, b: int) -> nn.Sequential:
            return nn.Sequential(nn.Conv2d(a, b, 5, padding=2), nn.MaxPool2d(2), nn.BatchNorm2d(b), nn.ReLU())

        features = 2 * channels * (FRAME // 4) ** 2
        self.blocks = nn.Sequential(block(2, channels), block(channels, 2 * channels))
        self.dense = nn.Sequential(nn.Flatten(), nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        self.to(memory_format=torch.channels_last)

    def forward(self, parts: Tensor) -> Tensor:
        """(N, 2, 32, 32) -> (N,)."""
        return self.dense(self.blocks(parts))[:, 0]


@cache
def shipped() -> Wholeness:
    """The network as it is shipped, on the CPU.

    It was trained on parts of 5,000 words of MNIST's training digits and 1,500 of MADBase's, drawn as in
    `tests/helpers/photos/touching.py`; `tests/helpers/wholeness.py` trains one like it, not this one bit for bit.
    """
    network = Wholeness()
    with safe_open(FILE, "pt") as content:
        network.load_state_dict({name: content.get_tensor(name).float() for name in content.keys()})  # noqa: SIM118
    return network.eval()


@torch.inference_mode()
def wholeness(parts: np.ndarray) -> np.ndarray:
    """Log-odds float32 (N,) that parts uint8 (N, 2, 32, 32) are each one whole digit."""
    out = [shipped()(scale(block)) for block in torch.from_numpy(parts).split(BLOCK)]
    return torch.cat(out).numpy() if out else np.empty(0, np.float32)


def judge_of(reader: Reader) -> Judge:
    """What judges the parts of digits that may touch: the reader, and whether each part is one whole digit."""
    return Judge(lambda images: probabilities(reader, images), wholeness)
