"""Progress callbacks, `show(done, total)` in steps of any unit, and times in words."""

from collections.abc import Callable

ProgressCallback = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """No-op progress callback."""


def duration(seconds: float) -> str:
    """Seconds in words: 8 s, 3 min 20 s, 2 h 5 min."""
    seconds = int(round(seconds))
    if seconds < 90:
        return f"{seconds} s"
    if seconds < 5400:
        return _two(seconds, 60, "min", "s")
    return _two(seconds // 60, 60, "h", "min")


def _two(count: int, per: int, large: str, small: str) -> str:
    """A count of the small unit in both, without the small one where nothing is left of it."""
    return f"{count // per} {large}" + (f" {count % per} {small}" if count % per else "")
