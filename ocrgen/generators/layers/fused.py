"""Two steps of a CVAE in fewer passes over memory: a layer that is told the label, and the loss of Bernoulli pixels."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

from ocrgen.datasets.base import CLASSES


class LabelledLinear(nn.Linear):
    """A dense layer over x and the one-hot label, without the concatenation: a label is a column of the weights."""

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """(B, in - 10), (B,) -> (B, out)."""
        return _Labelled.apply(x, labels, self.weight, self.bias)


class _Labelled(torch.autograd.Function):
    """x (B, k), labels int64 (B,), weight (out, k + 10), bias (out,) -> (B, out), in autocast's precision."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, labels: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """See the class."""
        device, k = x.device.type, x.shape[1]
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight.dtype
        x, columns = x.to(dtype), weight[:, :k].to(dtype)
        ctx.save_for_backward(x, labels, columns)
        of_label = (weight[:, k:].t() + bias).to(dtype)
        return (x @ columns.t()).add_(of_label.index_select(0, labels))

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, slope: Tensor) -> tuple[Tensor | None, None, Tensor, Tensor]:
        """See the class."""
        x, labels, columns = ctx.saved_tensors
        k, of_label = x.shape[1], torch.zeros(CLASSES, slope.shape[1], device=x.device)
        of_label.index_add_(0, labels, slope.float())
        weight = torch.empty(slope.shape[1], k + CLASSES, device=x.device)
        weight[:, :k] = slope.t() @ x
        weight[:, k:] = of_label.t()
        return slope @ columns if ctx.needs_input_grad[0] else None, None, weight, of_label.sum(0)


class BernoulliLoss(torch.autograd.Function):
    """Cross-entropy of pixels with their logits, in nats: logits and images (B, ...) of one shape -> its sum, float32.

    Computed in float32; the slope comes back in the precision of the logits, which is that of the layer before.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, logits: Tensor, images: Tensor) -> Tensor:
        """See the class."""
        ctx.save_for_backward(logits, images)
        exact = logits.float()
        return F.softplus(exact).sum() - torch.dot(exact.flatten(), images.flatten())

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, slope: Tensor) -> tuple[Tensor, None]:
        """See the class."""
        logits, images = ctx.saved_tensors
        return logits.float().sigmoid().sub_(images).mul_(slope).to(logits.dtype), None
