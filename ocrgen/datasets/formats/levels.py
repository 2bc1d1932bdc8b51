"""Arrays of images as people store them, of any layout and scale, as grey levels uint8 (N, H, W)."""

import math

import numpy as np

from ocrgen.datasets.base import DataError

MAX_IMAGES = 1_000_000
CHANNELS = (1, 2, 3, 4)  # grey, grey and alpha, RGB, RGBA
_LUMA = (19595, 38470, 7471)  # of 65,536: Pillow's weights of red, green and blue
_OPTDIGITS = 16  # the highest level of the 8 x 8 digits of UCI and scikit-learn


def as_grey(source: str, images: np.ndarray, n_labels: int | None = None) -> np.ndarray:
    """Images of any usual layout as one channel (N, H, W), of their own type.

    (N, H, W), (N, P) with a square number of pixels, and channels first or last. n_labels: the number of labels, by
    which (H, W, N) and (P, N), as MATLAB has them, are known. DataError for any other shape.
    """
    shape = images.shape
    square = images.ndim > 1 and (is_image(shape[0]) if images.ndim == 2 else shape[0] == shape[1])
    if square and n_labels and shape[0] != n_labels and shape[-1] == n_labels:
        images = np.moveaxis(images, -1, 0)
    if images.ndim == 2:
        images = _unflattened(images)
    elif images.ndim == 4 and images.shape[-1] not in CHANNELS and images.shape[1] in CHANNELS:
        images = np.moveaxis(images, 1, -1)
    if not (images.ndim == 3 or (images.ndim == 4 and images.shape[-1] in CHANNELS)):
        raise DataError(
            f"{source}: images are {shape}; expected (N, H, W) such as (N, 28, 28), with or without channels, or (N, "
            "784) or another square number of pixels."
        )
    if not 0 < len(images) <= MAX_IMAGES:
        raise DataError(f"{source}: holds {len(images):,} images; expected 1 to {MAX_IMAGES:,}.")
    if images.dtype.kind not in "buif":
        raise DataError(f"{source}: images are {images.dtype}; expected numbers, 0 to 255 or 0 to 1.")
    if min(images.shape[1:3]) < 8:
        raise DataError(f"{source}: images are {images.shape[1:3]} pixels; expected at least 8 x 8.")
    return _one_channel(images) if images.ndim == 4 else images


def _unflattened(images: np.ndarray) -> np.ndarray:
    """(N, P) as (N, S, S), or (N, S, S, 3) if a third of P is square; as it is if P is neither."""
    n, pixels = images.shape
    side = math.isqrt(pixels)
    if side * side == pixels and side >= 8:
        return images.reshape(n, side, side)
    side = math.isqrt(pixels // 3)
    if side * side * 3 != pixels or side < 8:
        return images
    # The colours of one pixel are alike: they stand side by side, or, as in CIFAR, each in a plane of its own.
    some = images[:100].astype(np.float32)
    beside = np.abs(some[:, 0::3] - some[:, 1::3]).mean()
    planes = np.abs(some[:, : side * side] - some[:, side * side : 2 * side * side]).mean()
    if beside <= planes:
        return images.reshape(n, side, side, 3)
    return np.moveaxis(images.reshape(n, 3, side, side), 1, -1)


def _one_channel(images: np.ndarray) -> np.ndarray:
    """(N, H, W, C) as (N, H, W): the luma of colours, on paper where they are transparent."""
    channels = images.shape[-1]
    colours = images[..., : channels - (channels in (2, 4))]
    if colours.shape[-1] == 1:
        grey = colours[..., 0]
    else:
        integer = images.dtype == np.uint8
        red, green, blue = (colours[..., i].astype(np.uint32 if integer else np.float64) for i in range(3))
        weighted = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
        grey = ((weighted + 0x8000) // 65536).astype(np.uint8) if integer else weighted / 65536
    if channels not in (2, 4):
        return grey
    top = 1 if images.max() <= 1 else 255
    alpha = images[..., -1].astype(np.float32) / top
    if (alpha == 1).all():
        return grey
    # The ink is what is opaque, on paper of the other tone.
    mass = alpha.sum((1, 2))
    dark = (grey * alpha).sum((1, 2)) / np.maximum(mass, 1e-6) < top / 2
    flat = grey * alpha + np.where(dark, top, 0)[:, None, None] * (1 - alpha)
    return np.rint(flat).astype(np.uint8) if top == 255 else flat


def to_uint8(source: str, images: np.ndarray) -> np.ndarray:
    """Scale levels of 0..1 (if the maximum is at most 1) or 0..255 to uint8 0..255. DataError for any other range."""
    if images.dtype.kind not in "buif":
        raise DataError(f"{source}: images are {images.dtype}; expected numbers, 0 to 255 or 0 to 1.")
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= 255):  # NaN fails this test, too
        raise DataError(f"{source}: levels go from {low:g} to {high:g}; expected 0 to 255 or 0 to 1, and no NaN.")
    factor = 255 if high <= 1 else 1
    if high == _OPTDIGITS and images.shape[1:] == (8, 8):
        return np.rint(images * (255 / _OPTDIGITS)).astype(np.uint8)
    if low == high:
        raise DataError(f"{source}: every image is blank, of one shade ({low:g}); expected characters.")
    if (high - low) * factor < 128:
        raise DataError(
            f"{source}: levels go from {low:g} to {high:g} only; expected the full scale, 0 to 255 or 0 to 1 "
            "(have they been divided by 255 twice?)."
        )
    if images.dtype.kind == "f":
        return np.rint(images * factor).astype(np.uint8)
    return images.astype(np.uint8) * np.uint8(factor)


def is_image(pixels: int) -> bool:
    """Whether so many numbers can be an image: a square of at least 8 x 8 pixels, grey or RGB."""
    return any(third * math.isqrt(pixels // third) ** 2 == pixels and pixels >= 64 * third for third in (1, 3))


class Collector:
    """Levels of images that come in blocks, kept as uint8 in memory that grows in place: no image is ever held twice.

    Fractions are scaled to 0..255 if the first block is 0..1.
    """

    def __init__(self):
        self.content = bytearray()
        self.scale: float | None = None

    def as_levels(self, values: np.ndarray) -> np.ndarray | None:
        """A block as uint8; None if a value is out of range."""
        if values.dtype == np.uint8:
            return values
        if values.dtype.kind not in "buif":
            return None
        if self.scale is None:
            self.scale = 255.0 if values.dtype.kind == "f" and np.nanmax(values, initial=0) <= 1 else 1.0
        scaled = values * np.float32(self.scale) if values.dtype.kind == "f" else values
        if not ((scaled >= 0) & (scaled <= 255)).all():  # NaN fails this test, too
            return None
        return np.rint(scaled).astype(np.uint8) if values.dtype.kind == "f" else values.astype(np.uint8)

    def images(self, *shape: int) -> np.ndarray:
        """All blocks that were added to `content`, uint8 (N, *shape)."""
        return np.frombuffer(self.content, np.uint8).reshape(-1, *shape)
