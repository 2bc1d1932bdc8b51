"""Pictures that a digit fills, in either polarity, and hollow digits."""

import cv2
import numpy as np
import pytest
from scipy import ndimage

from ocrgen.imaging.binarization import binarize
from ocrgen.imaging.components import Component, clear_border
from ocrgen.imaging.crops import crop_contrast, within_character
from ocrgen.imaging.outlines import fill_outlines
from ocrgen.imaging.squeezed import narrowed, squeezed_stroke
from tests.helpers.photos.pages import bundled
from tests.helpers.photos.pen import stroke

DIGITS = [int(np.flatnonzero(bundled().labels == digit)[0]) for digit in range(10)]


def cropped(index: int, height: int = 160) -> np.ndarray:
    """The ink of a bundled digit, bool, cropped to its box: (height, w)."""
    inked = stroke(bundled().images[index], height) > 0.5
    rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
    return inked[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def outlined(inked: np.ndarray, line: float) -> tuple[np.ndarray, np.ndarray]:
    """The outline, `line` pixels wide, of ink bool (H, W), and all that it should be when it is filled."""
    outside, inside = (np.asarray(ndimage.distance_transform_edt(part)) for part in (~inked, inked))
    distance = ndimage.gaussian_filter(outside - inside, 1)
    return np.abs(distance) < line / 2, distance < line / 2


@pytest.mark.parametrize("light", [False, True], ids=["dark ink", "light ink"])
@pytest.mark.parametrize("index", DIGITS, ids=range(10))
def test_ink_is_told_from_paper_without_a_margin(index, light):
    inked = cropped(index)
    for margin in ((0, 0), (0, 6), (9, 0)):
        expected = np.pad(inked, [(margin[0], 0), (margin[1], 0)])
        page = np.where((expected ^ light)[..., None], [40, 30, 90], [230, 225, 190]).astype(np.uint8)
        mask = binarize(page)[1]
        assert (mask & expected).sum() / (mask | expected).sum() > 0.95


def test_thick_ink_may_cover_more_than_half():
    inked = ndimage.binary_dilation(cropped(DIGITS[3]), iterations=14)
    assert inked.mean() > 0.5
    for page in (np.where(inked, 230, 20), np.where(inked, 20, 230)):
        mask = binarize(np.repeat(page[..., None], 3, 2).astype(np.uint8))[1]
        assert (mask & inked).sum() / (mask | inked).sum() > 0.95


def test_a_page_with_room_round_its_digit_is_no_crop():
    page = np.where(np.pad(cropped(DIGITS[5]), 120), 30, 240)
    assert crop_contrast(np.repeat(page[..., None], 3, 2).astype(np.uint8)) is None


def test_a_sheet_that_fills_its_photograph_is_no_ink():
    page = np.full((300, 400), 60)
    page[20:280, 30:370] = 235
    digit = cropped(DIGITS[2])
    page[70:, 150:][: digit.shape[0], : digit.shape[1]][digit] = 30
    assert crop_contrast(np.repeat(page[..., None], 3, 2).astype(np.uint8)) is None


@pytest.mark.parametrize("line", [3, 5])
@pytest.mark.parametrize("index", DIGITS, ids=range(10))
def test_hollow_digits_are_filled_and_ordinary_ones_are_not(index, line):
    inked = np.pad(ndimage.binary_dilation(cropped(index, 220), iterations=2), 20)
    line, expected = outlined(inked, line)
    filled, ink = fill_outlines(line, line.astype(np.float32))
    assert (filled & expected).sum() / (filled | expected).sum() > 0.95
    assert ink[filled].min() > 0.5
    assert fill_outlines(inked, inked.astype(np.float32))[0] is inked


def test_an_empty_circle_is_not_hollow():
    y, x = np.mgrid[-100:100, -100:100]
    circle = np.abs(np.hypot(x, 1.4 * y) - 80) < 2
    assert not (fill_outlines(circle, circle.astype(np.float32))[0] ^ circle).any()


def test_only_what_runs_along_the_border_is_cleared():
    mask = np.zeros((200, 300), bool)
    mask[60:140, 100:110] = mask[150:, 200:206] = True
    kept = mask.copy()
    mask[:, :12] = mask[:9] = True
    assert (clear_border(mask) == kept).all()


def squeezed(index: int, side: int = 64) -> np.ndarray:
    """The ink of a bundled digit, bool (side, side): its aspect is lost."""
    return cv2.resize(cropped(index).astype(np.float32), (side, side), interpolation=cv2.INTER_AREA) > 0.5


def whole_of(inked: np.ndarray) -> Component:
    return Component(0, len(inked), 0, inked.shape[1], inked)


def test_a_stroke_that_was_squeezed_to_a_square_is_narrowed():
    ink = np.zeros((64, 64), np.float32)
    cv2.line(ink, (38, 9), (26, 54), 1, 17)
    rows, columns = (np.flatnonzero(ink.any(axis)) for axis in (1, 0))
    ink = cv2.resize(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], (64, 64))
    assert squeezed_stroke(whole_of(ink > 0.5), ink.shape)
    # It is read as ink, however wide it is.
    for page in (np.where(ink > 0.5, 230, 20), np.where(ink > 0.5, 20, 230)):
        contrast = crop_contrast(np.repeat(page[..., None], 3, 2).astype(np.uint8))
        assert contrast is not None and ((contrast > 0.5) == (ink > 0.5)).mean() > 0.98
    small, component = narrowed(ink, whole_of(ink > 0.5))
    assert component.width < 0.4 * component.height and small[component.top : component.bottom].any()
    # With room beside it, its aspect is the right one.
    assert not squeezed_stroke(Component(0, 64, 10, 40, np.ones((64, 30), bool)), (64, 64))


@pytest.mark.parametrize("index", [i for k, i in enumerate(DIGITS) if k != 1], ids=[0, *range(2, 10)])
def test_only_a_stroke_is_narrowed(index):
    assert not squeezed_stroke(whole_of(squeezed(index)), (64, 64))


def test_neither_a_disc_nor_a_full_square_is_a_stroke():
    y, x = np.mgrid[-31.5:32, -31.5:32]
    for inked in (np.hypot(x, y) < 32, np.ones((64, 64), bool)):
        assert not squeezed_stroke(whole_of(inked), (64, 64))


def test_what_lies_between_strokes_is_no_sheet():
    page = np.full((240, 200, 3), 235, np.uint8)
    # A 4 that fills its picture; its fork has three straight sides.
    cv2.polylines(page, [np.array([[15, 0], [15, 120], [185, 120]]), np.array([[150, 0], [150, 239]])], False, 30, 30)
    assert within_character(page, np.array([[32, 2], [133, 2], [133, 103], [32, 103]], np.float64))
    sheet = np.full((240, 200, 3), 60, np.uint8)
    sheet[20:220, 20:180] = 235
    assert not within_character(sheet, np.array([[20, 20], [180, 20], [180, 220], [20, 220]], np.float64))
    # A thick 0 is none either.
    zero = np.full((240, 200, 3), 235, np.uint8)
    cv2.ellipse(zero, (100, 120), (97, 117), 0, 0, 360, (30, 30, 30), -1)
    cv2.ellipse(zero, (100, 120), (50, 64), 0, 0, 360, (235, 235, 235), -1)
    assert within_character(zero, np.array([[16, 20], [184, 20], [184, 220], [16, 220]], np.float64))
