"""Pages with a digit: every format, mode and orientation, a data set's geometry, and every fault of an upload."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from ocrgen.datasets import data_root, load_data, sources
from ocrgen.imaging import decoding
from ocrgen.imaging.characters import read_picture
from ocrgen.imaging.decoding import ImageError
from ocrgen.imaging.geometry import GEOMETRIES
from tests.helpers.pictures import PICTURE, bomb, encode, mass_centre, seven

# From here on: pages, which people upload.
PAGE = Image.fromarray((230 - seven(240, (90, 70), 14) * 0.8).astype(np.uint8))
CLEAN = read_picture(encode(PAGE)).characters[0].image


def same(image: np.ndarray, away: float = 4) -> bool:
    """Nearly the same levels, of 255, on average."""
    return np.abs(image.astype(int) - CLEAN).mean() < away


def only(data: bytes, **how) -> np.ndarray:
    digits = read_picture(data, **how).characters
    assert len(digits) == 1
    return digits[0].image


def test_a_page_is_upright_in_colour_and_its_box_is_where_the_digit_is():
    picture = read_picture(encode(PAGE))
    assert picture.image.dtype == np.uint8 and picture.image.shape == (240, 240, 3) and picture.notes == []
    x, y, width, height = picture.characters[0].box
    assert abs(x - 83) < 8 and abs(y - 63) < 8 and abs(width - 54) < 12 and abs(height - 70) < 12


MODES = {
    "PNG": ("1", "L", "P", "RGB", "RGBA"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "BMP": ("1", "L", "P", "RGB"),
    "GIF": ("1", "L", "P", "RGB", "RGBA"),
    "TIFF": ("1", "L", "P", "RGB", "RGBA", "CMYK"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("form", "mode"), [(form, mode) for form, modes in MODES.items() for mode in modes])
def test_a_digit_looks_the_same_from_every_format(form, mode):
    assert same(only(encode(PAGE.convert(mode, dither=Image.Dither.NONE), form)))


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
@pytest.mark.parametrize("bits", [16, 12])
def test_sixteen_bits_are_rescaled(form, bits):
    levels = np.asarray(PAGE).astype(np.uint16) * (257 if bits == 16 else 16)
    assert same(only(encode(Image.fromarray(levels), form)))


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ((0, 0, 0), (255, 255, 255)),
        ((255, 255, 255), (0, 0, 0)),
        ((230, 230, 90), (20, 60, 30)),
        ((30, 50, 170), (250, 245, 220)),
        ((240, 220, 40), (255, 255, 255)),
        ((200, 40, 40), (60, 115, 60)),
        ((150, 150, 150), (200, 200, 200)),
    ],
)
def test_either_polarity_in_any_colour(ink, paper):
    share = np.asarray(PICTURE.resize((240, 240)))[..., None] / 255
    reference = only(encode(Image.fromarray(np.rint(255 - 255 * share[..., 0]).astype(np.uint8))))
    page = Image.fromarray(np.rint(share * ink + (1 - share) * paper).astype(np.uint8))
    assert np.abs(only(encode(page)).astype(int) - reference).mean() < 4


@pytest.mark.parametrize("ink", [0, 255])
def test_what_is_transparent_is_paper(ink):
    alpha = Image.fromarray(seven(240, (90, 70), 14))
    assert same(only(encode(Image.merge("LA", (Image.new("L", alpha.size, ink), alpha)))))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_page_is_upright_by_exif(orientation):
    undo = decoding.TRANSPOSE_BY_ORIENTATION.get(orientation)
    other = {
        Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
        Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
    }
    stored = PAGE.transpose(other.get(undo, undo)) if undo is not None else PAGE
    exif = Image.Exif()
    exif[0x0112] = orientation
    # Pillow's own reading of the tag is the judge.
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(encode(stored, "PNG", exif=exif))))
    assert np.array_equal(np.asarray(upright), np.asarray(PAGE))
    assert same(only(encode(stored, "PNG", exif=exif)))


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_many_frames_the_first_is_read_and_said_so(form):
    blank = Image.new("L", PAGE.size, 230)
    picture = read_picture(encode(PAGE, form, save_all=True, append_images=[blank]), "a.gif")
    assert same(picture.characters[0].image)
    assert len(picture.notes) == 1 and "first" in picture.notes[0] and "a.gif" in picture.notes[0]


def test_a_page_is_bounded_however_large_it_came():
    large = PAGE.resize((4000, 4000), Image.Resampling.BILINEAR)
    for form in ("JPEG", "PNG"):
        picture = read_picture(encode(large, form))
        assert max(picture.image.shape) <= 1280
        assert same(picture.characters[0].image, 8)


@pytest.mark.parametrize("name", GEOMETRIES)
@pytest.mark.parametrize("tall", [0.6, 1, 2.4])
def test_geometry_of_a_data_set(name, tall):
    geometry = GEOMETRIES[name]
    page = PAGE.resize((240, round(240 * tall)), Image.Resampling.BILINEAR)
    image = only(encode(page), geometry=geometry)
    inked = image > 64
    assert abs(max(inked.any(0).sum(), inked.any(1).sum()) - geometry.box) <= 1
    assert np.abs(mass_centre(image) - geometry.centre).max() <= 0.51


@pytest.mark.parametrize("name", ["mnist", "arabic", "digits"])
def test_geometries_are_those_of_the_data(name):
    source = sources()[name]
    if fault := source.missing(data_root()):
        pytest.skip(fault)
    images = load_data(name).test.images[:300]
    assert np.abs(np.mean([mass_centre(image) for image in images], 0) - GEOMETRIES[name].centre).max() < 0.1
    longest = [max(np.ptp(np.flatnonzero((image > 64).any(a))) + 1 for a in (0, 1)) for image in images]
    assert abs(np.mean(longest) - GEOMETRIES[name].box) < 0.6


def test_a_data_sets_own_image_comes_back_nearly_as_it_was():
    images = load_data("digits").test.images[:12]
    again = np.stack([only(encode(Image.fromarray(image)), geometry=GEOMETRIES["digits"]) for image in images])
    assert np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(images, again, strict=True)]) > 0.9


def scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = encode(PAGE, "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


FAULTS = {
    "empty": (b"", "is empty.*Choose a PNG or JPEG"),
    "text": (b"not a picture", "not a picture; export it as PNG or JPEG"),
    "truncated png": (encode(PAGE)[:-60], "damaged.*export it"),
    "truncated jpeg": (encode(PAGE, "JPEG")[:700], "damaged.*export it"),
    "svg": (b"<?xml version='1.0'?>\n<!-- x --><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG.*Export it as PNG"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC.*Export it as PNG"),
    "avif": (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", "AVIF.*Export it as PNG"),
    "pdf": (b"%PDF-1.7\n", "PDF.*Export it as PNG"),
    "icon": (encode(PAGE, "ICO"), "not a picture; export it"),
    "blank": (encode(Image.new("L", (300, 200), 240)), "is blank.*Write larger"),
    "one pixel": (encode(Image.new("L", (1, 1))), "1 x 1 pixels; expected at least 8 x 8. Choose"),
    "bomb": (bomb(), "pixels; export it"),
    "too many pixels": (
        encode(Image.new("1", (6000, 5000))),
        "6000 x 5000 pixels; expected at most 25 megapixels: crop",
    ),
    "too many scans": (scans(60), "more than 40 passes; export it"),
    "a speck": (encode(Image.fromarray(np.pad(np.zeros((4, 4), np.uint8), 200, constant_values=250))), "large enough"),
}


@pytest.mark.parametrize(("data", "advice"), FAULTS.values(), ids=FAULTS)
def test_every_fault_of_an_upload_says_what_to_do(data, advice):
    with pytest.raises(ImageError, match=rf"^scan\.png .*{advice}"):
        read_picture(data, "scan.png")


def test_too_many_bytes_are_not_even_looked_at(monkeypatch):
    monkeypatch.setattr(decoding.Image, "open", None)
    with pytest.raises(ImageError, match="26 MB; expected at most 25 MB. Save it smaller"):
        read_picture(bytes(26 * 2**20), "x")


@pytest.mark.slow
@pytest.mark.parametrize(("form", "size"), [("PNG", (20_000, 20_000)), ("PNG", (6000, 5000)), ("WEBP", (4200, 3000))])
def test_too_many_pixels_are_refused_by_the_header(monkeypatch, form, size):
    data = encode(Image.new("1", size), form)
    assert len(data) < 60_000

    def unpack(*_):
        raise AssertionError("unpacked")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", unpack)
    monkeypatch.setattr("PIL.WebPImagePlugin.WebPImageFile.load", unpack)
    with pytest.raises(ImageError, match="pixels"):
        read_picture(data)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_tags_do_not_spoil_the_pixels():
    data = encode(PAGE, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff garbage")
    assert same(only(data))
