"""A network made ready to draw: normalisation folded into the layer before it, weights in the arithmetic to be used."""

import copy
from itertools import chain, pairwise

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from ocrgen.generators.layers.prior import MixturePrior

CONVOLUTIONS = nn.Conv2d | nn.ConvTranspose2d
State = tuple[tuple[int, int], ...]


def fuse_for_inference(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy in evaluation mode: it draws what the network draws, but for rounding, and sooner. Not to be trained."""
    network = copy.deepcopy(network).eval()
    for layers in [m for m in network.modules() if isinstance(m, nn.Sequential)]:
        _fold(layers)
    for layer in network.modules():
        if isinstance(layer, CONVOLUTIONS | nn.Linear):
            layer.to(dtype)
        elif isinstance(layer, nn.ReLU | nn.LeakyReLU):
            layer.inplace = True
        elif isinstance(layer, MixturePrior):
            layer.precompute_inverse()
    return network


def _fold(layers: nn.Sequential) -> None:
    for i, (layer, norm) in enumerate(pairwise(layers)):
        if isinstance(layer, CONVOLUTIONS) and isinstance(norm, nn.BatchNorm2d):
            layers[i] = fuse_conv_bn_eval(layer, norm, isinstance(layer, nn.ConvTranspose2d))
        elif isinstance(layer, nn.Linear) and isinstance(norm, nn.BatchNorm1d):
            layers[i] = fuse_linear_bn_eval(layer, norm)
        else:
            continue
        layers[i + 1] = nn.Identity()


def state(network: nn.Module) -> State:
    """Address and version of each tensor: where they differ, the fused copy is out of date."""
    return tuple((t.data_ptr(), t._version) for t in chain(network.parameters(), network.buffers()))
