"""Two steps of a CVAE in fewer passes over memory: a linear layer that knows the label, and the Bernoulli loss."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class LabelledLinear(nn.Module):
    """A linear layer over [x, one_hot(label)] without the concatenation: y = W[:, :k] x + W[:, k + label] + b.

    in_features: k pixels. n_classes: K. Weights (out, k + K), bias (out,) and their initialisation are those of
    nn.Linear.
    """

    def __init__(self, in_features: int, n_classes: int, out_features: int):
        super().__init__()
        dense = nn.Linear(in_features + n_classes, out_features)
        self.n_classes, self.out_features = n_classes, out_features
        self.weight, self.bias = dense.weight, dense.bias

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """x (B, k), labels int64 (B,) -> (B, out), in autocast's precision."""
        return _LabelledLinear.apply(x, labels, self.weight, self.bias)


class _LabelledLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, labels: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """x (B, k), labels int64 (B,), weight (out, k + K), bias (out,) -> (B, out)."""
        device, k = x.device.type, x.shape[1]
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight.dtype
        x, dense = x.to(dtype), weight[:, :k].to(dtype)
        ctx.save_for_backward(x, labels, dense)
        ctx.n_classes = weight.shape[1] - k
        offsets = (weight[:, k:].t() + bias).to(dtype)  # (K, out)
        return (x @ dense.t()).add_(offsets.index_select(0, labels))

    @staticmethod
    @once_differentiable
    # torch types what once_differentiable returns as a method without parameter names.
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, gradient: Tensor
    ) -> tuple[Tensor | None, None, Tensor, Tensor]:
        """The gradient (B, out) of the result -> those of x, labels (none), weight and bias."""
        x, labels, dense = ctx.saved_tensors
        k, n_classes = x.shape[1], ctx.n_classes
        by_label = torch.zeros(n_classes, gradient.shape[1], device=x.device)
        by_label.index_add_(0, labels, gradient.float())
        weight = torch.empty(gradient.shape[1], k + n_classes, device=x.device)
        weight[:, :k] = gradient.t() @ x
        weight[:, k:] = by_label.t()
        return gradient @ dense if ctx.needs_input_grad[0] else None, None, weight, by_label.sum(0)


class BernoulliLoss(torch.autograd.Function):
    """Binary cross-entropy of pixels x with logits l, summed, in nats: sum softplus(l) - x l.

    `BernoulliLoss.apply(logits, images)`, both (B, ...) of one shape, images float32 -> a scalar, float32. Computed in
    float32; the gradient has the precision of the logits, which is that of the layer before.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, images: Tensor) -> Tensor:
        """Logits and images (B, ...) -> scalar."""
        ctx.save_for_backward(logits, images)
        exact = logits.float()
        return F.softplus(exact).sum() - torch.dot(exact.flatten(), images.flatten())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """sigmoid(l) - x, times the gradient of the scalar; none for the images."""
        logits, images = ctx.saved_tensors
        return logits.float().sigmoid().sub_(images).mul_(gradient).to(logits.dtype), None
