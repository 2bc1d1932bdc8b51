"""Corruptions in five strengths and the FGSM attack, on batches of images float (B, 1, H, W) in [0, 1], 1 = ink."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ocrgen.imaging.augmentation import affine_matrix, gaussian_blur, resample, sampling_grid
from ocrgen.utils.errors import UserError

STRENGTHS = range(1, 6)


EPSILONS = tuple(i / 100 for i in range(11))


def _signs(images: Tensor, generator: torch.Generator) -> Tensor:
    return torch.randint(0, 2, (len(images),), generator=generator) * 2.0 - 1


def _noise(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    return images + amount * torch.randn(images.shape, generator=generator).to(images)


def _blur(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    return gaussian_blur(images, amount)


def _move(images: Tensor, **parts: Tensor) -> Tensor:
    """Resample by an affine map of which only some parts are not those of the identity."""
    zero, one = torch.zeros(len(images)), torch.ones(len(images))
    same = {"angle": zero, "sx": one, "sy": one, "slant": zero, "dx": zero, "dy": zero}
    return resample(images, sampling_grid(images, affine_matrix(**same | parts).to(images)))


def _rotate(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    return _move(images, angle=math.radians(amount) * _signs(images, generator))


def _shear(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    return _move(images, slant=amount * _signs(images, generator))


def _scale(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    factor = amount ** _signs(images, generator)
    return _move(images, sx=factor, sy=factor)


def _thicken(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    """Grey-scale dilation by a plus of 3 x 3, `amount` times; a fraction blends two neighbouring steps."""
    while amount > 0:
        wide = torch.maximum(F.max_pool2d(images, (1, 3), 1, (0, 1)), F.max_pool2d(images, (3, 1), 1, (1, 0)))
        images = torch.lerp(images, wide, min(amount, 1.0))
        amount -= 1
    return images


def _thin(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    return 1 - _thicken(1 - images, amount, generator)  # erosion of ink is dilation of paper


def _occlude(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    """A square of paper, `amount` pixels wide, around a pixel drawn by its ink: it always hides some."""
    n, _, h, w = images.shape
    ink = images.flatten(1).float().cpu() + 1e-6  # a blank image has pixels to draw from, too
    centre = torch.multinomial(ink, 1, generator=generator).view(n, 1, 1)
    rows, columns = torch.arange(h).view(1, h, 1), torch.arange(w).view(1, 1, w)
    reach = torch.maximum((rows - centre // w).abs(), (columns - centre % w).abs())
    return images * (reach > amount / 2).unsqueeze(1).to(images)


def _fade(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    """Towards the mean grey of each image: ink loses, paper gains, and the brightness stays."""
    return torch.lerp(images, images.mean((1, 2, 3), keepdim=True), amount)


def _salt(images: Tensor, amount: float, generator: torch.Generator) -> Tensor:
    chance = torch.rand(images.shape, generator=generator).to(images.device)
    return images.masked_fill(chance < amount / 2, 1).masked_fill(chance > 1 - amount / 2, 0)


@dataclass(frozen=True)
class Corruption:
    """One way to spoil images, in five strengths: `corruption(images, strength, generator)`."""

    title: str
    unit: str  # what the amounts are
    amounts: tuple[float, float, float, float, float]
    change: Callable[[Tensor, float, torch.Generator], Tensor]

    def __call__(self, images: Tensor, strength: int, generator: torch.Generator) -> Tensor:
        return self.change(images, self.amounts[strength - 1], generator).clamp(0, 1)


# Strength 1 is mild; at 5 a small CNN trained on clean MNIST reads 40 to 90 %.
CORRUPTIONS = {
    "noise": Corruption("Gaussian noise", "standard deviation", (0.09, 0.18, 0.27, 0.36, 0.45), _noise),
    "blur": Corruption("Blur", "pixels, standard deviation", (0.4, 0.6, 0.8, 1.0, 1.15), _blur),
    "rotation": Corruption("Rotation", "degrees", (10, 20, 30, 40, 50), _rotate),
    "shear": Corruption("Shear", "pixels sideways per pixel", (0.2, 0.4, 0.6, 0.8, 1.0), _shear),
    "scale": Corruption("Scale", "times larger or smaller", (1.15, 1.3, 1.45, 1.6, 1.75), _scale),
    "thinning": Corruption("Thinning", "pixels off either side", (0.25, 0.5, 0.75, 1.0, 1.25), _thin),
    "thickening": Corruption("Thickening", "pixels onto either side", (0.6, 1.2, 1.8, 2.4, 3.0), _thicken),
    "occlusion": Corruption("Occlusion", "pixels, side of the square", (3, 5, 7, 9, 11), _occlude),
    "contrast": Corruption("Low contrast", "share of the contrast lost", (0.12, 0.22, 0.32, 0.42, 0.52), _fade),
    "salt_pepper": Corruption("Salt and pepper", "share of pixels", (0.03, 0.07, 0.12, 0.18, 0.25), _salt),
}


def corrupt(images: Tensor, name: str, strength: int, seed: int = 0) -> Tensor:
    """The images (B, 1, 28, 28) spoilt by CORRUPTIONS[name] at `strength` 1 to 5; same seed, same result.

    All strengths of a seed share their random numbers, so that a curve over them shows the strength and nothing else.
    Raises UserError for an unknown name or strength.
    """
    if name not in CORRUPTIONS:
        raise UserError(f"{name!r} is no corruption: choose one of {', '.join(CORRUPTIONS)}.")
    if strength not in STRENGTHS:
        raise UserError(f"{strength!r} is no strength of a corruption: choose 1, 2, 3, 4 or 5.")
    return CORRUPTIONS[name](images, int(strength), torch.Generator().manual_seed(seed))


def fgsm(
    classify: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor, epsilons: Sequence[float] = EPSILONS
) -> list[Tensor]:
    """The images moved by each epsilon along the sign of the loss's gradient: fast gradient sign method.

    Goodfellow, Shlens and Szegedy, ICLR 2015. classify: images to logits (B, classes), in evaluation mode (else
    batch statistics tie the images together). labels: int64 (B,). epsilons: the most that a pixel moves; 0 gives the
    images. One gradient of the cross-entropy serves all of them.
    """
    with torch.inference_mode(False), torch.enable_grad():
        leaf = images.detach().clone().requires_grad_()  # clones, since autograd takes no inference tensors
        # The sum, since a mean over the batch could push small gradients to zero, whose sign moves nothing.
        loss = F.cross_entropy(classify(leaf), labels.clone(), reduction="sum")
        (slope,) = torch.autograd.grad(loss, leaf)
    return [(images + epsilon * slope.sign()).clamp(0, 1) for epsilon in epsilons]
