"""Files that many processes share: replaced as a whole, and locked by the operating system."""

import contextlib
import errno
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ocrgen.utils.errors import UserError

LEAST_FREE = 200 * 2**20  # bytes that stay free on a disk
STALE = 3600.0  # seconds after which a half-made folder is nobody's work any more


def write_atomically(path: Path, data: bytes | str) -> None:
    """Replace `path` as a whole: a reader, or a process killed half way, never sees a part of it.

    OSError where it cannot be written; nothing is left behind then, and what stood there stands.
    """
    temporary = part(path)
    try:
        with temporary.open("wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def parse(content: str | bytes) -> Any:
    """JSON as Python values; ValueError where it is none, or nested deeper than anything of ours."""
    try:
        return json.loads(content)
    except RecursionError as fault:
        raise ValueError("it is nested too deeply") from fault


def part(path: Path) -> Path:
    """Where a file is written before it takes its place."""
    return path.with_name(f".{path.name}.part")


def sweep(folder: Path) -> None:
    """Remove the parts of files that a killed process has left; for the one who holds the folder's lock."""
    for left in folder.rglob(".*.part"):
        with contextlib.suppress(OSError):
            left.unlink(missing_ok=True)


def clear(folders: Iterable[Path]) -> None:
    """Remove half-made folders of processes that were killed: those that nobody has changed for an hour."""
    for left in folders:
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE:
                shutil.rmtree(left, ignore_errors=True)


def need_room(folder: Path, size: int = 0) -> None:
    """UserError where the disk of a folder has no room for `size` bytes and LEAST_FREE more."""
    if (free := shutil.disk_usage(folder).free) < LEAST_FREE + size:
        raise UserError(f"Only {free // 2**20} MB are free on the disk of {folder}: make room first.")


def overwrite(path: Path, data: bytes) -> None:
    """Write over a file in place, which a full disk still allows; blanks fill up what was longer.

    OSError if `data` is longer than what stands there: half of it would be worse than none.
    """
    descriptor = os.open(path, os.O_WRONLY)
    try:
        size = os.fstat(descriptor).st_size
        if len(data) > size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.pwrite(descriptor, data.ljust(size), 0)
    finally:
        os.close(descriptor)


FAULTS = {
    errno.ENOSPC: "the disk is full: free some space, then try again",
    errno.EDQUOT: "your share of the disk is full: free some space, then try again",
    errno.EFBIG: "the file would be larger than is allowed here: raise the limit, then try again",
    errno.EROFS: "the disk is read-only: make it writable, or set OCRGEN_RUNS, then try again",
    errno.EACCES: "permission is denied: give yourself the right to write there, then try again",
    errno.EPERM: "permission is denied: give yourself the right to write there, then try again",
    errno.EIO: "the disk does not answer as it should: look after it, then try again",
}


def explain(fault: OSError, folder: Path) -> str | None:
    """What a fault of the file system means for the work in `folder`, and what to do; None for other faults."""
    if not folder.is_dir():
        return f"{folder.name} was deleted while it was at work: start it again."
    where = fault.filename or folder
    where = os.fsdecode(where) if isinstance(where, bytes) else where
    return f"{where}: {FAULTS[fault.errno]}." if fault.errno in FAULTS else None


def lock(path: Path, wait: float = 0.0) -> int | None:
    """Take the OS lock on a file, which is made if missing, or on a folder; None if another holds it.

    It lasts for as long as the returned descriptor stays open, ends with its process, however that dies, and passes to
    a child that inherits the descriptor.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o644)
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
