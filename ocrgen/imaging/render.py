"""Draw arrays of images as one sheet, and as PNG files."""

import io

import numpy as np
from PIL import Image


def tile(images: np.ndarray, columns: int, gap: int = 0, paper: int = 0) -> np.ndarray:
    """Lay images uint8 (N, h, w) out in rows of `columns`, `gap` pixels of grey level `paper` apart: uint8 (H, W)."""
    n, height, width = images.shape
    rows, down, across = -(-n // columns), height + gap, width + gap
    sheet = np.full((rows * down - gap, columns * across - gap), paper, np.uint8)
    for i, image in enumerate(images):
        y, x = i // columns * down, i % columns * across
        sheet[y : y + height, x : x + width] = image
    return sheet


def to_png(image: np.ndarray, zoom: int = 1) -> bytes:
    """A PNG of a grey uint8 (H, W) or colour uint8 (H, W, 3) image, each pixel `zoom` wide."""
    buffer = io.BytesIO()
    picture = Image.fromarray(image)
    picture = picture.resize((picture.width * zoom, picture.height * zoom), Image.Resampling.NEAREST)
    picture.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()
