"""AdamW as one fused kernel per step, without the seconds that `torch.optim.AdamW` takes to import."""

import torch
from torch import Tensor, nn
from torch.optim.adam import adam


def memory_order_view(t: Tensor) -> Tensor:
    """A view of the tensor in memory order: (N, H, W, C) for one in channels-last format, else the tensor itself.

    The fused kernel would copy each non-contiguous tensor there and back: every convolution's, at every step.
    """
    channels_last = t.ndim == 4 and t.is_contiguous(memory_format=torch.channels_last)
    return t.permute(0, 2, 3, 1) if channels_last else t


class FusedAdam:
    """Adam (Kingma & Ba 2015): the kernel of `torch.optim.AdamW(fused=True)` called directly, with the same updates.

    torch's own class imports the compiler at its first step, which costs each training process 3 s and 150 MB.
    weight_decay: decoupled (Loshchilov & Hutter 2019); 0 gives plain Adam. `lr` may be changed between steps, also to a
    tensor.
    """

    def __init__(
        self, module: nn.Module, lr: float, betas: tuple[float, float] = (0.9, 0.999), weight_decay: float = 0.0
    ):
        self.weight_decay = weight_decay
        self.parameters = list(module.parameters())
        self.lr: float | Tensor = lr
        self.betas = betas
        self.means = [torch.zeros_like(p) for p in self.parameters]
        self.squares = [torch.zeros_like(p) for p in self.parameters]
        self.steps = [torch.zeros((), device=p.device) for p in self.parameters]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set all gradients to None; `set_to_none` is there for compatibility with torch."""
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Update every parameter that has a gradient."""
        rows = zip(self.parameters, self.means, self.squares, self.steps, strict=True)
        with_gradient = [(p, p.grad, m, s, k) for p, m, s, k in rows if p.grad is not None]
        *columns, steps = (list(column) for column in zip(*with_gradient, strict=True))
        parameters, gradients, means, squares = ([memory_order_view(t) for t in column] for column in columns)
        adam(
            parameters,
            gradients,
            means,
            squares,
            [],
            steps,
            fused=True,
            amsgrad=False,
            beta1=self.betas[0],
            beta2=self.betas[1],
            lr=self.lr,
            weight_decay=self.weight_decay,
            decoupled_weight_decay=True,
            eps=1e-8,
            maximize=False,
        )

    def state_dict(self) -> dict[str, list[Tensor]]:
        """First and second moments and step counts, in the order of the parameters."""
        return {"means": self.means, "squares": self.squares, "steps": self.steps}

    def load_state_dict(self, state: dict[str, list[Tensor]]) -> None:
        """Copy a state that `state_dict` returned into this optimiser; ValueError if the numbers of tensors differ."""
        for name, tensors in self.state_dict().items():
            for target, saved in zip(tensors, state[name], strict=True):
                target.copy_(saved)
