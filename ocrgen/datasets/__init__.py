"""Data sets of handwritten characters: every module of this folder that has a NAME is one."""

import importlib
import os
import pkgutil
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ocrgen.datasets.alphabet import DIGITS, noun, stored_classes
from ocrgen.datasets.base import Characters, DataError, Splits
from ocrgen.imaging.geometry import GEOMETRIES, Geometry

if TYPE_CHECKING:
    from ocrgen.runs.jobs import Stop
    from ocrgen.runs.run import Run
    from ocrgen.utils.progress import ProgressCallback

__all__ = [
    "Characters",
    "DataError",
    "Splits",
    "classes_of",
    "classes_of_run",
    "data_root",
    "download",
    "existing_path",
    "geometry_for",
    "load_data",
    "sources",
    "title",
]

DATASET = "a data set (digits, mnist, arabic, arabic-letters), or a path to your own data"  # describes the setting
_FIRST = ("digits", "mnist", "arabic", "arabic-letters")


def data_root() -> Path:
    """The folder that holds the data sets: $OCRGEN_DATA, else ocrgen/data in the user's cache folder."""
    if root := os.environ.get("OCRGEN_DATA"):
        return Path(root).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ocrgen" / "data"


@cache
def sources() -> dict[str, ModuleType]:
    """All data sets by name: modules with NAME, TITLE, ABOUT, CLASSES, missing(root), load(root), maybe download(root).

    They are discovered in this folder at the first call; errors on import are not caught.
    """
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    named = [module for module in modules if hasattr(module, "NAME")]
    rank = {name: i for i, name in enumerate(_FIRST)}
    return {m.NAME: m for m in sorted(named, key=lambda m: (rank.get(m.NAME, len(rank)), m.NAME))}


def title(name: str) -> str:
    """A data set's display name; of the user's own data, the file name without the hash that an upload carries."""
    return sources()[name].TITLE if name in sources() else re.sub(r"-[0-9a-f]{8}$", "", Path(name).stem)


def classes_of(name: str) -> tuple[str, ...]:
    """The class texts of the data set `name`; the digits 0 to 9 for own data, whose earlier runs wrote no others."""
    return sources()[name].CLASSES if name in sources() else DIGITS


def classes_of_run(run: "Run") -> tuple[str, ...]:
    """The class texts of the data that a run is about. AlphabetError if those that it has written are damaged."""
    return stored_classes({"classes": run.request.classes}, classes_of(run.request.dataset))


def load_data(name: str) -> Splits:
    """Training, validation and test set of the data set `name`, or of the user's own data at the path `name` (own.py).

    DataError if `name` is neither, or if the files are missing or damaged.
    """
    if name in sources():
        return sources()[name].load(data_root())
    if path := existing_path(name):
        from ocrgen.datasets import own

        return own.load(path)
    raise DataError(
        f"{name!r} is no data set and no existing path: choose one of {', '.join(sources())}, or give the path "
        "of your own data (pictures in one folder per character, as a folder, zip or tar; CSV, Parquet, .npz, .mat or "
        "IDX files)."
    )


def geometry_for(name: str, train: Characters) -> Geometry:
    """How the data set `name` places its characters: known, MNIST's for other digits, measured for anything else."""
    if name in GEOMETRIES or noun(train.classes) == "digit":
        return GEOMETRIES.get(name, GEOMETRIES["mnist"])
    return Geometry.of(train.images)


def download(name: str) -> None:
    """Download the data set `name` from its public address. DataError if it has none, or the download fails."""
    source = sources().get(name)
    if source is None or not hasattr(source, "download"):
        names = [n for n, s in sources().items() if hasattr(s, "download")]
        raise DataError(f"{name!r} is no data set that can be downloaded: choose {', '.join(names)}.")
    source.download(data_root())


def run_download(run: "Run", stop: "Stop", show: "ProgressCallback") -> None:
    """The verb `download` as a job; torchvision's download reports no progress and is stopped by a signal only."""
    download(run.request.dataset)


def existing_path(name: str) -> Path | None:
    """The path that `name` is, with the user's home for ~; None if nothing is there."""
    try:
        path = Path(name).expanduser()
        return path if name and path.exists() else None
    except (OSError, ValueError, RuntimeError):  # too long, with a NUL, or with an unknown user's ~
        return None
