"""Progress callbacks: `show(done, total)`."""

from collections.abc import Callable

ProgressCallback = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """Tell nobody."""
