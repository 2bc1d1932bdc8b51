"""Numbers in words, as precise as they deserve."""

import math


def significant(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits, zeros kept, a comma at thousands, a real minus: 1.00, 13.0, 1,230.

    A dash stands for what is missing or not finite.
    """
    if value is None or not math.isfinite(value):
        return "–"
    rounded = float(f"{value:.{digits - 1}e}")
    decimals = digits - 1 - math.floor(math.log10(abs(rounded))) if rounded else digits - 1
    return f"{rounded:,.{max(0, decimals)}f}".replace("-", "−")


def bracketed(value: float | None, low: float | None, high: float | None, digits: int = 3) -> str:
    """A figure with its interval, 12.7 [12.4, 13.0]; alone where a bound is missing."""
    figure = significant(value, digits)
    if low is None or high is None:
        return figure
    return f"{figure} [{significant(low, digits)}, {significant(high, digits)}]"
