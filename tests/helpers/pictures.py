"""Pictures of a digit as people upload them, and hostile ones."""

import io
from functools import cache

import numpy as np
from PIL import Image, ImageDraw


def seven(size: int = 120, at: tuple[int, int] = (30, 20), width: int = 10) -> np.ndarray:
    """A "7" of 40 x 60 pixels, white on black."""
    page = Image.new("L", (size, size))
    x, y = at
    ImageDraw.Draw(page).line([(x, y), (x + 40, y), (x + 15, y + 60)], fill=255, width=width, joint="curve")
    return np.asarray(page)


def encode(image: Image.Image, form: str = "PNG", **options) -> bytes:
    image.save(stream := io.BytesIO(), form, **options)
    return stream.getvalue()


GREY = seven()
PICTURE = Image.fromarray(GREY)


@cache
def bomb() -> bytes:
    """A few kilobytes that unpack to 20,000 x 20,000."""
    return encode(Image.new("1", (20_000, 20_000)))


def mass_centre(image: np.ndarray) -> np.ndarray:
    rows, columns = np.indices(image.shape)
    return np.array([(rows * image).sum(), (columns * image).sum()]) / image.sum()
