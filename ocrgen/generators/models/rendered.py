"""Characters rendered from fonts and pen strokes: settings, distortion and pen, from top to bottom; nothing is trained.

Fields of distances from a pen's path or an outline (`glyphs/`) are warped, scaled to the layout of a data set, and
inked with a random pen, all shapes and settings of an image by its own noise. OCR engineers make training data in this
way (TextRecognitionDataGenerator; SynthTIGER: Yim et al. 2021), since it needs no labelled image.
"""

import math
from typing import Literal, Self

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor, nn

from ocrgen.datasets.alphabet import DIGITS
from ocrgen.datasets.base import SIZE
from ocrgen.generators.base import GenerativeModel, GeneratorConfig
from ocrgen.generators.glyphs.fields import REACH, load_glyphs
from ocrgen.imaging.geometry import Geometry, stroke_widths

COARSE, FINE = 4, 7  # points along each side of the fields that bend a character
SCALARS = 10  # random numbers besides these fields: see `Renderer.forward`
LOOK = 40  # pixels along each side of the small picture in which the ink is measured
SEEN = 1.15  # half its side, where a field's is 1: a bent character may reach beyond its field
NEAR = 0.06  # of half a field's side: how near the path of a pen counts as ink there
SIZES = 1.4  # times larger or smaller than its data set's typical letter, at most; fonts' own differences count half
MAX_SHIFT = 1.0  # pixels by which a letter is moved from where its data set has letters on average


class RenderedConfig(GeneratorConfig):
    """Settings of the renderer. Amounts are the most that is drawn at random, either way."""

    style: Literal["handwriting", "print"] = Field(
        default="handwriting", description="draw the paths of a pen, or the outlines of the fonts as they are"
    )
    fonts: str = Field(default="", description="a folder with fonts of your own, used beside the lab's")
    forms: float = Field(
        default=0.5, ge=0, le=1, description="share of handwritten forms of our own, of characters that have some"
    )
    rotation: float = Field(default=10.0, ge=0, le=45, description="degrees")
    slant: float = Field(default=0.35, ge=0, le=1, description="pixels sideways per pixel of height")
    aspect: float = Field(default=0.25, ge=0, le=1, description="change of width over height, as a logarithm")
    bend: float = Field(default=0.07, ge=0, le=0.3, description="smooth distortion, of half the character's square")
    tremble: float = Field(default=0.024, ge=0, le=0.2, description="distortion in smaller waves, likewise")
    thin: float = Field(default=0.0, ge=0, le=8, description="thinnest stroke, pixels; 0 = as in the data set")
    thick: float = Field(default=0.0, ge=0, le=8, description="thickest stroke, pixels; 0 = as in the data set")
    pressure: float = Field(default=0.25, ge=0, le=0.9, description="change of the width along a stroke, as a share")
    blur: float = Field(default=1.2, ge=0.3, le=4, description="pixels over which the softest edge fades")
    ink: float = Field(default=0.9, ge=0.3, le=1, description="brightness of the palest stroke")

    @model_validator(mode="after")
    def _check_strokes(self) -> Self:
        if self.thick and self.thin > self.thick:
            raise ValueError("the thinnest stroke must not be thicker than the thickest")
        return self


HANDWRITING = RenderedConfig()
PRINT = RenderedConfig(style="print", rotation=3, slant=0.1, aspect=0.1, bend=0.02, tremble=0.01, pressure=0.1)
PEN = (1.8, 4.0)  # pixels, the thinnest and the thickest stroke where no data set says


class Renderer(nn.Module):
    """Shapes as buffers, and the pictures that noise makes of them; it has no weights."""

    fields: Tensor  # uint8 (G, S, S)
    ends: Tensor  # (G,), label + share of all shapes of that label up to this one: where in [0, K] its part ends
    first: Tensor  # int64 (K + 1,), the first shape of each label
    pens: Tensor  # bool (G,)
    sizes: Tensor  # (G,)
    layout: Tensor  # (7,): box, row, column, least and greatest side (0 = all as the box), thinnest, thickest stroke

    def __init__(self, config: RenderedConfig):
        super().__init__()
        self.config = config
        for name in ("fields", "ends", "first", "pens", "sizes"):
            self.register_buffer(name, torch.empty(0))
        self.register_buffer("layout", torch.tensor([*_layout(Geometry()), *PEN]))

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """N(0, I) noise (B, noise_size), labels (B,) -> ink (B, 1, 28, 28) in [0, 1]."""
        config, n = self.config, len(labels)
        # Uniform numbers in (0, 1); beyond 4 sigma the normal distribution is cut, so that neither end is reached.
        chance = torch.special.ndtr(noise.clamp(-4, 4))
        either = 2 * chance - 1
        which, pen, soft, pale, size = chance[:, :5].unbind(1)
        turn, lean, narrow, right, down = either[:, 5:SCALARS].unbind(1)
        coarse, fine = either[:, SCALARS:].split([3 * COARSE**2, 2 * FINE**2], 1)
        coarse, fine = coarse.view(n, 3, COARSE, COARSE), fine.view(n, 2, FINE, FINE)

        shape = torch.searchsorted(self.ends, labels + which)
        shape = torch.maximum(torch.minimum(shape, self.first[labels + 1] - 1), self.first[labels])
        field = (self.fields[shape].float().unsqueeze(1) / 127.5 - 1) * (2 * REACH)  # in halves of a field's side
        is_pen = self.pens[shape]
        matrix = _matrix(math.radians(config.rotation) * turn, config.slant * lean, (config.aspect * narrow).exp())

        # Where each point of the picture lies in the field, and how hard the pen presses there.
        axis = (torch.arange(LOOK, device=noise.device) + 0.5) / LOOK * 2 * SEEN - SEEN
        bent = torch.cat([config.bend * _spread(coarse[:, :2]), config.pressure * _spread(coarse[:, 2:])], 1)
        bent[:, :2] += config.tremble * _spread(fine)
        points = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1).expand(n, LOOK, LOOK, 2)
        inked = _read(field, points, matrix, bent[:, :2]) < (NEAR * is_pen)[:, None, None]
        box, row, column, least, greatest, thinnest, thickest = self.layout.float().unbind()
        low, high, mass = _extent(inked, axis)
        side = ((high - low).amax(1) - 2 * NEAR * is_pen).clamp_min(0.2)

        # From there to pixels: the longer side fills the box, or as much as the character has in its font.
        target = box.expand(n)
        if greatest > 0:
            target = (box * self.sizes[shape].sqrt() * SIZES ** (2 * size - 1)).clamp(least, greatest)
            row, column = row + MAX_SHIFT * down, column + MAX_SHIFT * right
        thinnest, thickest = (config.thin or thinnest), (config.thick or thickest)
        radius = torch.minimum((thinnest * (1 - pen) + thickest * pen) / 2, target / 5)
        radius = torch.where(is_pen, radius, pen - 0.5)  # an outline is moved by half a pixel either way
        pixel = side / (target - 2 * radius).clamp_min(4)
        grid = torch.arange(SIZE, device=noise.device)
        x = mass[:, :1] + (grid - _column(column)) * pixel[:, None]
        y = mass[:, 1:] + (grid - _column(row)) * pixel[:, None]
        points = torch.stack([x[:, None, :].expand(n, SIZE, SIZE), y[:, :, None].expand(n, SIZE, SIZE)], -1)
        here = F.grid_sample(bent, points / SEEN, align_corners=False, padding_mode="border")
        distance = _read(field, points, matrix, here[:, :2]) / _image(pixel)
        edge = distance - torch.where(_image(is_pen), _image(radius) * (1 + here[:, 2]), _image(radius))
        fade = 0.3 + (config.blur - 0.3) * soft
        ink = (0.5 - edge / _image(fade)).clamp(0, 1) * _image(config.ink + (1.6 - config.ink) * pale)
        return ink.clamp(0, 1).unsqueeze(1)


def _matrix(turn: Tensor, lean: Tensor, narrow: Tensor) -> Tensor:
    """Rotation by `turn`, radians, slant and change of aspect, each (B,), from the picture to the field: (B, 2, 2)."""
    cos, sin = turn.cos(), turn.sin()
    first = torch.stack([cos / narrow, (sin + lean * cos) / narrow], 1)
    return torch.stack([first, torch.stack([-sin * narrow, (cos - lean * sin) * narrow], 1)], 1)


def _spread(values: Tensor) -> Tensor:
    """Values (B, C, k, k) at few points as a smooth field (B, C, LOOK, LOOK)."""
    return F.interpolate(values, size=(LOOK, LOOK), mode="bicubic", align_corners=True)


def _read(field: Tensor, points: Tensor, matrix: Tensor, bent: Tensor) -> Tensor:
    """The field (B, 1, S, S) at points (B, h, w, 2), turned by matrix (B, 2, 2), moved by bent (B, 2, h, w)."""
    x, y = points.unbind(-1)
    rows = [_image(matrix[:, i, 0]) * x + _image(matrix[:, i, 1]) * y + bent[:, i] for i in range(2)]
    grid = torch.stack(rows, -1)
    return F.grid_sample(field, grid, align_corners=False, padding_mode="border").squeeze(1)


def _extent(inked: Tensor, axis: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The lowest and highest coordinates (x, y) of ink (B, h, w), and its centre of mass: each (B, 2)."""
    step, low, high, mass = axis[1] - axis[0], [], [], []
    for dimension in (1, 2):  # columns, then rows
        line = inked.any(dimension).float()
        low.append(axis[line.argmax(1)] - step / 2)
        high.append(axis[len(axis) - 1 - line.flip(1).argmax(1)] + step / 2)
        amount = inked.sum(dimension).float()
        mass.append((amount * axis).sum(1) / amount.sum(1).clamp_min(1))
    return torch.stack(low, 1), torch.stack(high, 1), torch.stack(mass, 1)


def _image(values: Tensor) -> Tensor:
    """Values (B,) as (B, 1, 1)."""
    return values[:, None, None]


def _column(value: Tensor) -> Tensor:
    """A value, or one for each image (B,), beside a row of pixels: () or (B, 1)."""
    return value[:, None] if value.ndim else value


def _layout(geometry: Geometry) -> list[float]:
    return [float(geometry.box), *geometry.centre, *(geometry.sizes or (0.0, 0.0))]


class Rendered(GenerativeModel[RenderedConfig, Renderer]):
    """Characters from fonts and pen strokes, distorted at random: no training, no labelled image."""

    name = "rendered"
    title = "Rendered"
    trains = False
    Config = RenderedConfig
    presets = {"handwriting": HANDWRITING, "print": PRINT}

    def __init__(self, config: RenderedConfig, classes: tuple[str, ...] = DIGITS):
        super().__init__(config, classes)
        self.noise_size = SCALARS + 3 * COARSE**2 + 2 * FINE**2
        self.decoder = Renderer(config)
        self.build_ema(0)

    def prepare(self, geometry: Geometry, images: np.ndarray | None = None) -> Self:
        """Take the shapes of the classes, and the layout and stroke widths of a data set, of which no label is used.

        images: uint8 (N, 28, 28) of the data set; None if there is none. UserError if no font holds the classes.
        """
        config, k = self.config, len(self.classes)
        glyphs = load_glyphs(self.classes, config.style, config.forms, config.fonts)
        pens = np.quantile(stroke_widths(images), [0.05, 0.95]) if images is not None and len(images) else PEN
        labels = torch.from_numpy(glyphs.labels)
        within = torch.cat([torch.from_numpy(glyphs.shares[glyphs.labels == c]).double().cumsum(0) for c in range(k)])
        self.load_sampler(
            {
                "fields": torch.from_numpy(glyphs.fields),
                "ends": (labels + within).float(),
                "first": torch.searchsorted(labels, torch.arange(k + 1)),
                "pens": torch.from_numpy(glyphs.pens),
                "sizes": torch.from_numpy(glyphs.sizes),
                "layout": torch.tensor([*_layout(geometry), *map(float, pens)]),
            }
        )
        return self

    def fused_sampler(self) -> Renderer:
        """The renderer; it prepares itself to draw as large as MNIST does, if nobody has."""
        if not self.sampler.fields.numel():
            self.prepare(Geometry())
        return self.sampler

    def load_sampler(self, tensors: dict[str, Tensor]) -> None:
        """Take the shapes of a weights file. RuntimeError if they are not those of a renderer of these classes."""
        if set(tensors) != set(dict(self.sampler.named_buffers())):
            raise RuntimeError("the shapes are incomplete")
        first, n = tensors["first"], len(tensors["fields"])
        fits = len(first) == len(self.classes) + 1 and int(first[-1]) == n and bool((first.diff() > 0).all())
        if (
            not fits
            or any(len(tensors[name]) != n for name in ("ends", "pens", "sizes"))
            or len(tensors["layout"]) != 7
        ):
            raise RuntimeError("the shapes are not those of these classes")
        for name, tensor in tensors.items():
            setattr(self.sampler, name, tensor)

    def paint(self, output: Tensor) -> Tensor:
        """The renderer's ink is the pixels."""
        return output
