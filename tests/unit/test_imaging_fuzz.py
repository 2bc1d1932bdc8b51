"""Hostile bytes: whatever is thrown at the reading of pictures, nothing comes out but digits or a UserError."""

import io
import zlib
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from ocrgen.imaging.characters import read_picture
from ocrgen.imaging.decoding import FORMATS, open_page
from ocrgen.utils.errors import UserError

# Small, so that a case takes a few milliseconds; every case is opened, and one in eight is also searched for digits.
SIDE = 24
MODES = ("L", "RGB", "RGBA", "P", "1", "LA", "CMYK", "I;16", "F")
SIGNS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0",
    b"RIFF\x40\0\0\0WEBPVP8 ",
    b"BM",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"<svg",
)


# Pillow warns of damaged tags, and of bombs that are refused a moment later.
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning"),
    pytest.mark.slow,
]
# How files begin that are read, or refused by name.
SIGNS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\x40\0\0\0WEBPVP8 ", b"BM", b"GIF89a", b"II*\0", b"<svg")


def fuzz(cases: int):
    """So many cases, the same in every run."""
    quiet = list(HealthCheck)
    return settings(max_examples=cases, deadline=None, database=None, suppress_health_check=quiet, derandomize=True)


@cache
def whole(form: str, mode: str) -> bytes | None:
    """A small digit in a format, or None where the format does not take the mode."""
    page = Image.new("L", (SIDE, SIDE), 235)
    ImageDraw.Draw(page).line([(6, 4), (18, 4), (10, 20)], fill=10, width=3)
    if mode == "I;16" and form not in ("PNG", "TIFF"):
        return None  # the encoder would clip it to white
    if mode == "I;16":
        page = Image.fromarray(np.asarray(page).astype(np.uint16) * 257)
    else:
        page = page.convert(mode)
    frames = {"save_all": True, "append_images": [page]} if form in ("GIF", "WEBP", "TIFF") else {}
    exif = Image.Exif()
    exif[0x0112] = 6
    try:
        page.save(stream := io.BytesIO(), form, **frames, **({"exif": exif} if form in ("JPEG", "PNG", "TIFF") else {}))
    except (OSError, KeyError, ValueError):
        return None
    return stream.getvalue()


WHOLE = [data for form in FORMATS for mode in MODES if (data := whole(form, mode))]


def attempt(data: bytes) -> None:
    """Read it; only a UserError with advice may come out, and a page of bounded size."""
    try:
        if zlib.crc32(data) % 8:
            page, _ = open_page(data, "x")
        else:
            picture = read_picture(data, "x")
            page = picture.image
            assert all(found.image.shape == (28, 28) and found.image.dtype == np.uint8 for found in picture.characters)
        assert page.dtype == np.uint8 and page.shape[2] == 3 and max(page.shape) <= 1280
    except UserError as problem:
        assert len(str(problem)) > 20


def test_every_whole_picture_is_read():
    assert len(WHOLE) > 25
    for data in WHOLE:
        assert len(read_picture(data).characters) == 1


@fuzz(300)
@given(st.sampled_from([b"", *SIGNS]), st.binary(max_size=400))
def test_random_bytes(sign, data):
    attempt(sign + data)


@fuzz(400)
@given(st.sampled_from(WHOLE), st.floats(0, 1))
def test_truncated_pictures(data, share):
    attempt(data[: int(share * len(data))])


@fuzz(700)
@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_bytes_changed_anywhere(data, changes):
    changed = bytearray(data)
    for where, value in changes:
        changed[int(where * (len(changed) - 1))] = value
    attempt(bytes(changed))


@fuzz(700)
@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.integers(2, 70), st.integers(0, 255)), min_size=1, max_size=4))
def test_bytes_changed_in_the_header(data, changes):
    changed = bytearray(data)
    for where, value in changes:
        changed[min(where, len(changed) - 1)] = value
    attempt(bytes(changed))


@fuzz(300)
@given(st.sampled_from(WHOLE), st.sampled_from(WHOLE), st.floats(0, 1), st.floats(0, 1))
def test_one_picture_grafted_on_another(a, b, cut, rest):
    attempt(a[: int(cut * len(a))] + b[int(rest * len(b)) :])


@pytest.mark.parametrize("side", [(8, 8), (8, 400), (400, 8), (1, 40_000), (9, 3000), (13, 13)])
@fuzz(25)
@given(seed=st.integers(0, 2**32 - 1), levels=st.integers(1, 256), share=st.floats(0, 1))
def test_any_pixels(side, seed, levels, share):
    rng = np.random.default_rng(seed)
    page = (rng.random(side) < share) * rng.integers(0, levels, side)
    Image.fromarray(page.astype(np.uint8)).save(stream := io.BytesIO(), "PNG", compress_level=1)
    try:
        for found in read_picture(stream.getvalue()).characters:
            x, y, width, height = found.box
            assert 0 <= x < x + width <= side[1] and 0 <= y < y + height <= side[0]
    except UserError:
        pass


def test_a_name_cannot_break_the_message():
    with pytest.raises(UserError) as caught:
        read_picture(b"x", "../../etc/\n\x1b[31m" + "a" * 500 + ".png")
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value) and len(str(caught.value)) < 250
