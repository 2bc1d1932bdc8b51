"""MNIST, from the four IDX files where torchvision puts them."""

import tempfile
from pathlib import Path

import numpy as np

from ocrgen.datasets.base import DataError, Digits, Splits, hold_out
from ocrgen.datasets.formats.idx import check_pair, parse_idx

NAME = "mnist"
TITLE = "MNIST"
ABOUT = (
    "70,000 digits by about 500 people, 28x28 pixels (LeCun, Cortes & Burges 1998); "
    "offered for research by its authors, without a licence file."
)
COUNTS = {"train": 60_000, "t10k": 10_000}
_WORKS = "The bundled digits and your own data work without it."


def _files(root: Path, part: str) -> tuple[Path, Path]:
    raw = root / "MNIST" / "raw"
    plain = (raw / f"{part}-images-idx3-ubyte", raw / f"{part}-labels-idx1-ubyte")
    return tuple(file if file.is_file() else file.with_name(file.name + ".gz") for file in plain)


def missing(root: Path) -> str | None:
    """None if all four IDX files (plain or .gz) are in root/MNIST/raw, else what to do."""
    lost = [file.name.removesuffix(".gz") for part in COUNTS for file in _files(root, part) if not file.is_file()]
    if not lost:
        return None
    return (
        f"MNIST is not in {root / 'MNIST' / 'raw'} (no {', '.join(lost)}): `python -m ocrgen data mnist "
        f"--download` fetches it, or put its four IDX files there. {_WORKS}"
    )


def _read(root: Path, part: str) -> Digits:
    files = _files(root, part)
    try:
        images, labels = (parse_idx(file.read_bytes(), str(file)) for file in files)
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror}).") from error
    check_pair(images, labels, tuple(map(str, files)))
    if len(images) != COUNTS[part]:
        raise DataError(f"{files[0]}: holds {len(images):,} images; MNIST has {COUNTS[part]:,} in this file.")
    return Digits(images, labels.astype(np.int64), NAME)


def load(root: Path) -> Splits:
    """54,999 / 5,001 / 10,000 images. Raises DataError if a file is missing, damaged or not of MNIST's size.

    The writers are not known, so validation may share writers with train; test does not.
    """
    if fault := missing(root):
        raise DataError(fault)
    return Splits(*hold_out(_read(root, "train")), _read(root, "t10k"))


def download(root: Path) -> None:
    """Fetch the four files with torchvision into root/MNIST/raw; nothing is left behind if that fails (DataError)."""
    import torchvision

    try:
        root.mkdir(parents=True, exist_ok=True)
        # Same folder, so that the last step is a rename: a broken download never looks like a data set.
        with tempfile.TemporaryDirectory(dir=root) as folder:
            torchvision.datasets.MNIST(folder, download=True)
            load(Path(folder))
            target = root / "MNIST" / "raw"
            target.mkdir(parents=True, exist_ok=True)
            for part in COUNTS:
                for file in _files(Path(folder), part):
                    file.replace(target / file.name)
    except (RuntimeError, OSError) as error:
        cause = " ".join(str(error).split())
        raise DataError(f"MNIST could not be downloaded to {root} ({cause}). {_WORKS}") from error
