"""The arithmetic of a network: multiply-adds per image, and trainable weights."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ocrgen.generators.base import GenerativeModel
from ocrgen.generators.layers.fused import LabelledLinear


def multiply_adds(network: nn.Module, *inputs: Tensor) -> int:
    """Multiply-adds per image of the convolutions and linear layers that `network(*inputs)` runs; inputs (B, ...).

    Padding counts, since it is computed; normalisation and activations do not.
    """
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(*inputs)
    # A LabelledLinear looks its label up; it counts as the layer over the concatenation that it stands for.
    looked_up = sum(m.n_classes * m.out_features for m in network.modules() if isinstance(m, LabelledLinear))
    return counter.get_total_flops() // 2 // len(inputs[0]) + looked_up


def step_multiply_adds(model: GenerativeModel, batch: int = 4) -> int:
    """Multiply-adds per image of a training step, forward and backward, as torch counts them.

    The second step is counted, without the R1 penalty that comes only every few steps.
    """
    from torch.utils.flop_counter import FlopCounterMode

    model.start_training()
    images, labels = torch.rand(batch, 1, 28, 28), torch.arange(batch) % len(model.classes)
    model.training_step(images, labels)
    with FlopCounterMode(display=False) as counter:
        model.training_step(images, labels)
    return counter.get_total_flops() // 2 // batch


def weights(*networks: nn.Module) -> int:
    """The number of trainable weights."""
    return sum(p.numel() for network in networks for p in network.parameters())


def fit_width(count: Callable[[int], int], target: int, low: int, high: int) -> int:
    """The width from low to high whose count is nearest to the target; `count` must grow with the width."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) <= target else (low, middle)
    return min((low, high), key=lambda width: abs(count(width) - target))
