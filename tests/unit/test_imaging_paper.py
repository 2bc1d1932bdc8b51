"""A sheet of paper on a table is found, straightened and read; a picture that is all paper is left as it is."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from ocrgen.datasets import load_data
from ocrgen.imaging.characters import read_picture
from ocrgen.imaging.decoding import ImageError, open_page
from ocrgen.imaging.geometry import Geometry
from ocrgen.imaging.paper import find_paper
from tests.helpers.photos import draw
from tests.helpers.photos.pages import bundled
from tests.helpers.photos.paper import NO_SHEET, ON_TABLE

NOTE = "The sheet of paper was found and straightened."
SHEET = np.array([[150, 90], [640, 130], [610, 520], [120, 470]], np.float32)


def photograph(
    corners: np.ndarray = SHEET, table=(92, 64, 40), paper=(240, 240, 235), ink=(20, 20, 40), seven: bool = True
) -> np.ndarray:
    """A sheet with these corners and a 7 in its middle, on a table: uint8 (600, 800, 3)."""
    page = np.random.default_rng(0).normal(table, 4, (600, 800, 3))
    cv2.fillPoly(page, [np.rint(corners).astype(np.int32)], paper)
    if seven:
        x, y = corners.mean(0).astype(int)
        points = np.array([[x - 40, y - 60], [x + 40, y - 60], [x - 10, y + 60]], np.int32)
        cv2.polylines(page, [points], False, ink, 10)
    return np.clip(page, 0, 255).astype(np.uint8)


def png(rgb: np.ndarray) -> bytes:
    Image.fromarray(rgb).save(stream := BytesIO(), "PNG")
    return stream.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("condition", ON_TABLE)
def test_sheets_are_found(condition):
    assert find_paper(open_page(draw(condition, 0, bundled()).data, "photo")[0]) is not None


@pytest.mark.slow
@pytest.mark.parametrize("condition", [*NO_SHEET, "inverse", "shadow", "edge", "squared"])
def test_no_sheet_is_found_where_the_picture_is_all_paper(condition):
    assert find_paper(open_page(draw(condition, 0, bundled()).data, "photo")[0]) is None


def test_a_digit_that_fills_the_picture_is_no_sheet():
    for image in load_data("digits").test.images[:12]:
        for picture in (image, 255 - image):
            large = np.asarray(Image.fromarray(picture).resize((300, 300), Image.Resampling.BICUBIC))
            assert find_paper(np.repeat(large[..., None], 3, 2)) is None


def test_the_corners_are_those_of_the_sheet_clockwise_from_its_top_left():
    sheet = find_paper(photograph())
    assert sheet is not None and np.abs(sheet.corners - SHEET).max() < 6
    # Only paper and ink are left, at the resolution of the photograph.
    assert sheet.image.min(axis=2)[0].mean() > 200 and abs(sheet.image.shape[1] - 491) < 30


def test_boxes_and_outline_are_in_pixels_of_the_photograph_as_taken():
    rgb = photograph()
    page = read_picture(png(rgb))
    assert page.outline is not None and np.abs(page.outline - SHEET).max() < 6
    assert np.array_equal(page.image, rgb) and NOTE in page.notes
    (box,) = [character.box for character in page.characters]
    x, y = SHEET.mean(0)
    assert np.abs(np.subtract(box, (x - 45, y - 65, 90, 130))).max() < 15


def test_without_a_sheet_there_is_neither_outline_nor_note():
    page = read_picture(png(photograph(np.array([[-9, -9], [900, -9], [900, 700], [-9, 700]], np.float32))))
    assert page.outline is None and NOTE not in page.notes and len(page.characters) == 1


@pytest.mark.slow
@pytest.mark.parametrize("degrees", [-30, -15, 0, 15, 30])
def test_a_turned_sheet_makes_the_character_upright(degrees):
    level = np.array([[-150, -200], [150, -200], [150, 200], [-150, 200]])
    turn = np.deg2rad(degrees)
    corners = (level @ [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]] + [400, 300]).astype(np.float32)
    blank = photograph(np.array([[0, 0], [300, 0], [300, 400], [0, 400]], np.float32))[:400, :300]
    matrix = cv2.getPerspectiveTransform(np.array([[0, 0], [300, 0], [300, 400], [0, 400]], np.float32), corners)
    rgb = photograph(corners, seven=False)
    cover = cv2.warpPerspective(np.ones_like(blank), matrix, (800, 600))
    rgb = np.where(cover > 0, cv2.warpPerspective(blank, matrix, (800, 600)), rgb)
    turned, upright = read_picture(png(rgb)), read_picture(png(blank))
    difference = turned.characters[0].image.astype(float) - upright.characters[0].image
    assert np.abs(difference).mean() < 12


def test_a_light_card_and_a_dark_one_are_found_on_the_opposite_table():
    assert find_paper(photograph()) is not None
    assert find_paper(photograph(table=(215, 210, 200), paper=(30, 50, 40), ink=(240, 240, 240))) is not None


def test_one_letter_on_a_sheet_is_read_from_the_sheet():
    page = read_picture(png(photograph()), geometry=Geometry(single=True))
    assert page.outline is not None and page.characters[0].box[2] < 150


def test_an_empty_sheet_is_blank_and_no_0():
    with pytest.raises(ImageError, match="is blank"):
        read_picture(png(photograph(seven=False)), "sheet.png")


def test_a_finger_on_the_sheet_is_no_character():
    rgb = Image.fromarray(photograph())
    ImageDraw.Draw(rgb).line([(540, 320), (800, 330)], fill=(120, 80, 60), width=44)
    page = read_picture(png(np.asarray(rgb)))
    assert page.outline is not None and len(page.characters) == 1


def test_a_thick_stroke_near_the_edge_of_the_sheet_is_no_finger():
    rgb = Image.fromarray(photograph(seven=False))
    ImageDraw.Draw(rgb).line([(380, 300), (370, 486)], fill=(20, 90, 40), width=60)
    page = read_picture(png(np.asarray(rgb)))
    (box,) = [character.box for character in page.characters]
    assert page.outline is not None and abs(box[1] + box[3] - 486) < 12
