"""The plain baseline, as most code does it: float32 in the default memory layout, and torch's Adam."""

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
    """The same network in the default memory layout."""

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """(B, latent), (B,) -> logits (B, 1, 28, 28)."""
        return self.conv(
            self.fc(torch.cat([codes, one_hot(labels, self.n_classes)], 1)).unflatten(1, (self.width, 7, 7))
        )


class PlainTransposedDecoder(TransposedDecoder):
    """The same network in the default memory layout."""

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """(B, latent), (B,) -> logits (B, 1, 28, 28)."""
        label = self.embed(labels).unflatten(1, (1, 7, 7))
        return 2 * self.net(torch.cat([self.fc(codes).unflatten(1, (self.width, 7, 7)), label], 1))


class PlainFlatten(Flatten):
    """(B, C, H, W) -> (B, C * H * W): a view in the default memory layout."""

    def forward(self, h: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C * H * W)."""
        return h.flatten(1)


class PlainLabelledLinear(LabelledLinear):
    """The same layer, with the concatenation of pixels and one-hot label."""

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """x (B, k), labels int64 (B,) -> (B, out)."""
        return F.linear(torch.cat([x, one_hot(labels, self.n_classes)], 1), self.weight, self.bias)


PLAIN = {
    LabelledLinear: PlainLabelledLinear,
    ConvDecoder: PlainConvDecoder,
    TransposedDecoder: PlainTransposedDecoder,
    Flatten: PlainFlatten,
    Dropout: nn.Dropout,
}


def plain(model: GenerativeModel) -> GenerativeModel:
    """The model itself, changed to the plain layers and ready to train: same weights, settings and loss."""
    for module in model.modules():
        # A model of another file keeps layouts that it sets itself: it is then faster than plain, never slower.
        module.__class__ = PLAIN.get(type(module), type(module))
    model.to(memory_format=torch.contiguous_format)
    model.start_training()
    model.optimisers = [_torch_optimiser(optimiser) for optimiser in model.optimisers]
    return model


def _torch_optimiser(optimiser: object) -> object:
    if not isinstance(optimiser, FusedAdam):
        return optimiser
    kind = torch.optim.AdamW if optimiser.weight_decay else torch.optim.Adam
    return kind(optimiser.parameters, optimiser.lr, optimiser.betas, weight_decay=optimiser.weight_decay)


def plain_sample(model: GenerativeModel, labels: Tensor) -> np.ndarray:
    """One image uint8 (B, 1, 28, 28) per label int64 (B,), generated in one batch."""
    with torch.no_grad():
        codes = model.codes(torch.randn(len(labels), model.noise_size), labels)
        images = model.paint(model.sampler(codes, labels)).numpy()
    return (images * 255).astype(np.uint8)
