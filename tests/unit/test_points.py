"""Decimal points and commas: left out, and told."""

import numpy as np
import pytest

from ocrgen.datasets import load_data
from ocrgen.imaging.characters import read_picture
from ocrgen.imaging.geometry import GEOMETRIES
from tests.helpers.photos.points import number

N = 8
TOLD = "After digit {}, a mark that may be a decimal point or comma was left out."


@pytest.mark.slow
@pytest.mark.parametrize("mark", [True, False])
def test_a_decimal_point_is_told_where_there_is_one(mark):
    pool, right = load_data("digits").test, 0
    for seed in range(N):
        photo, after = number(np.random.default_rng([seed, mark]), pool, mark)
        page = read_picture(photo.data, "number")
        right += len(page.characters) == len(photo.text) and page.notes == ([TOLD.format(after)] if mark else [])
    assert right >= N - 1


def test_a_dot_is_a_zero_where_it_may_be_one():
    photo, _ = number(np.random.default_rng(0), load_data("digits").test)
    page = read_picture(photo.data, "number", GEOMETRIES["arabic"])
    assert len(page.characters) == len(photo.text) + 1 and page.notes == []
