"""Progress callbacks: `show(done, total)`."""

from collections.abc import Callable

Show = Callable[[int, int], None]


def quiet(done: int, total: int) -> None:
    """Tell nobody."""
