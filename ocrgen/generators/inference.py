"""Prepare a network for inference: fold normalisation into the layer before it, and cast the weights."""

import copy
from itertools import chain, pairwise
from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from ocrgen.generators.layers.prior import MixturePrior

CONVOLUTIONS = nn.Conv2d | nn.ConvTranspose2d
TensorVersions = tuple[tuple[int, int], ...]
NetworkT = TypeVar("NetworkT", bound=nn.Module)


def fuse_for_inference(network: NetworkT, dtype: torch.dtype) -> NetworkT:
    """A faster copy in evaluation mode, with the same output but for rounding; it cannot be trained.

    Batch normalisation is folded into the layer before it, and convolutions and linear layers are cast to `dtype`.
    """
    network = copy.deepcopy(network).eval()
    for layers in [m for m in network.modules() if isinstance(m, nn.Sequential)]:
        _fold_batch_norm(layers)
    for layer in network.modules():
        if isinstance(layer, CONVOLUTIONS | nn.Linear):
            layer.to(dtype)
        elif isinstance(layer, nn.ReLU | nn.LeakyReLU):
            layer.inplace = True
        elif isinstance(layer, MixturePrior):
            layer.precompute_inverse()
    return network


def _fold_batch_norm(layers: nn.Sequential) -> None:
    for i, (layer, norm) in enumerate(pairwise(layers)):
        if isinstance(layer, CONVOLUTIONS) and isinstance(norm, nn.BatchNorm2d):
            layers[i] = fuse_conv_bn_eval(layer, norm, isinstance(layer, nn.ConvTranspose2d))
        elif isinstance(layer, nn.Linear) and isinstance(norm, nn.BatchNorm1d):
            layers[i] = fuse_linear_bn_eval(layer, norm)
        else:
            continue
        layers[i + 1] = nn.Identity()


def tensor_versions(network: nn.Module) -> TensorVersions:
    """Address and version of each tensor: if they have changed, a fused copy is out of date."""
    return tuple((t.data_ptr(), t._version) for t in chain(network.parameters(), network.buffers()))
