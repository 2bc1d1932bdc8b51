"""Turn, bend and read distance fields at points of a picture, batched in torch."""

import torch
import torch.nn.functional as F
from torch import Tensor

LOOK = 40  # pixels along each side of the small picture in which the ink is measured


def turning(turn: Tensor, lean: Tensor, narrow: Tensor) -> Tensor:
    """Rotation by `turn`, radians, slant and change of aspect, each (B,), from the picture to the field: (B, 2, 2)."""
    cos, sin = turn.cos(), turn.sin()
    first = torch.stack([cos / narrow, (sin + lean * cos) / narrow], 1)
    return torch.stack([first, torch.stack([-sin * narrow, (cos - lean * sin) * narrow], 1)], 1)


def smooth(values: Tensor) -> Tensor:
    """Values (B, C, k, k) at few points as a smooth field (B, C, LOOK, LOOK)."""
    return F.interpolate(values, size=(LOOK, LOOK), mode="bicubic", align_corners=True)


def read_field(field: Tensor, points: Tensor, matrix: Tensor, bent: Tensor) -> Tensor:
    """The field (B, 1, S, S) at points (B, h, w, 2), turned by matrix (B, 2, 2), moved by bent (B, 2, h, w)."""
    x, y = points.unbind(-1)
    rows = [per_image(matrix[:, i, 0]) * x + per_image(matrix[:, i, 1]) * y + bent[:, i] for i in range(2)]
    grid = torch.stack(rows, -1)
    return F.grid_sample(field, grid, align_corners=False, padding_mode="border").squeeze(1)


def extent(inked: Tensor, axis: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The lowest and highest coordinates (x, y) of ink (B, h, w), and its centre of mass: each (B, 2)."""
    step, low, high, mass = axis[1] - axis[0], [], [], []
    for dimension in (1, 2):  # columns, then rows
        line = inked.any(dimension).float()
        low.append(axis[line.argmax(1)] - step / 2)
        high.append(axis[len(axis) - 1 - line.flip(1).argmax(1)] + step / 2)
        amount = inked.sum(dimension).float()
        mass.append((amount * axis).sum(1) / amount.sum(1).clamp_min(1))
    return torch.stack(low, 1), torch.stack(high, 1), torch.stack(mass, 1)


def per_image(values: Tensor) -> Tensor:
    """Values (B,) as (B, 1, 1)."""
    return values[:, None, None]


def per_column(value: Tensor) -> Tensor:
    """A value, or one for each image (B,), beside a row of pixels: () or (B, 1)."""
    return value[:, None] if value.ndim else value
