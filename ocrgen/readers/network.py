"""The OCR classifier: two convolutions and two dense layers, as published (`paper`) or fast on a CPU (`fast`)."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from ocrgen.datasets.alphabet import DIGITS
from ocrgen.readers.doubt import Doubt
from ocrgen.utils.settings import Settings


class ReaderConfig(Settings):
    """Architecture and training schedule of a reader."""

    kernel: Literal[3, 5] = Field(default=5, description="side of the convolutions, pixels")
    channels: int = Field(
        default=16, ge=4, le=128, description="channels of the first convolution; the second has twice as many"
    )
    hidden: int = Field(default=128, ge=16, le=1024, description="width of the dense layer before the last")
    dropout: float = Field(default=0.0, ge=0, lt=1, description="share of that layer's values dropped in training")
    pool_first: bool = Field(default=True, description="pool before normalisation and ReLU, which then cost a quarter")
    batch: int = Field(default=128, ge=4, le=4096, description="images per step")
    lr: float = Field(default=4e-3, gt=0, le=1, description="highest learning rate")
    warmup: float = Field(
        default=0.2, ge=0, le=1, description="share of the steps to reach it; 0 keeps the rate constant"
    )
    weight_decay: float = Field(default=0.01, ge=0, le=1, description="decoupled weight decay (AdamW); 0 is Adam")


class Classifier(nn.Module):
    """The base class of readers: images float (B, 1, 28, 28) in [0, 1] -> logits (B, K), with layers for Grad-CAM."""

    classes: tuple[str, ...]  # the texts of the K classes

    @property
    def cam_layers(self) -> dict[str, nn.Module]:
        """The layers whose activations a saliency map can be computed from, by name, in order of depth."""
        raise NotImplementedError(f"{type(self).__name__} has no cam_layers")

    @property
    def cam_layer(self) -> nn.Module:
        """The default: the last."""
        return list(self.cam_layers.values())[-1]

    def features(self, images: Tensor) -> Tensor:
        """The input of the last layer, (B, d)."""
        raise NotImplementedError(f"{type(self).__name__} has no features")


class Reader(Classifier):
    """Images float (B, 1, 28, 28) in [0, 1], white ink on black -> logits (B, K)."""

    title: ClassVar[str] = "OCR network"
    presets: ClassVar[dict[str, ReaderConfig]] = {
        # Memari et al. 2024: 3x3 convolutions, ReLU, normalisation, pooling; Adam at a constant rate.
        "paper": ReaderConfig(
            kernel=3, channels=32, dropout=0.5, pool_first=False, batch=64, lr=1e-3, warmup=0, weight_decay=0
        ),
        "fast": ReaderConfig(),
    }

    def __init__(self, config: ReaderConfig, classes: tuple[str, ...] = DIGITS):
        super().__init__()
        self.config, self.classes = config, classes
        self.doubt: Doubt | None = None  # fitted after training; readers of earlier versions have none

        def block(a: int, b: int) -> nn.Sequential:
            convolution = nn.Conv2d(a, b, config.kernel, padding=config.kernel // 2)
            after = [nn.ReLU(), nn.BatchNorm2d(b), nn.MaxPool2d(2)]
            if config.pool_first:
                after = [nn.MaxPool2d(2), nn.BatchNorm2d(b), nn.ReLU()]
            return nn.Sequential(convolution, *after)

        c = config.channels
        self.blocks = nn.Sequential(block(1, c), block(c, 2 * c))
        self.dense = nn.Sequential(nn.Flatten(), nn.Linear(2 * c * 49, config.hidden), nn.ReLU())
        self.last = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(config.hidden, len(classes)))
        self.to(memory_format=torch.channels_last)

    @property
    def cam_layers(self) -> dict[str, nn.Module]:
        """The ReLU of each convolution; the Grad-CAM of Memari et al. 2024 uses the second, too.

        Before the ReLU, evidence against a class would count as much as evidence for it.
        """
        relu = [next(m for m in block.modules() if isinstance(m, nn.ReLU)) for block in self.blocks]
        return dict(zip(("first convolution", "second convolution"), relu, strict=True))

    def features(self, images: Tensor) -> Tensor:
        """The input of the last layer, (B, hidden)."""
        return self.dense(self.blocks(images))

    def forward(self, images: Tensor) -> Tensor:
        """(B, 1, 28, 28) -> logits (B, K)."""
        return self.last(self.features(images))
