"""The mixture that codes are drawn from is a density, and what is drawn follows it."""

import pytest
import torch

from ocrgen.generators.layers.prior import MANY, MixturePrior


@pytest.mark.parametrize("k", [MANY, MANY + 1])  # computed for all labels at once, and for the codes' own
def test_the_mixture_is_a_density_and_draws_from_it(k):
    prior = MixturePrior(2, 4, k)
    with torch.no_grad():
        prior.factors.normal_(0, 0.3, generator=torch.Generator().manual_seed(1))
    grid = torch.cartesian_prod(torch.linspace(-12, 12, 241), torch.linspace(-12, 12, 241))
    label = torch.full((len(grid),), 3)
    density = prior(grid, label).exp()
    assert abs(density.sum().item() * 0.1**2 - 1) < 0.01
    drawn = prior.draw(torch.randn(50_000, 2, generator=torch.Generator().manual_seed(2)), torch.full((50_000,), 3))
    mean = (density[:, None] * grid).sum(0) * 0.1**2
    spread = (density[:, None] * (grid - mean).square()).sum(0) * 0.1**2
    assert torch.allclose(drawn.mean(0), mean, atol=0.05)
    assert torch.allclose(drawn.var(0), spread, rtol=0.05)
