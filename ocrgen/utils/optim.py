"""Adam (Kingma & Ba 2015) in one fused kernel a step, without the seconds that `torch.optim.Adam` takes to import."""

import torch
from torch import Tensor, nn
from torch.optim.adam import adam


def as_it_lies(t: Tensor) -> Tensor:
    """The tensor in the order of its memory: one that lies channels last as (N, H, W, C), any other as it is.

    The fused kernel copies each tensor that is not contiguous to and fro, all that a convolution has at every step.
    """
    last = t.ndim == 4 and t.is_contiguous(memory_format=torch.channels_last)
    return t.permute(0, 2, 3, 1) if last else t


class FusedAdam:
    """The arithmetic of `torch.optim.Adam(fused=True)`, called directly; steps exactly like it.

    Its class wraps every call for the compiler, whose import costs each training process 3 s and 150 MB.
    """

    def __init__(
        self, module: nn.Module, lr: float, betas: tuple[float, float] = (0.9, 0.999), weight_decay: float = 0.0
    ):
        """weight_decay is decoupled (AdamW, Loshchilov & Hutter 2019); `lr` may be changed between steps."""
        self.weight_decay = weight_decay
        self.parameters = list(module.parameters())
        self.lr, self.betas = lr, betas
        self.means = [torch.zeros_like(p) for p in self.parameters]
        self.squares = [torch.zeros_like(p) for p in self.parameters]
        self.steps = [torch.zeros((), device=p.device) for p in self.parameters]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient."""
        rows = zip(self.parameters, self.means, self.squares, self.steps, strict=True)
        moved = [(p, p.grad, m, s, k) for p, m, s, k in rows if p.grad is not None]
        *columns, steps = (list(column) for column in zip(*moved, strict=True))
        parameters, gradients, means, squares = ([as_it_lies(t) for t in column] for column in columns)
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
        """Moments and step counts, in the order of the parameters."""
        return {"means": self.means, "squares": self.squares, "steps": self.steps}

    def load_state_dict(self, state: dict[str, list[Tensor]]) -> None:
        """Take over what `state_dict` gave."""
        for name, mine in self.state_dict().items():
            for target, saved in zip(mine, state[name], strict=True):
                target.copy_(saved)
