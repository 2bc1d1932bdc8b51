"""Files that many processes share: replaced as a whole, and locked by the operating system."""

import fcntl
import os
import time
from pathlib import Path


def write_atomically(path: Path, data: bytes | str) -> None:
    """Replace `path` as a whole: a reader, or a process killed half way, never sees a part of it."""
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def lock(path: Path, wait: float = 0.0) -> int | None:
    """Take the OS lock on a file for as long as the returned descriptor stays open; None if another holds it.

    It ends with its process, however that dies, and passes to a child that inherits the descriptor.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    until = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() >= until:
                os.close(descriptor)
                return None
        time.sleep(0.02)


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock; asked with a shared lock, so that two who ask don't meet."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
