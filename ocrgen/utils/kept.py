"""Functions of one object that compute once for it."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

H = TypeVar("H")
T = TypeVar("T")


def kept(function: Callable[[H], T]) -> Callable[[H], T]:
    """Let a function of an object keep its value with that object: pages ask for the same again and again."""

    @wraps(function)
    def once(held: H) -> T:
        known = held.__dict__.setdefault("_kept", {})
        if function not in known:
            known[function] = function(held)
        return known[function]

    return once
