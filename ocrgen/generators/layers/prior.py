"""A mixture of Gaussians for each label: where a model's latent codes lie, to draw new ones from there."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ocrgen.datasets.base import CLASSES


class MixturePrior(nn.Module):
    """Where the codes of a label lie: `parts` equally likely Gaussians a label, with learned means and covariances."""

    def __init__(self, latent: int, parts: int):
        super().__init__()
        self.latent, self.parts = latent, parts
        self.factors = nn.Parameter(torch.zeros(CLASSES, parts, latent, latent))  # lower triangles, diagonals as logs
        self.shifts = nn.Parameter(torch.randn(CLASSES, parts, latent))
        self.fixed_inverse: Tensor | None = None  # `inverse`, where it changes no more

    def log_diagonals(self) -> Tensor:
        """The logarithms of the diagonals of `whitening` (10, parts, latent)."""
        return self.factors.diagonal(dim1=2, dim2=3)

    def whitening(self) -> Tensor:
        """Lower triangles A (10, parts, latent, latent): A z - shift is N(0, I) for the codes z of a part."""
        return self.factors.tril(-1) + torch.diag_embed(self.log_diagonals().exp())

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """Codes float32 (B, latent), labels (B,) -> log-densities (B,) in nats."""
        white = F.linear(codes, self.whitening().flatten(0, 2), -self.shifts.flatten())
        energy = 0.5 * white.unflatten(1, (CLASSES, self.parts, self.latent)).square().sum(3)
        scores = self.log_diagonals().sum(2) - energy - math.log(self.parts) - 0.5 * self.latent * math.log(math.tau)
        return scores[torch.arange(len(codes), device=codes.device), labels].logsumexp(1)

    def inverse(self) -> Tensor:
        """The inverse triangles of `whitening` (10, parts, latent, latent)."""
        white = self.whitening()
        unit = torch.eye(self.latent, device=white.device).expand_as(white)
        return torch.linalg.solve_triangular(white, unit, upper=False)

    def precompute_inverse(self) -> None:
        """Solve the triangles once, to draw from a mixture that learns no more."""
        self.fixed_inverse = self.inverse()

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def draw(self, noise: Tensor, labels: Tensor) -> Tensor:
        """Noise float32 (B, latent) from N(0, I), labels (B,) -> codes (B, latent).

        The first coordinate, as a quantile, chooses the part; its place within that part is a fresh quantile.
        """
        place = torch.special.ndtr(noise[:, :1]) * self.parts
        part = place.long().clamp_max(self.parts - 1)
        first = torch.special.ndtri((place - part).clamp(1e-6, 1 - 1e-6))
        chosen = (labels, part.squeeze(1))
        white = torch.cat([first, noise[:, 1:]], 1) + self.shifts[chosen]
        inverse = self.inverse() if self.fixed_inverse is None else self.fixed_inverse
        return (inverse[chosen] @ white.unsqueeze(2)).squeeze(2)
