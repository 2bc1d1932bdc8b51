"""Progress callbacks: `show(done, total)`, in steps of any unit."""

from collections.abc import Callable

ProgressCallback = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """No-op progress callback."""
