"""Printed forms: their lines go, what touches them stays, and digits come in the order of their boxes."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from ocrgen.imaging.characters import read_picture
from ocrgen.imaging.frames import find_frames
from ocrgen.imaging.page import Page
from ocrgen.imaging.rings import find_rings
from ocrgen.imaging.rulings import Line
from ocrgen.imaging.underlines import find_ticks
from tests.helpers.photos import draw
from tests.helpers.photos.forms import CONDITIONS, sharp_stroke
from tests.helpers.photos.pages import bundled
from tests.helpers.photos.pen import put, stroke

pytestmark = pytest.mark.slow

PAPER, INK = 235, 30


def digit(page: np.ndarray, label: int, y: int, x: int, height: int = 70) -> None:
    """Write a digit on a page of grey levels (H, W), its box beginning at (y, x)."""
    digits = bundled()
    pen = np.zeros(page.shape, np.float32)
    put(pen, sharp_stroke(digits.images[digits.labels == label][3], height), y, x)
    np.minimum(page, (PAPER - (PAPER - INK) * pen).astype(np.uint8), out=page)


def read(page: np.ndarray) -> Page:
    Image.fromarray(page).save(stream := io.BytesIO(), "PNG")
    return read_picture(stream.getvalue(), "form.png")


def blank(height: int = 400, width: int = 700) -> np.ndarray:
    return np.full((height, width), PAPER, np.uint8)


def turned(page: np.ndarray, angle: float) -> np.ndarray:
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    return np.asarray(cv2.warpAffine(page, matrix, (width, height), borderValue=PAPER))


def same(page: Page, bare: Page) -> bool:
    """Whether the same digits were found, but for a few grey levels, on a form and on plain paper."""
    assert len(page.characters) == len(bare.characters)
    pairs = zip(page.characters, bare.characters, strict=True)
    return all(np.abs(a.image.astype(int) - b.image).mean() < 20 for a, b in pairs)


@pytest.mark.parametrize("angle", [0, 9, -9])
@pytest.mark.parametrize(("side", "width"), [(110, 2), (110, 9), (180, 5), (380, 2), (380, 9)])
def test_a_box_goes_and_its_digit_stays(side, width, angle):
    page, size = blank(500, 560), round(0.55 * side)
    digit(page, 5, 250 - size // 2, 280 - size // 3, size)
    bare = page.copy()
    cv2.rectangle(page, (280 - side // 2, 250 - side // 2), (280 + side // 2, 250 + side // 2), 60, width)
    assert same(read(turned(page, angle)), read(turned(bare, angle)))


@pytest.mark.parametrize("label", range(10))
def test_a_digit_may_cross_its_box(label):
    page = blank(400, 400)
    digit(page, label, 195, 160, 90)
    bare = page.copy()
    cv2.rectangle(page, (110, 100), (300, 250), 60, 3)
    assert same(read(page), read(bare))


def test_boxes_are_read_row_by_row_at_whatever_height_their_digits_stand():
    page, labels = blank(500, 760), [[1, 7, 4, 0], [9, 6, 2, 8]]
    for row in range(2):
        for column in range(4):
            x, y = 60 + 160 * column, 50 + 210 * row
            cv2.rectangle(page, (x, y), (x + 130, y + 190), 60, 3)
            digit(page, labels[row][column], y + (8, 105)[(row + column) % 2], x + 40)
    found = read(page).characters
    assert [c.cell for c in found] == list(range(8))
    for c, place in zip(found, range(8), strict=True):
        x, y = 60 + 160 * (place % 4), 50 + 210 * (place // 4)
        assert x < c.box[0] < c.box[0] + c.box[2] < x + 130 and y < c.box[1] < c.box[1] + c.box[3] < y + 190


@pytest.mark.parametrize("ticks", [False, True])
def test_empty_boxes_of_a_comb_are_told(ticks):
    page = blank(300, 760)
    cv2.line(page, (60, 200), (660, 200), 60, 3)
    if not ticks:
        cv2.line(page, (60, 90), (660, 90), 60, 3)
    for k in range(7):
        cv2.line(page, (60 + 100 * k, 170 if ticks else 90), (60 + 100 * k, 200), 60, 3)
    for k, label in ((0, 3), (1, 5), (3, 7), (5, 2)):
        digit(page, label, 110, 85 + 100 * k)
    found = read(page)
    assert [c.cell for c in found.characters] == [0, 1, 3, 5]
    assert found.notes == ["2 of the 6 boxes are empty."]


def test_a_line_at_the_top_of_a_picture_has_no_ticks():
    line = Line(np.array([0.0, 0.0]), np.array([99.0, 0.0]), 3.0)
    assert find_ticks(np.ones((50, 100), np.uint8), line) == []


def test_two_digits_in_a_box_stay_two():
    page = blank()
    cv2.rectangle(page, (150, 100), (500, 300), 60, 4)
    digit(page, 4, 160, 220)
    digit(page, 7, 160, 350)
    assert [c.cell for c in read(page).characters] == [0, 0]


@pytest.mark.parametrize("label", range(10))
@pytest.mark.parametrize("touching", [False, True])
def test_an_underline_goes_and_the_digit_stays(label, touching):
    page = blank(400, 400)
    digit(page, label, 100, 150, 130)
    bare = page.copy()
    cv2.line(page, (90, 228 if touching else 250), (320, 232 if touching else 240), 60, 4)
    assert same(read(page), read(bare))


@pytest.mark.parametrize("label", range(10))
def test_a_circle_goes_and_its_digit_stays(label):
    page = blank(400, 400)
    digit(page, label, 150, 175, 100)
    bare = page.copy()
    cv2.ellipse(page, (200, 200), (120, 100), 20, 0, 360, 60, 4)
    assert same(read(page), read(bare))


def test_a_circle_that_holds_nothing_is_a_zero():
    page = blank(400, 400)
    cv2.ellipse(page, (200, 200), (70, 100), 0, 0, 360, 60, 6)
    bare = page.copy()
    assert len(read(page).characters) == 1
    cv2.rectangle(page, (60, 60), (340, 340), 60, 3)
    assert same(read(page), read(bare))


def test_digits_are_not_taken_for_forms():
    for image in bundled().images[:120]:
        mask = np.pad((stroke(image, 120) > 0.5).astype(np.uint8), 20)
        assert not find_frames(mask) and not find_rings(mask)[1]


def test_squared_paper_is_no_form():
    page = blank(600, 900)
    page[20::50] = page[21::50] = 150
    page[:, 25::50] = page[:, 26::50] = 150
    for k, label in enumerate((2, 4, 5)):
        digit(page, label, 200, 150 + 200 * k, 130)
    found = read(page)
    assert [c.cell for c in found.characters] == [None] * 3 and not found.notes


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_digit_of_a_photographed_form_is_found(condition):
    for seed in (1, 2):
        photo = draw(condition, seed, bundled())
        assert len(read_picture(photo.data).characters) == len(photo.text)
