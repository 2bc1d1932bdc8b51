"""Classical augmentation, corruptions in five strengths, and the FGSM attack, on batches of digit images.

Images are float (B, 1, H, W) in [0, 1], 0 = paper, 1 = ink. Random numbers are drawn on the CPU, so that a seed means
the same on every device.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def affine(
    images: Tensor,
    generator: torch.Generator | None = None,
    degrees: float = 12.0,
    scale: float = 0.12,
    shear: float = 0.15,
    shift: float = 2.0,
) -> Tensor:
    """Rotate, scale, shear and shift each image by its own amounts, drawn evenly up to the bounds.

    images: float (B, 1, 28, 28), 0 = paper. degrees: rotation. scale, shear: fractions. shift: pixels.
    """
    theta = _random_theta(images, generator, degrees, scale, shear, shift)
    return resample(images, sampling_grid(images, theta))


def elastic(
    images: Tensor, alpha: float = 20.0, sigma: float = 4.0, generator: torch.Generator | None = None
) -> Tensor:
    """Bend each image by its own smooth random displacement (Simard, Steinkraus and Platt, ICDAR 2003).

    Evenly drawn noise in [-1, 1], smoothed by a Gaussian of `sigma` pixels, times `alpha` pixels: no pixel comes from
    further than `alpha` away, and typically alpha / (6 sigma) along each axis. Simard's own: 34 and 4, on 29 x 29.
    """
    same = torch.eye(2, 3).expand(len(images), 2, 3).to(images)
    return resample(images, sampling_grid(images, same) + _bend(images, generator, alpha, sigma)).clamp_(0, 1)


def augment(
    images: Tensor,
    generator: torch.Generator | None = None,
    degrees: float = 12.0,
    scale: float = 0.12,
    shear: float = 0.15,
    shift: float = 2.0,
    alpha: float = 16.0,
    sigma: float = 4.0,
) -> Tensor:
    """The classical augmentation: what `affine` and `elastic` do, in one resampling, so that ink is softened once."""
    theta = _random_theta(images, generator, degrees, scale, shear, shift)
    return resample(images, sampling_grid(images, theta) + _bend(images, generator, alpha, sigma)).clamp_(0, 1)


def _random_theta(
    images: Tensor, generator: torch.Generator | None, degrees: float, scale: float, shear: float, shift: float
) -> Tensor:
    """One affine map per image, (B, 2, 3), from where a pixel is to where it is read."""

    def draw(bound: float) -> Tensor:
        return (torch.rand(len(images), generator=generator) * 2 - 1) * bound

    angle, sx, sy, slant = draw(math.radians(degrees)), 1 + draw(scale), 1 + draw(scale), draw(shear)
    move = 2 * shift / images.shape[-1]
    return affine_matrix(angle, sx, sy, slant, draw(move), draw(move)).to(images)


def affine_matrix(angle: Tensor, sx: Tensor, sy: Tensor, slant: Tensor, dx: Tensor, dy: Tensor) -> Tensor:
    """Rotation of the slant of the scaled image: each (B,) -> (B, 2, 3)."""
    cos, sin = angle.cos(), angle.sin()
    first = torch.stack([cos * sx, (slant * cos - sin) * sy, dx], 1)
    second = torch.stack([sin * sx, (slant * sin + cos) * sy, dy], 1)
    return torch.stack([first, second], 1)


def sampling_grid(images: Tensor, theta: Tensor) -> Tensor:
    return F.affine_grid(theta, list(images.shape), align_corners=False)


def resample(images: Tensor, grid: Tensor) -> Tensor:
    return F.grid_sample(images, grid, align_corners=False)  # paper beyond the edges


def _bend(images: Tensor, generator: torch.Generator | None, alpha: float, sigma: float) -> Tensor:
    """Smooth random displacements (B, H, W, 2) in the units of a sampling grid, whose sides are 2 long."""
    n, _, h, w = images.shape
    noise = (torch.rand(n, 2, h, w, generator=generator) * 2 - 1).to(images)
    pixel = torch.tensor([2 / w, 2 / h]).to(images)
    return gaussian_blur(noise, sigma).permute(0, 2, 3, 1) * (alpha * pixel)


def gaussian_blur(maps: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of (..., H, W) by `sigma` pixels, zeros beyond the edges: two matrix products, quick on a CPU."""

    def kernel(size: int) -> Tensor:
        place = torch.arange(size, dtype=torch.float64)
        weight = torch.exp(-(((place[:, None] - place) / sigma) ** 2) / 2)
        return (weight / (weight[0].sum() * 2 - 1)).to(maps)  # the sum to both sides of a pixel, itself once

    return kernel(maps.shape[-2]) @ maps @ kernel(maps.shape[-1])
