"""The bytes of an untrusted picture -> grey levels, or an upright page of bounded size; nothing is written to disk."""

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
# A page from the outside: its bytes, its longest side once it is open, and the pixels that keep opening it below a
# second and 300 MB. JPEG is shrunk while it is decoded, unless it is progressive; WebP is held three times over.
MAX_BYTES, SIDE = 25 * 2**20, 1280
PAGE_PIXELS = {"JPEG": 50_000_000, "MPO": 50_000_000, "WEBP": 12_000_000}
OTHER_PIXELS = 25_000_000
# Each scan of a progressive JPEG costs a pass over the picture, and costs the sender a few bytes.
MAX_SCANS = 40
_FOREIGN = {
    "an SVG drawing": re.compile(rb"\s*(\xef\xbb\xbf)?\s*(<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>]*>|\s)*<svg", re.DOTALL),
    "a HEIC picture": re.compile(rb".{4}ftyp(hei|hev|mif1|msf1)", re.DOTALL),
    "an AVIF picture": re.compile(rb".{4}ftyp(avi[fs])", re.DOTALL),
    "a PDF document": re.compile(rb"%PDF-"),
    "a JPEG XL picture": re.compile(rb"\xff\x0a|\0\0\0\x0cJXL "),
}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class ImageError(UserError):
    """A picture cannot be read as a digit; the text says why."""


def open_image(data: bytes | Path, name: str) -> Image.Image:
    """The picture (the first frame of an animation) as 8-bit grey: a PIL image of mode "L", 0 = black, 255 = white.

    Upright by its EXIF tag; transparency becomes paper; 16-bit levels are rescaled. `name` is what messages call it.
    Raises ImageError for anything but a whole PNG, JPEG, WebP, BMP, GIF or TIFF of at most 40 million pixels.
    """
    expected = f"expected a PNG, JPEG, WebP, BMP, GIF or TIFF picture of at most {MAX_PIXELS // 1_000_000} megapixels"
    with _opened(data, name, expected) as image:
        _check_pixels(image, MAX_PIXELS, name, expected)
        image.load()
        return _on_paper(_levels(ImageOps.exif_transpose(image), _top(image))).convert("L")


def open_page(data: bytes, name: str) -> tuple[np.ndarray, list[str]]:
    """An upload (the first frame of an animation), upright, on paper: uint8 (H, W, 3), and notes on how it was read.

    The longest side is at most 1280 pixels. Raises ImageError, which says what to do, for what `open_image` refuses,
    and for what is too large to be opened in about a second and 300 MB: that is told from its header.
    """
    if not data:
        raise ImageError(f"{name} is empty (0 bytes). Choose a PNG or JPEG picture.")
    if len(data) > MAX_BYTES:
        raise ImageError(
            f"{name} has {len(data) / 2**20:.0f} MB; expected at most {MAX_BYTES >> 20} MB. Save it smaller, as a JPEG."
        )
    for what, pattern in _FOREIGN.items():
        if pattern.match(data[:1000]):
            raise ImageError(f"{name} is {what}, which is not read here. Export it as PNG or JPEG.")
    advice = "export it as PNG or JPEG and try again"
    with _opened(data, name, advice) as image:
        limit = PAGE_PIXELS.get(image.format, OTHER_PIXELS)
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
        image.draft(None, tuple(max(1, side * SIDE // longest) for side in image.size))
        image.load()
        page = _on_paper(_reduced(image))
        if (turn := _UPRIGHT.get(_orientation(image))) is not None:
            page = page.transpose(turn)
        notes = []
        if image.format != "MPO" and getattr(image, "is_animated", False):
            what = "several pages: the first" if image.format == "TIFF" else "an animation: its first frame"
            notes.append(f"{name} holds {what} was read.")
        page.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=None)
        return np.asarray(page.convert("RGB")), notes


@contextmanager
def _opened(data: bytes | Path, name: str, advice: str) -> Iterator[Image.Image]:
    """The picture, its header read; whatever a decoder raises inside the block becomes an ImageError."""
    try:
        # Only the header is read here; a bomb goes off in load(). Pillow's own check is a mere warning up to twice
        # its limit, and turning warnings into errors is not safe between threads: so the callers look at the size.
        with Image.open(BytesIO(data) if isinstance(data, bytes) else data, formats=FORMATS) as image:
            yield image
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name} has far too many pixels; {advice}.") from error
    except Exception as error:  # the decoders raise whatever damaged bytes lead them to, struct.error and KeyError too
        raise ImageError(f"{name} is damaged or not a picture; {advice}.") from error


def _check_pixels(image: Image.Image, limit: int, name: str, advice: str) -> None:
    if image.width * image.height > limit:
        raise ImageError(f"{name} has {image.width} x {image.height} pixels; {advice}.")


def _top(image: Image.Image) -> float | None:
    """The white level of a mode that convert() would clip at 255, which leaves a 16-bit picture white; else None."""
    if image.mode.startswith("I;16"):
        return 65535
    if image.mode not in ("I", "F"):
        return None
    highest = np.nan_to_num(image.getextrema()[1])
    return next(top for top in (1, 255, 65535, 2**32, np.inf) if highest <= top)


def _levels(image: Image.Image, top: float | None) -> Image.Image:
    """8 bits a channel: mode "L", "LA", "RGB" or "RGBA"."""
    if top is not None:
        levels = np.nan_to_num(np.asarray(image, dtype=np.float32)) * (255 / top)
        return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))
    grey = image.mode in ("1", "L", "LA", "La")
    if image.has_transparency_data:
        return image.convert("LA" if grey else "RGBA")
    return image.convert("L" if grey else "RGB")


def _reduced(image: Image.Image) -> Image.Image:
    """`_levels`, shrunk by a whole factor to a longest side of at least 1280 pixels where it has more."""
    factor, top = max(1, max(image.size) // SIDE), _top(image)
    if factor == 1:
        return _levels(image, top)
    # Band by band: a palette's colours, or 16-bit levels, are only spread out for a few rows at a time.
    step = factor * max(1, 256 // factor)
    bands = [
        _levels(image.crop((0, y, image.width, min(y + step, image.height))), top).reduce(factor)
        for y in range(0, image.height, step)
    ]
    whole = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    for k, band in enumerate(bands):
        whole.paste(band, (0, k * bands[0].height))
    return whole


def _on_paper(image: Image.Image) -> Image.Image:
    """Mode "L" or "RGB": what is transparent becomes paper."""
    if image.mode in ("L", "RGB"):
        return image
    alpha, grey = np.asarray(image)[..., -1] / np.float32(255), np.asarray(image.convert("L"))
    seen = grey[alpha >= 0.5]
    tone = np.median(seen) if seen.size else 255
    # A mostly opaque picture brings its own paper; otherwise what is seen is ink, and the paper is its opposite.
    paper = tone if seen.size > alpha.size / 2 else 255 * (tone < 128)
    alpha = alpha[..., None]
    colours = np.rint(np.asarray(image)[..., :-1] * alpha + paper * (1 - alpha)).astype(np.uint8)
    return Image.fromarray(colours[..., 0] if image.mode == "LA" else colours)


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1 to 8; 1 where the tags are missing or damaged, which the pixels need not be."""
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # tags are parsed as carelessly as headers
        return 1
