"""Decode untrusted image files to grey levels, or to an upright page of bounded size, without writing to disk."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ocrgen.utils.errors import UserError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
MAX_PIXELS = 40_000_000
# Limits of an uploaded page: the size of the file, the longest side after decoding, and the numbers of pixels that can
# be decoded within a second and 300 MB. A JPEG is shrunk while it is decoded, unless it is progressive; decoding a WebP
# holds it in memory three times.
MAX_BYTES, MAX_SIDE = 25 * 2**20, 1280
PAGE_PIXELS = {"JPEG": 50_000_000, "MPO": 50_000_000, "WEBP": 12_000_000}
OTHER_PIXELS = 25_000_000
# Each scan of a progressive JPEG is another pass over the whole image, and adds only a few bytes to the file.
MAX_SCANS = 40
UNSUPPORTED = {
    "an SVG drawing": re.compile(rb"\s*(\xef\xbb\xbf)?\s*(<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)*<svg", re.DOTALL),
    "a HEIC picture": re.compile(rb".{4}ftyp(hei|hev|mif1|msf1)", re.DOTALL),
    "an AVIF picture": re.compile(rb".{4}ftyp(avi[fs])", re.DOTALL),
    "a PDF document": re.compile(rb"%PDF-"),
    "a JPEG XL picture": re.compile(rb"\xff\x0a|\0\0\0\x0cJXL "),
}
TRANSPOSE_BY_ORIENTATION = {  # by EXIF's orientation tag, as in PIL.ImageOps.exif_transpose
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class ImageError(UserError):
    """An image that cannot be read, or not as a character; the message says why."""


def open_image(data: bytes | Path, name: str) -> Image.Image:
    """An image (of an animation, the first frame) as 8-bit grey: a PIL image of mode "L", 0 = black, 255 = white.

    It is turned upright by its EXIF tag, transparent pixels become paper, and 16-bit levels are rescaled. `name` stands
    for the file in messages. ImageError unless it is an intact PNG, JPEG, WebP, BMP, GIF or TIFF of at most 40 million
    pixels.
    """
    expected = f"expected a PNG, JPEG, WebP, BMP, GIF or TIFF picture of at most {MAX_PIXELS // 1_000_000} megapixels"
    with _opened(data, name, expected) as image:
        _check_pixels(image, MAX_PIXELS, name, expected)
        image.load()
        return _flatten(_levels(ImageOps.exif_transpose(image), _white_level(image))).convert("L")


def open_page(data: bytes, name: str) -> tuple[np.ndarray, list[str]]:
    """An uploaded page (of an animation, the first frame): RGB uint8 (H, W, 3), and notes on how it was read.

    It is upright, its transparent pixels are paper, and its longest side is at most 1280 pixels. ImageError, which says
    what to do, for what `open_image` rejects, and, by the header alone, for what would take more than about a second
    and 300 MB to decode.
    """
    if not data:
        raise ImageError(f"{name} is empty (0 bytes). Choose a PNG or JPEG picture.")
    if len(data) > MAX_BYTES:
        raise ImageError(
            f"{name} has {len(data) / 2**20:.0f} MB; expected at most {MAX_BYTES >> 20} MB. Save it smaller, as a JPEG."
        )
    for kind, pattern in UNSUPPORTED.items():
        if pattern.match(data[:1000]):
            raise ImageError(f"{name} is {kind}, which is not supported. Export it as PNG or JPEG.")
    advice = "export it as PNG or JPEG and try again"
    with _opened(data, name, advice) as image:
        limit = PAGE_PIXELS.get(image.format or "", OTHER_PIXELS)
        if image.info.get("progressive"):
            limit = OTHER_PIXELS
            if data.count(b"\xff\xda") > MAX_SCANS:
                raise ImageError(f"{name} is a JPEG of more than {MAX_SCANS} passes; {advice}.")
        smaller = f"expected at most {limit // 1_000_000} megapixels: crop or shrink it, or save it as an ordinary JPEG"
        _check_pixels(image, limit, name, smaller)
        if image.width < 8 or image.height < 8:
            raise ImageError(
                f"{name} is {image.width} x {image.height} pixels; expected at least 8 x 8. Choose a larger picture."
            )
        longest = max(image.size)
        image.draft(None, (max(1, image.width * MAX_SIDE // longest), max(1, image.height * MAX_SIDE // longest)))
        image.load()
        flat = _flatten(_reduced(image))
        page, notes = _shrunk(np.asarray(flat if flat.mode == "RGB" else flat.convert("RGB"))), []
        if (transpose := TRANSPOSE_BY_ORIENTATION.get(_orientation(image))) is not None:
            page = np.asarray(Image.fromarray(page).transpose(transpose))
            notes.append(f"{name} was turned upright, as its EXIF data say.")
        if image.format != "MPO" and getattr(image, "is_animated", False):
            frames = "several pages: the first" if image.format == "TIFF" else "an animation: its first frame"
            notes.append(f"{name} holds {frames} was read.")
        return page, notes


@contextmanager
def _opened(data: bytes | Path, name: str, advice: str) -> Iterator[Image.Image]:
    """Open an image, reading only its header; whatever the decoder raises inside the block becomes an ImageError."""
    try:
        # A decompression bomb only goes off in load(). Pillow merely warns up to twice its own limit, and turning
        # warnings into errors is not thread-safe, so the callers check the size between the two.
        with Image.open(BytesIO(data) if isinstance(data, bytes) else data, formats=FORMATS) as image:
            yield image
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name} has far too many pixels; {advice}.") from error
    except Exception as error:  # damaged files make the decoders raise anything, even struct.error and KeyError
        raise ImageError(f"{name} is damaged or not a picture; {advice}.") from error


def _check_pixels(image: Image.Image, limit: int, name: str, advice: str) -> None:
    if image.width * image.height > limit:
        raise ImageError(f"{name} has {image.width} x {image.height} pixels; {advice}.")


def _white_level(image: Image.Image) -> float | None:
    """The level of white in 16-bit, 32-bit and float modes, which convert() would clip at 255; None for other modes."""
    if image.mode.startswith("I;16"):
        return 65535
    if image.mode not in ("I", "F"):
        return None
    highest = np.nan_to_num(image.getextrema()[1])
    return next(white for white in (1, 255, 65535, 2**32, np.inf) if highest <= white)


def _levels(image: Image.Image, white: float | None) -> Image.Image:
    """Convert to 8 bits per channel: mode "L", "LA", "RGB" or "RGBA". white: see `_white_level`."""
    if white is not None:
        levels = np.nan_to_num(np.asarray(image, dtype=np.float32)) * (255 / white)
        return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))
    if image.mode in ("L", "RGB") and not image.has_transparency_data:
        return image
    grey = image.mode in ("1", "L", "LA", "La")
    if image.has_transparency_data:
        return image.convert("LA" if grey else "RGBA")
    return image.convert("L" if grey else "RGB")


def _reduced(image: Image.Image) -> Image.Image:
    """`_levels`, shrunk by the largest integer factor that leaves the longest side at least 1280 pixels."""
    factor, white = max(1, max(image.size) // MAX_SIDE), _white_level(image)
    if factor == 1:
        return _levels(image, white)
    if image.mode in ("L", "RGB") and not image.has_transparency_data:
        return image.reduce(factor)
    # In bands of rows, so that the whole image is never held in a mode of more bytes per pixel.
    step = factor * max(1, 256 // factor)
    bands = [
        _levels(image.crop((0, y, image.width, min(y + step, image.height))), white).reduce(factor)
        for y in range(0, image.height, step)
    ]
    whole = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    for k, band in enumerate(bands):
        whole.paste(band, (0, k * bands[0].height))
    return whole


def _shrunk(page: np.ndarray) -> np.ndarray:
    """A page (H, W, 3) of less than 2560 pixels a side, at 1280 at most; bilinear, which at such a ratio skips none."""
    import cv2  # late: loading the data sets does not need it

    longest = max(page.shape)
    if longest <= MAX_SIDE:
        return page
    width, height = (max(1, round(side * MAX_SIDE / longest)) for side in page.shape[1::-1])
    return cv2.resize(page, (width, height), interpolation=cv2.INTER_LINEAR)


def _flatten(image: Image.Image) -> Image.Image:
    """Replace transparency by paper: mode "L" or "RGB"."""
    if image.mode in ("L", "RGB"):
        return image
    alpha, grey = np.asarray(image)[..., -1] / np.float32(255), np.asarray(image.convert("L"))
    opaque = grey[alpha >= 0.5]
    tone = np.median(opaque) if opaque.size else 255
    # A mostly opaque image contains its own paper; otherwise the opaque part is ink, and the paper its opposite.
    paper = tone if opaque.size > alpha.size / 2 else 255 * (tone < 128)
    alpha = alpha[..., None]
    colours = np.rint(np.asarray(image)[..., :-1] * alpha + paper * (1 - alpha)).astype(np.uint8)
    return Image.fromarray(colours[..., 0] if image.mode == "LA" else colours)


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1 to 8; 1 if the tags are missing or damaged, which does not make the pixels unreadable."""
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # damaged tags, too, make Pillow raise anything
        return 1
