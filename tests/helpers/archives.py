"""Files of a user's own digits, good ones and such as are refused."""

import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ocrgen.datasets import DataError, load_data
from ocrgen.datasets.own import load, read
from ocrgen.utils.errors import UserError


@cache
def good() -> tuple[np.ndarray, np.ndarray]:
    """Three images of each digit, in order of class."""
    digits = load_data("digits").train
    chosen = digits[np.concatenate([np.flatnonzero(digits.labels == c)[:3] for c in range(10)])]
    return chosen.images, chosen.labels


def refused(path: Path, fault: str) -> None:
    """`path` is refused for `fault`, by its name, in one sentence or two; read and load agree."""
    for door in (read, load):
        with pytest.raises(DataError, match=fault) as error:
            door(path)
        assert path.name in str(error.value)
        assert "\n" not in str(error.value) and len(str(error.value)) < 500
    assert issubclass(DataError, UserError)


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path
