"""How much arithmetic a network takes: multiply-adds for each image, and weights that are trained."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ocrgen.generators.base import GenerativeModel


def multiply_adds(network: nn.Module, *inputs: Tensor) -> int:
    """Multiply-adds per image of convolutions and dense layers, as `network(*inputs)` runs; inputs (B, ...).

    Pixels that a convolution pads count too, as they are computed. Normalisation and activations are left out.
    """
    total = 0

    def count(layer: nn.Module, given: tuple[Tensor, ...], out: Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Linear):
            total += out.numel() * layer.in_features
        else:
            # A transposed convolution spreads every value that comes in; an ordinary one collects for every one out.
            spreads = isinstance(layer, nn.ConvTranspose2d)
            channels = layer.out_channels if spreads else layer.in_channels
            total += (given[0] if spreads else out).numel() * channels // layer.groups * layer.weight[0, 0].numel()

    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    try:
        with torch.no_grad():
            network(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return total // len(inputs[0])


def step_multiply_adds(model: GenerativeModel, batch: int = 4) -> int:
    """Multiply-adds per image of a whole training step, forward and backward, as torch counts them.

    Of an ordinary step: a penalty that comes every so many steps is left out.
    """
    from torch.utils.flop_counter import FlopCounterMode

    model.start_training()
    images, labels = torch.rand(batch, 1, 28, 28), torch.arange(batch) % 10
    model.training_step(images, labels)
    with FlopCounterMode(display=False) as counter:
        model.training_step(images, labels)
    return counter.get_total_flops() // 2 // batch


def weights(*networks: nn.Module) -> int:
    """Numbers that training changes."""
    return sum(p.numel() for network in networks for p in network.parameters())


def fit_width(count: Callable[[int], int], target: int, low: int, high: int) -> int:
    """The width from low to high whose count is nearest to the target; `count` must grow with the width."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) <= target else (low, middle)
    return min((low, high), key=lambda width: abs(count(width) - target))
