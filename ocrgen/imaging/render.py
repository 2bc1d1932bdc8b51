"""Tile images into one sheet, and encode arrays as PNG."""

import io
import math

import numpy as np
from PIL import Image


def tile(images: np.ndarray, columns: int, gap: int = 0, paper: int = 0) -> np.ndarray:
    """Tile images uint8 (N, h, w) row by row, `gap` pixels of grey level `paper` apart: uint8 (H, W)."""
    n, height, width = images.shape
    rows, step_y, step_x = math.ceil(n / columns), height + gap, width + gap
    sheet = np.full((rows * step_y - gap, columns * step_x - gap), paper, np.uint8)
    for i, image in enumerate(images):
        y, x = i // columns * step_y, i % columns * step_x
        sheet[y : y + height, x : x + width] = image
    return sheet


def to_png(image: np.ndarray, zoom: int = 1) -> bytes:
    """PNG of a grey uint8 (H, W) or RGB uint8 (H, W, 3) image, enlarged by the integer factor `zoom`."""
    buffer = io.BytesIO()
    picture = Image.fromarray(image)
    picture = picture.resize((picture.width * zoom, picture.height * zoom), Image.Resampling.NEAREST)
    picture.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()
