"""Numbers in words."""

import pytest

from ocrgen.utils.numbers import bracketed, significant


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.99999, "1.00"), (12.96, "13.0"), (9.999, "10.0"), (174.9, "175"), (1234.5, "1,230"), (0.00021, "0.000210"),
     (0.0, "0.00"), (-0.8812, "−0.881"), (None, "–"), (float("nan"), "–"), (float("inf"), "–")],
)  # fmt: skip
def test_three_significant_digits(value, told):
    assert significant(value) == told


def test_a_figure_with_its_interval():
    assert bracketed(12.7, 12.4, 13.0) == "12.7 [12.4, 13.0]" and bracketed(12.7, None, 13.0) == "12.7"
