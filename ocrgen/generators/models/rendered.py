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
from ocrgen.generators.glyphs.warping import LOOK, extent, per_column, per_image, read_field, smooth, turning
from ocrgen.imaging.geometry import INK, Geometry, stroke_widths

COARSE, FINE = 4, 7  # points along each side of the fields that bend a character
SCALARS = 11  # random numbers besides these fields: see `Renderer.forward`
SEEN = 1.15  # half its side, where a field's is 1: a bent character may reach beyond its field
NEAR = 0.06  # of half a field's side: how near the path of a pen counts as ink there
FAR = 0.98 * 2 * REACH
OUTLINE = 0.6  # pixels, half the width of the line that an outlined stroke is drawn with
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
    slant: float = Field(default=0.2, ge=0, le=1, description="pixels sideways per pixel of height")
    aspect: float = Field(default=0.25, ge=0, le=1, description="change of width over height, as a logarithm")
    bend: float = Field(default=0.07, ge=0, le=0.3, description="smooth distortion, of half the character's square")
    tremble: float = Field(default=0.024, ge=0, le=0.2, description="distortion in smaller waves, likewise")
    thin: float = Field(default=0.0, ge=0, le=8, description="thinnest stroke, pixels; 0 = as in the data set")
    thick: float = Field(default=0.0, ge=0, le=8, description="thickest stroke, pixels; 0 = as in the data set")
    pressure: float = Field(default=0.25, ge=0, le=0.9, description="change of the width along a stroke, as a share")
    outlined: float = Field(default=0.0, ge=0, le=1, description="share of characters drawn as outlines of strokes")
    blur: float = Field(default=0.0, ge=0, le=4, description="pixels over which edges fade; 0 = as in the data set")
    ink: float = Field(default=0.9, ge=0.3, le=1, description="brightness of the palest stroke")

    @model_validator(mode="after")
    def _check_strokes(self) -> Self:
        if self.thick and self.thin > self.thick:
            raise ValueError("the thinnest stroke must not be thicker than the thickest")
        return self


HANDWRITING = RenderedConfig()
PENS = RenderedConfig(thin=1.2, thick=6, outlined=0.2)
PRINT = RenderedConfig(style="print", rotation=3, slant=0.1, aspect=0.1, bend=0.02, tremble=0.01, pressure=0.1)
WIDTHS = (0.2, 0.8)  # quantiles in which drawn strokes are as wide as a data set's
BLUR, BRIGHT = 0.9, 1.25  # pixels over which edges fade where no data set says; brightness of the darkest stroke
FITTED, ROUNDS = 300, 6  # characters that are drawn to compare their strokes with a data set's, and how often
PEN = (1.8, 4.0)  # pixels, the thinnest and the thickest stroke where no data set says


class Renderer(nn.Module):
    """Shapes as buffers, and the pictures that noise makes of them; it has no weights."""

    fields: Tensor  # uint8 (G, S, S)
    ends: Tensor  # (G,), label + share of all shapes of that label up to this one: where in [0, K] its part ends
    first: Tensor  # int64 (K + 1,), the first shape of each label
    pens: Tensor  # bool (G,)
    sizes: Tensor  # (G,)
    layout: Tensor  # (8,): box, row, column, least, greatest side (0 = all as the box), thinnest, thickest pen, blur

    def __init__(self, config: RenderedConfig):
        super().__init__()
        self.config = config
        for name in ("fields", "ends", "first", "pens", "sizes"):
            self.register_buffer(name, torch.empty(0))
        self.register_buffer("layout", torch.tensor([*_layout(Geometry()), *PEN, BLUR]))

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """N(0, I) noise (B, noise_size), labels (B,) -> ink (B, 1, 28, 28) in [0, 1]."""
        config, n = self.config, len(labels)
        # Uniform numbers in (0, 1); beyond 4 sigma the normal distribution is cut, so that neither end is reached.
        chance = torch.special.ndtr(noise.clamp(-4, 4))
        which, pen, soft, pale, size, hollow = chance[:, :6].unbind(1)
        turn, lean, narrow, right, down = (2 * chance[:, 6:SCALARS] - 1).unbind(1)
        waves = (2 * chance[:, SCALARS:] - 1).split([3 * COARSE**2, 2 * FINE**2], 1)
        coarse, fine = waves[0].view(n, 3, COARSE, COARSE), waves[1].view(n, 2, FINE, FINE)

        shape = torch.searchsorted(self.ends, labels + which)
        shape = torch.maximum(torch.minimum(shape, self.first[labels + 1] - 1), self.first[labels])
        field = (self.fields[shape].float().unsqueeze(1) / 127.5 - 1) * (2 * REACH)  # in halves of a field's side
        is_pen = self.pens[shape]
        matrix = turning(math.radians(config.rotation) * turn, config.slant * lean, (config.aspect * narrow).exp())

        # Where each point of the picture lies in the field, and how hard the pen presses there.
        axis = (torch.arange(LOOK, device=noise.device) + 0.5) / LOOK * 2 * SEEN - SEEN
        bent = torch.cat([config.bend * smooth(coarse[:, :2]), config.pressure * smooth(coarse[:, 2:])], 1)
        bent[:, :2] += config.tremble * smooth(fine)
        points = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1).expand(n, LOOK, LOOK, 2)
        inked = read_field(field, points, matrix, bent[:, :2]) < (NEAR * is_pen)[:, None, None]
        low, high, mass = extent(inked, axis)
        side = ((high - low).amax(1) - 2 * NEAR * is_pen).clamp_min(0.4)

        points, pixel, radius = self._place(mass, side, self.sizes[shape], is_pen, pen, size, right, down)
        here = F.grid_sample(bent, points / SEEN, align_corners=False, padding_mode="border")
        distance = read_field(field, points, matrix, here[:, :2])
        far = distance > FAR  # as far as a field reaches: there is no ink, however thick the pen
        edge = distance / per_image(pixel) - per_image(radius) * (1 + here[:, 2] * per_image(is_pen))
        # Of an outlined stroke only a line along its edge is drawn.
        outlined = per_image((hollow < config.outlined) & is_pen)
        edge = torch.where(outlined, (edge + OUTLINE).abs() - OUTLINE, edge)
        fade = (config.blur or self.layout[7]) * (0.5 + soft)
        ink = (0.5 - edge / per_image(fade)).clamp(0, 1) * per_image(config.ink + (BRIGHT - config.ink) * pale)
        return ink.masked_fill(far, 0).clamp(0, 1).unsqueeze(1)

    def _place(self, mass, side, relative, is_pen, pen, size, right, down) -> tuple[Tensor, Tensor, Tensor]:
        """From a field to pixels, for characters (B,) with their centre of mass (B, 2) and longer side (B,) there.

        relative: that side over the typical one of its font. pen, size, right, down: random numbers. Returns the
        pixels' places in the field (B, 28, 28, 2), the field's length of a pixel (B,), the pen's radius in pixels (B,).
        """
        config, n = self.config, len(side)
        box, row, column, least, greatest, thinnest, thickest, _ = self.layout.float().unbind()
        target = box.expand(n)  # the longer side fills the box, or as much of it as the character does in its font
        if greatest > 0:
            target = (box * relative.sqrt() * SIZES ** (2 * size - 1)).clamp(least, greatest)
            row, column = row + MAX_SHIFT * down, column + MAX_SHIFT * right
        thinnest, thickest = (config.thin or thinnest), (config.thick or thickest)
        radius = torch.minimum((thinnest * (1 - pen) + thickest * pen) / 2, target / 5)
        radius = torch.where(is_pen, radius, pen - 0.5)  # an outline is moved by half a pixel either way
        pixel = side / (target - 2 * radius).clamp_min(4)
        grid = torch.arange(SIZE, device=side.device)
        x = mass[:, :1] + (grid - per_column(column)) * pixel[:, None]
        y = mass[:, 1:] + (grid - per_column(row)) * pixel[:, None]
        points = torch.stack([x[:, None, :].expand(n, SIZE, SIZE), y[:, :, None].expand(n, SIZE, SIZE)], -1)
        return points, pixel, radius


def _widths(images: np.ndarray) -> tuple[float, float]:
    """The middle and the half width, pixels, of the range over which stroke widths of images (N, 28, 28) spread.

    That of evenly spread ones with the same quantiles; what lies beyond these may be blots, as Arabic zeros are.
    """
    low, high = np.quantile(stroke_widths(images), WIDTHS)
    return float(low + high) / 2, float(high - low) / 2 / (WIDTHS[1] - WIDTHS[0])


def _darkness(images: np.ndarray) -> float:
    """Mean of the ink of images uint8 (N, 28, 28), of some 1,000 of them, 0 to 255."""
    some = images[:: max(1, len(images) // 1000)]
    return float(some[some > INK].mean()) if (some > INK).any() else 255.0


def _layout(geometry: Geometry) -> list[float]:
    return [float(geometry.box), *geometry.centre, *(geometry.sizes or (0.0, 0.0))]


class Rendered(GenerativeModel[RenderedConfig, Renderer]):
    """Characters from fonts and pen strokes, distorted at random: no training, no labelled image."""

    name = "rendered"
    title = "Rendered"
    trains = False
    Config = RenderedConfig
    presets = {"handwriting": HANDWRITING, "print": PRINT, "pens": PENS}

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
        labels = torch.from_numpy(glyphs.labels)
        within = torch.cat([torch.from_numpy(glyphs.shares[glyphs.labels == c]).double().cumsum(0) for c in range(k)])
        self.load_sampler(
            {
                "fields": torch.from_numpy(glyphs.fields),
                "ends": (labels + within).float(),
                "first": torch.searchsorted(labels, torch.arange(k + 1)),
                "pens": torch.from_numpy(glyphs.pens),
                "sizes": torch.from_numpy(glyphs.sizes),
                "layout": torch.tensor([*_layout(geometry), *PEN, BLUR]),
            }
        )
        if images is not None and (images > INK).any():
            self._fit_look(images)
        return self

    def _fit_look(self, images: np.ndarray) -> None:
        """Choose pens and blur so that strokes come out as wide and as dark as in images uint8 (N, 28, 28)."""
        (wanted, wanted_spread), ink = _widths(images), _darkness(images)
        middle, spread, blur = wanted, wanted_spread, BLUR
        labels = torch.arange(FITTED) % len(self.classes)
        for _ in range(ROUNDS):
            pens = np.clip([middle - spread, middle + spread], 0.6, 8)
            self.sampler.layout[-3:] = torch.tensor([*pens, blur])
            drawn = self.sample(labels, torch.Generator().manual_seed(0)).numpy()
            found, found_spread = _widths(drawn)
            middle += wanted - found
            spread *= float(np.clip(wanted_spread / max(found_spread, 1e-6), 0.5, 1.5))
            blur = float(np.clip(blur * (_darkness(drawn) / ink) ** 1.5, 0.3, 3))

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
            or len(tensors["layout"]) not in (7, 8)
        ):
            raise RuntimeError("the shapes are not those of these classes")
        for name, tensor in tensors.items():
            setattr(self.sampler, name, tensor)
        self.sampler.layout = torch.cat([tensors["layout"], torch.tensor([BLUR])])[:8]  # earlier versions had no blur

    def paint(self, output: Tensor) -> Tensor:
        """The renderer's ink is the pixels."""
        return output
