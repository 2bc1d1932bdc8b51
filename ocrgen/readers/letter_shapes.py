"""Recognise Latin letters without a reader of them: by the directions of strokes, as a printed font has them."""

from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocrgen.imaging.decoding import ImageError
from ocrgen.imaging.geometry import to_digit

_POINTS = 96  # size of the font, so that the letters are drawn finer than they are compared
_SLANTS = (-0.25, 0.0, 0.25, 0.5)  # of handwriting, horizontal over vertical
_STROKES = (0, 4)  # pixels by which a stroke is widened on either side
_DIRECTIONS = 4  # channels of the features: strokes that run —, /, | and \


def is_letter(text: str) -> bool:
    """Whether the font has a letter of this text: A to Z or a to z."""
    return len(text) == 1 and text.isascii() and text.isalpha()


def nearest_letters(images: np.ndarray, letters: tuple[str, ...]) -> np.ndarray:
    """The index of the printed letter that is most like each image: int64 (N,).

    images: uint8 (N, 28, 28), white ink on black, in the geometry of MNIST (`centred`). letters: without regard to
    case, all different: their capital and their small form are compared.
    """
    shapes, labels = _printed(letters)
    return labels[(directions(images) @ shapes.T).argmax(1)]


def centred(images: np.ndarray) -> np.ndarray:
    """Characters of any frame, uint8 (N, 28, 28), in MNIST's geometry, without noise on the paper."""
    return np.stack([_centred(image) for image in images])


def _centred(image: np.ndarray) -> np.ndarray:
    smooth = cv2.GaussianBlur(np.ascontiguousarray(image), (0, 0), 1.0)
    level, _ = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    try:
        return to_digit(np.where(smooth > level, image, 0).astype(np.uint8), ink_is_white=True)
    except ImageError:  # blank
        return image


def directions(images: np.ndarray) -> np.ndarray:
    """Features of images uint8 (N, 28, 28), float32 (N, 196) of length 1: on a grid, how much ink runs which way.

    Histograms of oriented gradients (Dalal & Triggs 2005), of the gradient's direction without its sign; blurred, so
    that a stroke may lie a little off.
    """
    return np.stack([_directions(np.ascontiguousarray(image)) for image in images])


def _directions(image: np.ndarray) -> np.ndarray:
    smooth = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1.0)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    strength, twice = np.hypot(across, down), 2 * np.arctan2(down, across)  # twice the angle has no sign
    parts = []
    for direction in np.arange(_DIRECTIONS) * 2 * np.pi / _DIRECTIONS:
        channel = strength * np.maximum(0, np.cos(twice - direction))
        parts.append(cv2.GaussianBlur(channel, (0, 0), 2.0)[2::4, 2::4].ravel())
    features = np.sqrt(np.concatenate(parts))
    return features / max(float(np.linalg.norm(features)), 1e-9)


@cache
def _printed(letters: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Features of the printed letters, float32 (M, 196), and the index in `letters` of each, int64 (M,)."""
    font = ImageFont.load_default(_POINTS)  # Pillow's own, of Latin letters only
    images, labels = [], []
    for label, letter in enumerate(letters):
        for form in sorted({letter.lower(), letter.upper()}):
            for stroke in _STROKES:
                page = Image.new("L", (2 * _POINTS, 2 * _POINTS))
                ImageDraw.Draw(page).text((_POINTS, _POINTS), form, 255, font, "mm", stroke_width=stroke)
                for slant in _SLANTS:
                    matrix = (1, slant, -slant * _POINTS, 0, 1, 0)
                    slanted = page.transform(page.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
                    images.append(to_digit(np.asarray(slanted), ink_is_white=True))
                    labels.append(label)
    return directions(np.stack(images)), np.array(labels)
