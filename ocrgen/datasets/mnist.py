"""MNIST, from four IDX files in the layout of torchvision."""

import tempfile
from pathlib import Path

import numpy as np

from ocrgen.datasets.alphabet import DIGITS
from ocrgen.datasets.base import Characters, DataError, Splits, hold_out
from ocrgen.datasets.formats.idx import check_pair, parse_idx
from ocrgen.utils.places import PROGRAM

NAME = "mnist"
CLASSES = DIGITS
TITLE = "MNIST"
ABOUT = (
    "70,000 digits by about 500 people, 28x28 pixels (LeCun, Cortes & Burges 1998); "
    "offered for research by its authors, without a licence file."
)
COUNTS = {"train": 60_000, "t10k": 10_000}
_WORKS = "The bundled digits and your own data work without it."


def _files(root: Path, part: str) -> tuple[Path, Path]:
    raw = root / "MNIST" / "raw"
    images, labels = raw / f"{part}-images-idx3-ubyte", raw / f"{part}-labels-idx1-ubyte"
    return _plain_or_gz(images), _plain_or_gz(labels)


def _plain_or_gz(file: Path) -> Path:
    return file if file.is_file() else file.with_name(f"{file.name}.gz")


def missing(root: Path) -> str | None:
    """None if all four IDX files (plain or .gz) are in root/MNIST/raw, else a message that says what to do."""
    absent = [file.name.removesuffix(".gz") for part in COUNTS for file in _files(root, part) if not file.is_file()]
    if not absent:
        return None
    return (
        f"MNIST is not in {root / 'MNIST' / 'raw'} (no {', '.join(absent)}): `{PROGRAM} data mnist "
        f"--download` fetches it, or put its four IDX files there. {_WORKS}"
    )


def _read(root: Path, part: str) -> Characters:
    files = _files(root, part)
    try:
        images, labels = (parse_idx(file.read_bytes(), str(file)) for file in files)
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read ({error.strerror}).") from error
    check_pair(images, labels, (str(files[0]), str(files[1])))
    if len(images) != COUNTS[part]:
        raise DataError(f"{files[0]}: holds {len(images):,} images; MNIST has {COUNTS[part]:,} in this file.")
    return Characters(images, labels.astype(np.int64), CLASSES, NAME)


def load(root: Path) -> Splits:
    """54,999 / 5,001 / 10,000 images. DataError if a file is missing, damaged or not of MNIST's size.

    The writers are not in the files, so training and validation may share writers; the test set has writers of its own.
    """
    if message := missing(root):
        raise DataError(message)
    return Splits(*hold_out(_read(root, "train")), _read(root, "t10k"))


def download(root: Path) -> None:
    """Download the four files with torchvision into root/MNIST/raw. DataError, and no files left, if that fails."""
    import torchvision

    try:
        root.mkdir(parents=True, exist_ok=True)
        # On the same file system, so that the last step is a rename: a partial download is never taken for MNIST.
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
