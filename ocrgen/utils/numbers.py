"""Numbers in words, as precise as they deserve."""

import math


def real_minus(text: str) -> str:
    """Figures in a text with the minus sign in place of the hyphen that formatting writes."""
    return text.replace("-", "−")


def signed(value: float, decimals: int) -> str:
    """A number with its sign and so many decimals, a real minus, never minus zero: +0.39, −0.14, +0.00."""
    return real_minus(f"{round(value, decimals) + 0:+.{decimals}f}")


def significant(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits, zeros kept, a comma at thousands, a real minus: 1.00, 13.0, 1,230.

    A dash stands for what is missing or not finite.
    """
    if value is None or not math.isfinite(value):
        return "–"
    rounded = float(f"{value:.{digits - 1}e}")
    decimals = digits - 1 - math.floor(math.log10(abs(rounded))) if rounded else digits - 1
    return real_minus(f"{rounded:,.{max(0, decimals)}f}")


def bracketed(value: float | None, low: float | None, high: float | None, digits: int = 3) -> str:
    """A figure with its interval, 12.7 [12.4, 13.0]; alone where a bound is missing."""
    figure = significant(value, digits)
    if low is None or high is None:
        return figure
    return f"{figure} [{significant(low, digits)}, {significant(high, digits)}]"
