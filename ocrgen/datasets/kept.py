"""The lab's own copies of users' data, beside the runs: canonical files, named after the source and their content."""

import hashlib
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ocrgen.datasets.own import OwnData, save
from ocrgen.runs.store import RunStore
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import remove_stale, require_free_space

SUFFIXES = ("npz", "zip")  # zip: copies of earlier versions, as they were uploaded
MOST = 2 * 2**30  # bytes of all copies together
_INCOMING = ".incoming"


def folder(store: RunStore) -> Path:
    """Where the copies are; the leading dot keeps it apart from the runs."""
    return store.root / ".data"


def found(store: RunStore) -> dict[str, Path]:
    """The copies by their absolute path."""
    files = sorted(p for s in SUFFIXES for p in folder(store).glob(f"*.{s}"))
    return {str(p): p for p in files}


def slug(name: str) -> str:
    """A file or folder name as safe letters, without its suffixes."""
    stem = Path(name.replace("\\", "/")).name.partition(".")[0]
    return re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:40] or "data"


@contextmanager
def incoming(store: RunStore) -> Iterator[Path]:
    """A temporary folder on the disk of the copies. UserError if there is none to be had."""
    place = folder(store) / _INCOMING
    try:
        place.mkdir(parents=True, exist_ok=True)
        remove_stale(place.iterdir())
        # A folder of its own: another viewer may bring the same file at the same time.
        with tempfile.TemporaryDirectory(dir=place) as temporary:
            yield Path(temporary)
    except OSError as fault:
        raise UserError(f"The data cannot be kept beside the runs: {fault.strerror}.") from fault


def keep(data: OwnData, store: RunStore) -> Path:
    """Keep a copy of the data; the same data are kept once. UserError if there is no room: nothing is kept then."""
    digest = hashlib.sha256(data.whole.fingerprint.encode())
    for array in (data.parts, data.whole.writers):
        digest.update(b"" if array is None else array.astype("<i8").tobytes())
    path = folder(store) / f"{slug(data.name)}-{digest.hexdigest()[:8]}.npz"
    if path.exists():
        return path
    with incoming(store) as place:
        require_free_space(place, data.whole.images.nbytes)
        save(data, candidate := place / path.name)
        if sum(p.stat().st_size for p in found(store).values()) + candidate.stat().st_size > MOST:
            raise UserError(f"Your own data sets may take {MOST >> 20:,} MB in all: remove one of them first.")
        candidate.replace(path)
    return path
