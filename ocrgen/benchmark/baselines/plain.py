"""The plain way, which most code takes: float32 in its usual layout, torch's Adam, one transform an image."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ocrgen.generators.base import GenerativeModel
from ocrgen.generators.layers.decoders import ConvDecoder, TransposedDecoder, one_hot
from ocrgen.generators.layers.fused import LabelledLinear
from ocrgen.generators.models.cgan import Dropout, Flatten
from ocrgen.utils.optim import FusedAdam


class PlainConvDecoder(ConvDecoder):
    """The same network, its maps in the layout that torch gives them."""

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """See ConvDecoder."""
        return self.conv(self.fc(torch.cat([codes, one_hot(labels)], 1)).unflatten(1, (self.width, 7, 7)))


class PlainTransposedDecoder(TransposedDecoder):
    """The same network, its maps in the layout that torch gives them."""

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """See TransposedDecoder."""
        label = self.embed(labels).unflatten(1, (1, 7, 7))
        return 2 * self.net(torch.cat([self.fc(codes).unflatten(1, (self.width, 7, 7)), label], 1))


class PlainFlatten(Flatten):
    """(B, C, H, W) -> (B, C * H * W), a view in the usual layout."""

    def forward(self, h: Tensor) -> Tensor:
        """See the class."""
        return h.flatten(1)


class PlainLabelledLinear(LabelledLinear):
    """The same layer over what most code hands to it: pixels and one-hot label, put together."""

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """See LabelledLinear."""
        return F.linear(torch.cat([x, one_hot(labels)], 1), self.weight, self.bias)


PLAIN = {
    LabelledLinear: PlainLabelledLinear,
    ConvDecoder: PlainConvDecoder,
    TransposedDecoder: PlainTransposedDecoder,
    Flatten: PlainFlatten,
    Dropout: nn.Dropout,
}


def plain(model: GenerativeModel) -> GenerativeModel:
    """The model itself, made plain and ready to train: same weights, settings and loss."""
    for module in model.modules():
        # A layout that a newcomer asks for inside its own networks stays: it is then faster than plain, never slower.
        module.__class__ = PLAIN.get(type(module), type(module))
    model.to(memory_format=torch.contiguous_format)
    model.start_training()
    model.optimisers = [_torchs(optimiser) for optimiser in model.optimisers]
    return model


def _torchs(optimiser: object) -> object:
    if not isinstance(optimiser, FusedAdam):
        return optimiser
    kind = torch.optim.AdamW if optimiser.weight_decay else torch.optim.Adam
    return kind(optimiser.parameters, optimiser.lr, optimiser.betas, weight_decay=optimiser.weight_decay)


def plain_sample(model: GenerativeModel, labels: Tensor) -> np.ndarray:
    """One batch as most code draws it: uint8 (B, 1, 28, 28)."""
    with torch.no_grad():
        codes = model.codes(torch.randn(len(labels), model.config.latent), labels)
        images = torch.sigmoid(model.sampler(codes, labels)).numpy()
    return (images * 255).astype(np.uint8)
