"""Corruptions at five severities and the FGSM attack, for images float (B, 1, H, W) in [0, 1], 0 = paper, 1 = ink."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ocrgen.imaging.augmentation import affine_matrix, gaussian_blur, random, resample, sampling_grid
from ocrgen.utils.errors import UserError

STRENGTHS = range(1, 6)
EPSILONS = tuple(i / 100 for i in range(11))


def _random_signs(images: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randint(0, 2, (len(images),), generator=generator) * 2.0 - 1


def _noise(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    return images + amount * torch.randn(images.shape, generator=generator).to(images)


def _blur(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    return gaussian_blur(images, amount)


def _transform(images: Tensor, **parameters: Tensor) -> Tensor:
    """Apply the affine map with these parameters of `affine_matrix`, each (B,); all others are the identity's."""
    zero, one = torch.zeros(len(images)), torch.ones(len(images))
    identity = {"angle": zero, "sx": one, "sy": one, "shear": zero, "dx": zero, "dy": zero}
    return resample(images, sampling_grid(images, affine_matrix(**identity | parameters).to(images)))


def _rotate(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    return _transform(images, angle=math.radians(amount) * _random_signs(images, generator))


def _shear(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    return _transform(images, shear=amount * _random_signs(images, generator))


def _scale(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    factor = amount ** _random_signs(images, generator)
    return _transform(images, sx=factor, sy=factor)


def _thicken(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    """Grey-scale dilation by a 3 x 3 cross, `amount` times; the fractional part interpolates linearly."""
    while amount > 0:
        dilated = torch.maximum(F.max_pool2d(images, (1, 3), 1, (0, 1)), F.max_pool2d(images, (3, 1), 1, (1, 0)))
        images = torch.lerp(images, dilated, min(amount, 1.0))
        amount -= 1
    return images


def _thin(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    return 1 - _thicken(1 - images, amount, generator)  # erosion of ink is dilation of paper


def _occlude(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    """A square of paper, `amount` pixels wide, centred on a pixel drawn in proportion to its ink."""
    n, _, h, w = images.shape
    ink = images.flatten(1).float().cpu() + 1e-6  # so that a blank image can be drawn from, too
    centre = torch.multinomial(ink, 1, generator=generator).view(n, 1, 1)
    rows, columns = torch.arange(h).view(1, h, 1), torch.arange(w).view(1, 1, w)
    distance = torch.maximum((rows - centre // w).abs(), (columns - centre % w).abs())
    return images * (distance > amount / 2).unsqueeze(1).to(images)


def _contrast(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    """Interpolate towards the mean of each image, which keeps its brightness."""
    return torch.lerp(images, images.mean((1, 2, 3), keepdim=True), amount)


def _salt_pepper(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    u = torch.rand(images.shape, generator=generator).to(images.device)
    return images.masked_fill(u < amount / 2, 1).masked_fill(u > 1 - amount / 2, 0)


@dataclass(frozen=True)
class Corruption:
    """A corruption at five severities: `corruption(images, strength, generator)` returns images of the same shape."""

    title: str
    unit: str  # of the amounts
    amounts: tuple[float, float, float, float, float]  # by strength, 1 to 5
    function: Callable[[Tensor, float, torch.Generator], Tensor]

    def __call__(self, images: Tensor, strength: int, generator: torch.Generator) -> Tensor:
        return self.function(images, self.amounts[strength - 1], generator).clamp(0, 1)


# Strength 1 is mild; at 5, a small CNN trained on clean MNIST has an accuracy of 40 to 90 %.
CORRUPTIONS = {
    "noise": Corruption("Gaussian noise", "standard deviation", (0.09, 0.18, 0.27, 0.36, 0.45), _noise),
    "blur": Corruption("Blur", "pixels, standard deviation", (0.4, 0.6, 0.8, 1.0, 1.15), _blur),
    "rotation": Corruption("Rotation", "degrees", (10, 20, 30, 40, 50), _rotate),
    "shear": Corruption("Shear", "pixels sideways per pixel", (0.2, 0.4, 0.6, 0.8, 1.0), _shear),
    "scale": Corruption("Scale", "times larger or smaller", (1.15, 1.3, 1.45, 1.6, 1.75), _scale),
    "thinning": Corruption("Thinning", "pixels off either side", (0.25, 0.5, 0.75, 1.0, 1.25), _thin),
    "thickening": Corruption("Thickening", "pixels onto either side", (0.6, 1.2, 1.8, 2.4, 3.0), _thicken),
    "occlusion": Corruption("Occlusion", "pixels, side of the square", (3, 5, 7, 9, 11), _occlude),
    "contrast": Corruption("Low contrast", "share of the contrast lost", (0.12, 0.22, 0.32, 0.42, 0.52), _contrast),
    "salt_pepper": Corruption("Salt and pepper", "share of pixels", (0.03, 0.07, 0.12, 0.18, 0.25), _salt_pepper),
}


def corrupt(images: Tensor, name: str, strength: int, seed: int = 0) -> Tensor:
    """Images float (B, 1, H, W) corrupted by CORRUPTIONS[name] at `strength` 1 to 5, after Hendrycks & Dietterich 2019.

    All strengths use the same random numbers for a seed, so that a curve over the strength has no sampling noise of its
    own. UserError for an unknown name or strength.
    """
    if name not in CORRUPTIONS:
        raise UserError(f"{name!r} is no corruption: choose one of {', '.join(CORRUPTIONS)}.")
    if strength not in STRENGTHS:
        raise UserError(f"{strength!r} is not a strength: choose 1, 2, 3, 4 or 5.")
    return CORRUPTIONS[name](images, int(strength), torch.Generator().manual_seed(seed))


def fgsm(
    classify: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor, epsilons: Sequence[float] = EPSILONS
) -> list[Tensor]:
    """Fast gradient sign method: x + epsilon * sign(grad_x loss), clamped to [0, 1], for each epsilon.

    Goodfellow, Shlens and Szegedy, ICLR 2015. classify: images (B, 1, H, W) to logits (B, classes), in evaluation mode,
    since batch statistics would couple the images. labels: int64 (B,). epsilons: the largest change of a pixel. One
    gradient of the cross-entropy serves all of them. Returns one batch (B, 1, H, W) per epsilon.
    """
    with torch.inference_mode(False), torch.enable_grad():
        leaf = images.detach().clone().requires_grad_()  # a clone, since autograd does not accept inference tensors
        # The sum, since the mean over the batch could underflow small gradients to zero, which has no sign.
        loss = F.cross_entropy(classify(leaf), labels.clone(), reduction="sum")
        (gradient,) = torch.autograd.grad(loss, leaf)
    return [(images + epsilon * gradient.sign()).clamp(0, 1) for epsilon in epsilons]


NOISE_SHARE = 0.5  # of the images of a batch: the others stay clean, so that these are still learned


def with_noise(images: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Gaussian noise on half of the images float (B, 1, H, W), drawn anew: the plainest way to train against it.

    Its standard deviation is uniform up to that of the strongest corruption.
    """
    most, each = CORRUPTIONS["noise"].amounts[-1], (len(images), 1, 1, 1)
    amount = random(torch.rand, each, generator) * most * (random(torch.rand, each, generator) < NOISE_SHARE)
    return (images + amount.to(images) * random(torch.randn, images.shape, generator).to(images)).clamp_(0, 1)
