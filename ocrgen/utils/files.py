"""Files shared between processes: atomic replacement, OS locks, disk space and file-system errors."""

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

MIN_FREE = 200 * 2**20  # bytes that must stay free on a disk
STALE_AFTER = 3600.0  # seconds without a change after which a temporary folder is considered abandoned


def write_atomically(path: Path, data: bytes | str) -> None:
    """Write `path` under a temporary name, sync, and rename: it always holds its old or its new content, whole.

    OSError if it cannot be written; the old content stays then, and no temporary file is left.
    """
    temporary = partial_path(path)
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
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def partial_path(path: Path) -> Path:
    """The temporary name under which `write_atomically` writes a file before it is renamed."""
    return path.with_name(f".{path.name}.part")


def remove_partial_files(folder: Path) -> None:
    """Remove the temporary files of killed processes below `folder`; the caller must hold the folder's lock."""
    for file in folder.rglob(".*.part"):
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def remove_stale(folders: Iterable[Path]) -> None:
    """Remove those temporary folders that have not changed for an hour: the processes that made them were killed."""
    for folder in folders:
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > STALE_AFTER:
                shutil.rmtree(folder, ignore_errors=True)


def require_free_space(folder: Path, size: int = 0) -> None:
    """UserError unless the disk of `folder` has room for `size` bytes and MIN_FREE more."""
    if (free := shutil.disk_usage(folder).free) < MIN_FREE + size:
        raise UserError(f"Only {free // 2**20} MB are free on the disk of {folder}: make room first.")


def overwrite(path: Path, data: bytes) -> None:
    """Overwrite a file in place, which works even on a full disk; blanks pad `data` to the old length.

    OSError (ENOSPC), and nothing written, if `data` is longer than the file.
    """
    descriptor = os.open(path, os.O_WRONLY)
    try:
        size = os.fstat(descriptor).st_size
        if len(data) > size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.pwrite(descriptor, data.ljust(size), 0)
    finally:
        os.close(descriptor)


ADVICE = {
    errno.ENOSPC: "the disk is full: free some space, then try again",
    errno.EDQUOT: "your share of the disk is full: free some space, then try again",
    errno.EFBIG: "the file would be larger than is allowed here: raise the limit, then try again",
    errno.EROFS: "the disk is read-only: make it writable, or set OCRGEN_RUNS, then try again",
    errno.EACCES: "permission is denied: give yourself the right to write there, then try again",
    errno.EPERM: "permission is denied: give yourself the right to write there, then try again",
    errno.EIO: "the disk reports an input/output error: check it, then try again",
}


def explain(error: OSError, folder: Path) -> str | None:
    """What a file-system error in a job that works in `folder` means, and what to do; None if it has no explanation."""
    if not folder.is_dir():
        return f"{folder.name} was deleted while it was at work: start it again."
    path = error.filename or folder
    path = os.fsdecode(path) if isinstance(path, bytes) else path
    return f"{path}: {ADVICE[error.errno]}." if error.errno in ADVICE else None


def lock(path: Path, wait: float = 0.0) -> int | None:
    """Take the exclusive OS lock (flock) on a file, created if missing, or on a folder: its open file descriptor.

    wait: seconds to keep trying; None is returned if another process still holds the lock then.
    The lock lasts while the descriptor is open, is released however the process ends, and is kept by a child process
    that inherits the descriptor.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o644)
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
        time.sleep(0.02)


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock on `path`; False if it cannot be opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # Shared, so that two processes that check at once do not take each other for the holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
