"""Data sets of handwritten digits: every file of this folder that has a NAME is one."""

import importlib
import os
import pkgutil
import re
from functools import cache
from pathlib import Path
from types import ModuleType

from ocrgen.datasets.base import DataError, Digits, Splits

__all__ = ["DataError", "Digits", "Splits", "data_root", "download", "load_digits", "sources", "title"]

_FIRST = ("digits", "mnist", "arabic")


def data_root() -> Path:
    """The folder that holds the data sets: $OCRGEN_DATA, else ocrgen/data in the user's cache folder."""
    if given := os.environ.get("OCRGEN_DATA"):
        return Path(given).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ocrgen" / "data"


@cache
def sources() -> dict[str, ModuleType]:
    """Every data set by name: modules with NAME, TITLE, ABOUT, missing(root), load(root) and maybe download(root).

    Found in this folder on the first call; whatever a module raises on import goes through to the caller.
    """
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    named = [module for module in modules if hasattr(module, "NAME")]
    place = {name: i for i, name in enumerate(_FIRST)}
    return {m.NAME: m for m in sorted(named, key=lambda m: (place.get(m.NAME, len(place)), m.NAME))}


def title(name: str) -> str:
    """A data set's name for people; of one's own data the file's, without the hash that an upload is kept under."""
    return sources()[name].TITLE if name in sources() else re.sub(r"-[0-9a-f]{8}$", "", Path(name).stem)


def load_digits(name: str) -> Splits:
    """Train, validation and test of the data set `name`, or of the user's own data at the path `name` (see own.py).

    Raises DataError if there is neither, or if what is there is missing or damaged.
    """
    if name in sources():
        return sources()[name].load(data_root())
    if path := _existing(name):
        from ocrgen.datasets import own

        return own.load(path)
    raise DataError(
        f"{name!r} is no data set and no path that exists: choose one of {', '.join(sources())}, or give the path of "
        "your own data (a folder or zip with one folder per digit, an .npz, or IDX files)."
    )


def download(name: str) -> None:
    """Fetch the data set `name` from its public address. DataError if it has none, or cannot be reached."""
    source = sources().get(name)
    if source is None or not hasattr(source, "download"):
        able = [n for n, s in sources().items() if hasattr(s, "download")]
        raise DataError(f"{name!r} is no data set that can be downloaded: {', '.join(able)}.")
    source.download(data_root())


def run_download(run, stop, show) -> None:
    """The verb `download` as a job; the tool that fetches shows no steps and ends at a signal."""
    download(run.request.dataset)


def _existing(name: str) -> Path | None:
    try:
        path = Path(name).expanduser()
        return path if name and path.exists() else None
    except (OSError, ValueError, RuntimeError):  # too long, a NUL in it, or a home folder that nobody has
        return None
