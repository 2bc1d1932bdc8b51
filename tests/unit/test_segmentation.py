"""From a page to its digits: all of them, in order, one box each, whatever the paper, the light and the pen."""

import io
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from ocrgen.imaging.characters import read_picture
from ocrgen.imaging.decoding import ImageError
from ocrgen.imaging.geometry import GEOMETRIES
from tests.helpers.photos.pages import KINDS, bundled, make

pytestmark = pytest.mark.slow

# Pen strokes in a field 40 wide and 60 tall; those of one digit meet unless it says otherwise.
STROKES = {
    1: [[(20, 0), (20, 60)]],
    2: [[(2, 10), (20, 0), (38, 12), (2, 60), (38, 60)]],
    4: [[(28, 60), (28, 0), (2, 42), (38, 42)]],
    5: [[(36, 0), (6, 0), (4, 26), (30, 26), (38, 42), (28, 58), (2, 58)]],
    7: [[(2, 0), (38, 0), (14, 60)]],
}
BROKEN = {
    "5, its bar loose": [[(14, 0), (40, 0)], [(6, 6), (4, 26), (30, 26), (38, 42), (28, 58), (2, 58)]],
    "5, its bar above": [[(4, 0), (36, 0)], [(6, 12), (4, 28), (30, 28), (38, 42), (28, 58), (2, 58)]],
    "4, its stem apart": [[(8, 0), (2, 32), (22, 34)], [(32, 4), (30, 60)]],
    "7 with a dash": [[(2, 0), (38, 0), (14, 60)], [(34, 32), (42, 32)]],
}


def write(page: Image.Image, strokes, x: int, y: int, scale: float = 2, width: int = 12, fill: int = 20) -> None:
    for line in strokes:
        points = [(x + scale * a, y + scale * b) for a, b in line]
        ImageDraw.Draw(page).line(points, fill=fill, width=width, joint="curve")


def row(digits, size=(700, 240), slope: float = 0.0, **how) -> Image.Image:
    page = Image.new("L", size, 235)
    for k, digit in enumerate(digits):
        y = 60 + 130 * (slope * k + max(0, -slope) * len(digits))
        write(page, STROKES[digit], 40 + 130 * k, round(y), **how)
    return page


def png(page: Image.Image | np.ndarray) -> bytes:
    page = page if isinstance(page, Image.Image) else Image.fromarray(page)
    page.save(stream := io.BytesIO(), "PNG")
    return stream.getvalue()


@cache
def alone(digit: int) -> np.ndarray:
    return read_picture(png(row([digit], (200, 240)))).characters[0].image


def alike(image: np.ndarray, digit: int) -> bool:
    """Nearer to that digit, drawn alone, than to every other."""
    away = {other: np.abs(image.astype(int) - alone(other)).mean() for other in STROKES}
    return min(away, key=away.get) == digit


def apart(boxes) -> bool:
    return all(a[0] + a[2] <= b[0] for a, b in zip(boxes, boxes[1:], strict=False))


@pytest.mark.parametrize("slope", [0.0, 0.12, -0.12])
def test_a_row_is_read_from_left_to_right(slope):
    written = [7, 1, 4, 2, 5]
    picture = read_picture(png(row(written, (700, 300), slope)))
    assert len(picture.characters) == 5 and apart([found.box for found in picture.characters])
    assert all(alike(found.image, digit) for found, digit in zip(picture.characters, written, strict=True))


def test_lines_are_read_from_the_top():
    page = Image.new("L", (460, 460), 235)
    for k, digit in enumerate([1, 2, 4, 5, 7, 1]):
        write(page, STROKES[digit], 40 + 130 * (k % 3), 50 + 190 * (k // 3))
    digits = read_picture(png(page)).characters
    assert [alike(found.image, d) for found, d in zip(digits, [1, 2, 4, 5, 7, 1], strict=True)] == [True] * 6
    assert max(found.box[1] for found in digits[:3]) < min(found.box[1] for found in digits[3:])


def test_boxes_hold_the_ink():
    page = row([7, 4])
    inked = np.asarray(page) < 128
    for found in read_picture(png(page)).characters:
        x, y, width, height = found.box
        assert inked[y : y + height, x : x + width].any()
        inked[max(0, y - 1) : y + height + 1, max(0, x - 1) : x + width + 1] = False
    assert not inked.any()


@pytest.mark.parametrize("strokes", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("beside", [False, True])
def test_a_digit_in_two_strokes_stays_one(strokes, beside):
    page = row([1], (420, 240))
    write(page, strokes, 170, 60)
    if beside:
        write(page, STROKES[2], 300, 60)
    assert len(read_picture(png(page)).characters) == 2 + beside


def test_two_that_touch_are_parted():
    page = Image.new("L", (300, 240), 235)
    write(page, [*STROKES[4], [(70, 42), (40, 42)], [(44, 42), (44, 0), (84, 0), (84, 60), (44, 60)]], 40, 60)
    boxes = [found.box for found in read_picture(png(page)).characters]
    assert len(boxes) == 2 and apart(boxes)


def test_a_wide_digit_is_not_parted():
    page = Image.new("L", (340, 240), 235)
    ImageDraw.Draw(page).ellipse((60, 60, 260, 180), outline=20, width=12)
    assert len(read_picture(png(page)).characters) == 1


@pytest.mark.parametrize("tone", [150, 60])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("turn", [0, 3])
def test_rules_leave_the_digits_as_they_are(tone, squared, turn):
    rules = np.full((600, 900), 235, np.uint8)
    rules[20::50] = rules[21::50] = tone
    if squared:
        rules[:, 25::50] = rules[:, 26::50] = tone
    page = Image.fromarray(np.minimum(rules, np.asarray(row([2, 4, 5], (900, 600), width=16))))
    page = page.rotate(turn, Image.Resampling.BILINEAR, fillcolor=235)
    digits = read_picture(png(page)).characters
    assert len(digits) == 3
    for found, digit in zip(digits, [2, 4, 5], strict=True):
        assert alike(found.image, digit)


def test_a_table_beside_the_sheet_is_no_digit():
    page = np.asarray(row([7, 4, 2], (700, 400))).copy()
    page[:, :25] = 40
    page[-18:] = 60
    assert len(read_picture(png(page)).characters) == 3


def test_specks_are_left_out_and_said_to_be():
    page = row([7, 4, 2])
    for k in range(5):
        ImageDraw.Draw(page).ellipse((30 + 130 * k, 205, 41 + 130 * k, 220), fill=40)
    picture = read_picture(png(page))
    assert len(picture.characters) == 3
    assert picture.notes == ["5 small marks were left out."]


def test_light_may_be_uneven():
    page = np.asarray(row([7, 4, 2], (700, 400))) * np.linspace(1, 0.35, 700)
    dark = ndimage.gaussian_filter1d(np.where(np.arange(400) < 130, 1.0, 0.6), 12)
    digits = read_picture(png((page * dark[:, None]).astype(np.uint8))).characters
    assert len(digits) == 3
    assert all(alike(found.image, digit) for found, digit in zip(digits, [7, 4, 2], strict=True))


@pytest.mark.parametrize("width", [4, 8, 14, 20])
def test_strokes_come_near_to_the_data_sets(width):
    """5 % of MNIST's strokes are thinner than 1.6 pixels, and 5 % thicker than 4 (by their ridge)."""
    image = read_picture(png(row([2], (220, 240), width=width))).characters[0].image
    inked = ndimage.zoom(np.pad(image, 2).astype(float), 4, order=1) > 127
    depth = ndimage.distance_transform_edt(inked)
    ridge = (depth == ndimage.maximum_filter(depth, 3)) & inked
    assert 1.4 <= 2 * np.median(depth[ridge]) / 4 <= 4.2


def test_an_arabic_zero_is_a_dot():
    page = row([1, 1])
    ImageDraw.Draw(page).ellipse((310, 110, 334, 134), fill=20)
    assert len(read_picture(png(page)).characters) == 2
    assert len(read_picture(png(page), geometry=GEOMETRIES["arabic"]).characters) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_photographs_of_one_digit(kind):
    digits = bundled()
    data, labels = make(1, kind)
    found = read_picture(data).characters
    assert len(found) == len(labels) == 1
    # Of that digit's own kind: nearer to the mean of its class than to most others'.
    away = [np.abs(found[0].image - digits.images[digits.labels == d].mean(0)).mean() for d in range(10)]
    assert np.argsort(away).tolist().index(labels[0]) < 4


@pytest.mark.parametrize("kind", ["several", "page"])
def test_photographs_of_many(kind):
    for seed in (1, 2):
        data, labels = make(seed, kind)
        assert len(read_picture(data).characters) == len(labels)


def test_the_corpus_repeats_from_its_seed():
    assert make(5, "plain") == make(5, "plain") != make(6, "plain")


RNG = np.random.default_rng(0)
NOTHING = {
    "black": np.zeros((300, 400)),
    "white": np.full((300, 400), 255),
    "grey": np.full((28, 28), 90),
    "noise": RNG.integers(0, 256, (300, 400)),
    "colour noise": RNG.integers(0, 256, (300, 400, 3)),
    "black or white": RNG.integers(0, 2, (300, 400)) * 255,
    "grain": np.clip(RNG.normal(200, 20, (300, 400)), 0, 255),
    "salt": (RNG.random((600, 800)) < 0.02) * 255,
    "gradient": np.linspace(20, 230, 120_000).reshape(300, 400),
    "rules": np.where(np.arange(300)[:, None] % 30 < 2, 90, np.full((300, 400), 240)),
    "squares": np.where((np.arange(300)[:, None] % 30 < 2) | (np.arange(400) % 30 < 2), 90, 240),
}


@pytest.mark.parametrize("page", NOTHING.values(), ids=NOTHING)
def test_where_there_is_no_digit_none_is_found(page):
    with pytest.raises(ImageError, match=r"page\.png (is blank|shows).*(Write|Photograph)"):
        read_picture(png(page.astype(np.uint8)), "page.png")
