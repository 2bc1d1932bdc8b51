"""An untrusted picture -> grey -> digit."""

import contextlib
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ocrgen.imaging.decoding import FORMATS, ImageError, open_image
from ocrgen.imaging.geometry import ink_is_white, to_digit
from ocrgen.utils.errors import UserError
from tests.helpers.pictures import GREY, PICTURE, bomb, encode, mass_centre, seven


@pytest.mark.parametrize("form", FORMATS)
def test_every_format(form):
    grey = open_image(encode(PICTURE, form), "x")
    assert grey.mode == "L" and grey.size == PICTURE.size
    assert np.abs(np.asarray(grey).astype(int) - GREY).mean() < 2


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_gives_the_same_grey(mode):
    if mode == "I;16":
        image = Image.fromarray(GREY.astype(np.uint16) * 257)
        assert image.mode == mode
    else:
        image = PICTURE.convert(mode)
    levels = np.where(GREY > 127, 255, 0) if mode == "1" else GREY
    assert np.array_equal(np.asarray(open_image(encode(image), "x")), levels)


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
def test_float_tiff_is_rescaled(top):
    image = Image.fromarray((GREY / 255 * top).astype(np.float32))
    assert np.array_equal(np.asarray(open_image(encode(image, "TIFF"), "x")), GREY)


@pytest.mark.parametrize("ink", [0, 255])
def test_ink_on_nothing_gets_paper_of_the_other_tone(ink):
    image = Image.merge("LA", (Image.new("L", PICTURE.size, ink), PICTURE))
    assert np.array_equal(np.asarray(open_image(encode(image), "x")), GREY if ink else 255 - GREY)


def test_transparent_corners_of_an_opaque_picture_become_its_paper():
    alpha = np.full(GREY.shape, 255, np.uint8)
    alpha[:9, :9] = 0
    image = Image.merge(
        "LA", (Image.fromarray(np.where(alpha, 255 - GREY, 0).astype(np.uint8)), Image.fromarray(alpha))
    )
    assert np.array_equal(np.asarray(open_image(encode(image), "x")), 255 - GREY)


def test_upright_by_exif():
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = PICTURE.transpose(Image.Transpose.ROTATE_90)
    assert np.array_equal(np.asarray(open_image(encode(turned, exif=exif), "x")), GREY)


def test_first_frame_of_an_animation():
    blank = Image.new("L", PICTURE.size)
    data = encode(PICTURE, "GIF", save_all=True, append_images=[blank])
    assert np.abs(np.asarray(open_image(data, "x")).astype(int) - GREY).mean() < 1


def test_from_a_path(tmp_path):
    (tmp_path / "a.png").write_bytes(encode(PICTURE))
    assert np.array_equal(np.asarray(open_image(tmp_path / "a.png", "a.png")), GREY)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        encode(PICTURE)[:-60],
        encode(PICTURE, "JPEG")[:300],
        encode(PICTURE, "ICO"),
        encode(PICTURE, "PPM"),
    ],
    ids=["empty", "text", "svg", "truncated png", "truncated jpeg", "ico", "ppm"],
)
def test_what_is_no_picture_is_refused_by_name(data):
    with pytest.raises(ImageError, match=r"scan\.png is damaged or not a picture; expected a PNG"):
        open_image(data, "scan.png")
    assert issubclass(ImageError, UserError)


def test_bombs_are_refused_before_they_unpack():
    with pytest.raises(ImageError, match=r"bomb\.png has .* pixels"):
        open_image(bomb(), "bomb.png")
    with pytest.raises(ImageError, match="7000 x 7000 pixels"):
        open_image(encode(Image.new("1", (7000, 7000))), "large.png")


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_bytes_never_raise_anything_else(data):
    whole = bytearray(encode(PICTURE.resize((30, 30)), data.draw(st.sampled_from(FORMATS))))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ImageError):
        assert open_image(bytes(whole), "x").mode == "L"


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(120, 400),
    x=st.integers(12, 60),
    y=st.integers(12, 45),
    width=st.integers(5, 14),
    white=st.booleans(),
)
def test_mnist_geometry_wherever_the_digit_was(size, x, y, width, white):
    grey = seven(size, (x, y), width)
    digit = to_digit(grey if white else 255 - grey, white)
    assert digit.shape == (28, 28) and digit.dtype == np.uint8
    assert digit.max() == 255 and np.median(digit) == 0
    inked = digit > 64
    assert 19 <= max(inked.any(0).sum(), inked.any(1).sum()) <= 21
    assert np.abs(mass_centre(digit) - 14).max() <= 0.6


def test_upright_and_not_mirrored():
    digit = to_digit(GREY, True)
    # The bar of a 7 is at the top, and its stem runs down and to the left.
    assert (digit[5:8] > 127).any(0).sum() > 2 * (digit[20:23] > 127).any(0).sum()
    assert mass_centre(digit[12:16])[1] > mass_centre(digit[20:24])[1] + 1


def test_grey_paper_and_faint_ink_become_black_and_white():
    faint = (200 - GREY * 0.25).astype(np.uint8)
    assert np.abs(to_digit(faint, False).astype(int) - to_digit(GREY, True)).mean() < 2


def test_a_digit_in_mnist_geometry_stays_nearly_the_same():
    digit = to_digit(GREY, True)
    again = to_digit(digit, True)
    # Its box may count 21 pixels, of which the outer two are faint; the contract test has MNIST's own images.
    assert np.corrcoef(digit.ravel(), again.ravel())[0, 1] > 0.88


def test_a_photograph_is_quick_and_alike():
    large = np.asarray(PICTURE.resize((3000, 3000), Image.Resampling.BILINEAR))
    assert np.corrcoef(to_digit(large, True).ravel(), to_digit(GREY, True).ravel())[0, 1] > 0.98


@pytest.mark.parametrize("shape", [(30, 3000), (3000, 30), (8, 8), (9, 500)])
def test_odd_shapes(shape):
    grey = np.zeros(shape, np.uint8)
    grey[2:-2, 2:-2] = 255
    assert to_digit(grey, True).max() == 255


@pytest.mark.parametrize("grey", [np.zeros((40, 40)), np.full((40, 40), 255), np.full((28, 28), 90)])
@pytest.mark.parametrize("white", [True, False])
def test_blank_is_refused(grey, white):
    with pytest.raises(ImageError, match="blank"):
        to_digit(grey.astype(np.uint8), white)


def test_too_small_is_refused():
    with pytest.raises(ImageError, match="1 x 1"):
        to_digit(np.zeros((1, 1), np.uint8), True)


def test_polarity_of_one_and_of_many():
    assert ink_is_white(GREY) and not ink_is_white(255 - GREY)
    assert ink_is_white(np.stack([GREY, 255 - GREY, GREY])).tolist() == [True, False, True]


def test_a_text_chunk_bomb_is_refused():
    png = encode(PICTURE)
    text = b"x\0\0" + zlib.compress(b"a" * 100_000_000)
    chunk = len(text).to_bytes(4, "big") + b"zTXt" + text + zlib.crc32(b"zTXt" + text).to_bytes(4, "big")
    try:
        assert np.array_equal(np.asarray(open_image(png[:33] + chunk + png[33:], "x")), GREY)
    except ImageError as error:
        assert "damaged" in str(error)
