"""Affine and elastic augmentation of images float (B, 1, H, W) in [0, 1], 0 = paper, 1 = ink."""

# Random numbers are drawn where the generator is, by default on the CPU: a seed then gives the same images on every
# device.

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

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
    """Rotate, scale, shear and shift each image by amounts drawn uniformly up to the bounds: float (B, 1, H, W).

    images: float (B, 1, H, W), 0 = paper. degrees: rotation. scale, shear: fractions. shift: pixels.
    """
    theta = _random_theta(images, generator, degrees, scale, shear, shift)
    return resample(images, sampling_grid(images, theta))


def elastic(
    images: Tensor, alpha: float = 20.0, sigma: float = 4.0, generator: torch.Generator | None = None
) -> Tensor:
    """Elastic distortion: displace each image by a smooth random field (Simard, Steinkraus and Platt, ICDAR 2003).

    The field is uniform noise in [-1, 1], smoothed by a Gaussian of standard deviation `sigma` pixels, times `alpha`
    pixels: at most `alpha`, and about alpha / (6 sigma) in standard deviation, along each axis. Simard et al. used 34
    and 4 on 29 x 29 pixels. images: float (B, 1, H, W); returns the same shape, clamped to [0, 1].
    """
    identity = torch.eye(2, 3).expand(len(images), 2, 3).to(images)
    grid = sampling_grid(images, identity) + displacement_field(images, generator, alpha, sigma)
    return resample(images, grid).clamp_(0, 1)


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
    """`affine` and `elastic` in a single resampling, which blurs the strokes only once; same arguments and shapes."""
    theta = _random_theta(images, generator, degrees, scale, shear, shift)
    grid = sampling_grid(images, theta) + displacement_field(images, generator, alpha, sigma)
    return resample(images, grid).clamp_(0, 1)


def _random_theta(
    images: Tensor, generator: torch.Generator | None, degrees: float, scale: float, shear: float, shift: float
) -> Tensor:
    """Random affine matrices (B, 2, 3), from output to input coordinates, as `F.affine_grid` takes them."""

    def draw(bound: float) -> Tensor:
        return (random(torch.rand, (len(images),), generator) * 2 - 1) * bound

    angle, sx, sy, slope = draw(math.radians(degrees)), 1 + draw(scale), 1 + draw(scale), draw(shear)
    bound = 2 * shift / images.shape[-1]
    return affine_matrix(angle, sx, sy, slope, draw(bound), draw(bound)).to(images)


def affine_matrix(angle: Tensor, sx: Tensor, sy: Tensor, shear: Tensor, dx: Tensor, dy: Tensor) -> Tensor:
    """Rotation(angle) @ Shear(shear) @ Scale(sx, sy), with translation (dx, dy): each (B,) -> (B, 2, 3).

    angle: radians. dx, dy: in units in which the sides of the image are 2 long, as in `F.affine_grid`.
    """
    cos, sin = angle.cos(), angle.sin()
    first = torch.stack([cos * sx, (shear * cos - sin) * sy, dx], 1)
    second = torch.stack([sin * sx, (shear * sin + cos) * sy, dy], 1)
    return torch.stack([first, second], 1)


def sampling_grid(images: Tensor, theta: Tensor) -> Tensor:
    """Where each output pixel is read, (B, H, W, 2) in [-1, 1], under affine matrices theta (B, 2, 3)."""
    return F.affine_grid(theta, list(images.shape), align_corners=False)


def resample(images: Tensor, grid: Tensor) -> Tensor:
    """Bilinear interpolation of images (B, 1, H, W) at grid (B, H, W, 2), with paper (0) beyond the edges."""
    return F.grid_sample(images, grid, align_corners=False)


def displacement_field(images: Tensor, generator: torch.Generator | None, alpha: float, sigma: float) -> Tensor:
    """Random field of `elastic`, (B, H, W, 2), in units in which the sides of the image are 2 long."""
    n, _, h, w = images.shape
    noise = (random(torch.rand, (n, 2, h, w), generator) * 2 - 1).to(images)
    return gaussian_blur(noise, sigma).permute(0, 2, 3, 1) * (alpha * _pixel(h, w, images.device, images.dtype))


def gaussian_blur(maps: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of (..., H, W) with standard deviation `sigma` pixels and zeros beyond the edges.

    Two matrix products, which for small images are faster on a CPU than convolutions.
    """
    kernels = (_gaussian(size, sigma, maps.device, maps.dtype) for size in maps.shape[-2:])
    return next(kernels) @ maps @ next(kernels)


def random(draw: Callable[..., Tensor], shape: Sequence[int], generator: torch.Generator | None) -> Tensor:
    """Random numbers by `draw`, torch.rand or torch.randn, on the generator's device; on the CPU if it is None."""
    return draw(tuple(shape), generator=generator, device=generator.device if generator else "cpu")


# Kept on the device: a step that is recorded for a GPU cannot copy from the CPU. Not tensors of inference mode, which
# autograd does not accept.


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _gaussian(size: int, sigma: float, device: torch.device, dtype: torch.dtype) -> Tensor:
    """The matrix (size, size) of a Gaussian blur along one axis."""
    position = torch.arange(size, dtype=torch.float64)
    weight = torch.exp(-(((position[:, None] - position) / sigma) ** 2) / 2)
    # The first row is one half of the kernel: both halves, with the centre counted once, sum to 1.
    return (weight / (weight[0].sum() * 2 - 1)).to(device, dtype)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _pixel(h: int, w: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """The width and height of a pixel (2,), in units in which the sides of the image are 2 long."""
    return torch.tensor([2 / w, 2 / h]).to(device, dtype)
