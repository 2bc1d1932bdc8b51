"""What is computed once and kept: with the object it is of, or for as long as the file it was read from is the same."""

import os
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

H = TypeVar("H")
T = TypeVar("T")

SETTLED = 1.0  # seconds; what has changed later than that may change again without its times telling
MOST = 20_000  # values that are kept of files: some hundred bytes to some kilobytes each

_read: dict[tuple[str, Callable], tuple[tuple[int, ...], Any]] = {}


def kept(function: Callable[[H], T]) -> Callable[[H], T]:
    """Let a function of an object keep its value with that object: pages ask for the same again and again."""

    @wraps(function)
    def once(held: H) -> T:
        known = held.__dict__.setdefault("_kept", {})
        if function not in known:
            known[function] = function(held)
        return known[function]

    return once


def while_unchanged(path: Path, read: Callable[[Path], T]) -> T:
    """What `read`, a function that lasts, finds at a path; read anew only when the file or folder has changed.

    Whoever gets the value must not change it. Faults are raised, and not kept.
    """
    try:
        found = path.stat()
    except OSError:
        return read(path)
    mark, key = (found.st_mtime_ns, found.st_size, found.st_ino), (os.fspath(path), read)
    if (known := _read.get(key)) and known[0] == mark:
        return known[1]
    value = read(path)
    if time.time() - found.st_mtime > SETTLED:
        if len(_read) >= MOST:
            _read.clear()
        _read[key] = mark, value
    return value
