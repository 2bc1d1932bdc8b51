"""A mixture of Gaussians for each label, fitted to a model's latent codes, to draw new codes from."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MANY = 16  # classes, above which one product for the parts of all of them costs more than picking those of the label


class MixturePrior(nn.Module):
    """p(z | y): the mean of `parts` Gaussian densities for each label, with learned means and full covariances.

    Part k of label y has a lower triangle A and a shift b, such that A z - b is N(0, I): the covariance is
    (A^T A)^-1, the mean A^-1 b, and log N(z) = log |A| - |A z - b|^2 / 2 - latent / 2 * log(2 pi).
    """

    def __init__(self, latent: int, parts: int, n_classes: int):
        super().__init__()
        self.latent, self.parts, self.n_classes = latent, parts, n_classes
        self.factors = nn.Parameter(torch.zeros(n_classes, parts, latent, latent))  # lower triangles, diagonals as logs
        self.shifts = nn.Parameter(torch.randn(n_classes, parts, latent))
        self.fixed_inverse: Tensor | None = None  # `inverse`, once the mixture no longer changes

    def log_diagonals(self) -> Tensor:
        """The logarithms of the diagonals of A, (K, parts, latent)."""
        return self.factors.diagonal(dim1=2, dim2=3)

    def whitening(self) -> Tensor:
        """The lower triangles A, (K, parts, latent, latent)."""
        return self.factors.tril(-1) + torch.diag_embed(self.log_diagonals().exp())

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """Codes float32 (B, latent), labels (B,) -> log-densities (B,) in nats."""
        if self.n_classes > MANY:  # only the parts of each code's own label, (B, parts, latent, latent)
            white = (self.whitening()[labels] * codes[:, None, None, :]).sum(3) - self.shifts[labels]
            scores = self.log_diagonals().sum(2)[labels] - 0.5 * white.square().sum(2)
            scores = scores - math.log(self.parts) - 0.5 * self.latent * math.log(math.tau)
            return scores.logsumexp(1)
        white = F.linear(codes, self.whitening().flatten(0, 2), -self.shifts.flatten())
        energy = 0.5 * white.unflatten(1, (self.n_classes, self.parts, self.latent)).square().sum(3)
        scores = self.log_diagonals().sum(2) - energy - math.log(self.parts) - 0.5 * self.latent * math.log(math.tau)
        return scores[torch.arange(len(codes), device=codes.device), labels].logsumexp(1)

    def inverse(self) -> Tensor:
        """The inverses of the triangles A, (K, parts, latent, latent)."""
        white = self.whitening()
        unit = torch.eye(self.latent, device=white.device).expand_as(white)
        return torch.linalg.solve_triangular(white, unit, upper=False)

    def precompute_inverse(self) -> None:
        """Invert the triangles once; `draw` then ignores later changes of the weights."""
        self.fixed_inverse = self.inverse()

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def draw(self, noise: Tensor, labels: Tensor) -> Tensor:
        """Noise float32 (B, latent) from N(0, I), labels (B,) -> codes z = A^-1 (noise + b), (B, latent).

        The quantile of the first coordinate chooses the part; where it lies within that part's share of [0, 1] is
        again uniform, and gives the first coordinate anew.
        """
        quantile = torch.special.ndtr(noise[:, :1]) * self.parts
        part = quantile.long().clamp_max(self.parts - 1)
        first = torch.special.ndtri((quantile - part).clamp(1e-6, 1 - 1e-6))
        chosen = (labels, part.squeeze(1))
        white = torch.cat([first, noise[:, 1:]], 1) + self.shifts[chosen]
        inverse = self.inverse() if self.fixed_inverse is None else self.fixed_inverse
        return (inverse[chosen] @ white.unsqueeze(2)).squeeze(2)
