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
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"
