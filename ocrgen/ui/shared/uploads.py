"""Data sets that users bring through the browser: checked in full, then kept beside the runs."""

import hashlib
import re
import tempfile
from pathlib import Path

import streamlit as st

from ocrgen import datasets
from ocrgen.ui.shared.cache import store
from ocrgen.utils.errors import UserError
from ocrgen.utils.files import remove_stale, require_free_space, write_atomically

SUFFIXES = ("zip", "npz")
MOST = 2 * 2**30  # bytes of all uploads together


def folder() -> Path:
    """Where uploaded data sets are kept; the leading dot keeps it apart from the runs."""
    return store().root / ".data"


def found() -> dict[str, Path]:
    """Uploaded data sets by their absolute path."""
    files = sorted(p for s in SUFFIXES for p in folder().glob(f"*.{s}"))
    return {str(p): p for p in files}


def data_sets() -> dict[str, str]:
    """Names of all data sets that there are, uploaded ones as paths, with their titles."""
    own = found()
    short = list(map(datasets.title, own))
    titles = {p: t if short.count(t) == 1 else Path(p).stem for p, t in zip(own, short, strict=True)}
    return {name: source.TITLE for name, source in datasets.sources().items()} | titles


def keep(name: str, content: bytes) -> Path:
    """Check an upload as a data set and keep it; the kept name is made of safe letters and a hash.

    UserError if it is no data set, or if there is no room: nothing is kept then.
    """
    from ocrgen.datasets import load_data

    stem, suffix = Path(name).stem, Path(name).suffix.lower()
    slug = re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:40] or "data"
    path = folder() / f"{slug}-{hashlib.sha256(content).hexdigest()[:8]}{suffix}"
    if path.exists():
        return path
    incoming = folder() / ".incoming"
    try:
        incoming.mkdir(parents=True, exist_ok=True)
        remove_stale(incoming.iterdir())
        _room(len(content))
        # A folder of its own: another viewer may bring the same file at the same time.
        with tempfile.TemporaryDirectory(dir=incoming) as place:
            candidate = Path(place) / path.name
            write_atomically(candidate, content)
            load_data(str(candidate))
            candidate.replace(path)
    except OSError as fault:
        raise UserError(f"The upload cannot be kept in {folder()}: {fault.strerror}.") from fault
    return path


def _room(size: int) -> None:
    """UserError if so many bytes more are too many for the folder, or for its disk."""
    if sum(p.stat().st_size for p in found().values()) + size > MOST:
        raise UserError(f"Uploaded data sets may take {MOST >> 20:,} MB in all: remove one from {folder()} first.")
    require_free_space(folder(), size)


def uploader(key: str) -> str | None:
    """A drop zone for a data set; returns the path of one that has just been accepted."""
    about = (
        "A .zip with one folder per character, named after it (0 to 9, letters, words), or an .npz with images, labels "
        "and classes; images upright"
    )
    file = st.file_uploader(about, type=list(SUFFIXES), key=key)
    if file is None or st.session_state.get(f"{key}_done") == file.file_id:
        return None
    try:
        with st.spinner("Reading and checking …"):
            path = keep(file.name, file.getvalue())
    except UserError as problem:
        st.error(str(problem))
        return None
    st.session_state[f"{key}_done"] = file.file_id
    return str(path)
