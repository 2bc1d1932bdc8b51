"""IDX, the format of MNIST's files: a magic number, the dimensions, then the values (LeCun, Cortes & Burges)."""

import gzip
import math
import re
import struct
import zlib
from collections.abc import Sequence
from io import BytesIO

import numpy as np

from ocrgen.datasets.base import DataError
from ocrgen.datasets.formats.archive import Files
from ocrgen.datasets.formats.arrays import Piece, RawArrays, join
from ocrgen.datasets.formats.names import part_of
from ocrgen.datasets.formats.sets import one_set

MAX_BYTES = 2**30
IDX = re.compile(r"(.*?)(images|labels)([._-]idx[13]?([._-]u?byte)?|[._-]ubyte)(\.gz)?$", re.IGNORECASE)


def read_idx(files: Files, found: Sequence[str]) -> RawArrays:
    """The images and labels of IDX files in pairs, plain or gzipped; DataError if one of a pair is missing."""
    # torchvision leaves a file and its .gz in one folder; the names are sorted, so that the plain one comes first.
    names: dict[tuple[str, str], str] = {}
    for name in found:
        if match := IDX.fullmatch(name):
            names.setdefault((match[1], match[2].lower()), name)
    stems = sorted({stem for stem, _ in names})
    one_set(files.source, stems)
    pieces = []
    for stem in stems:
        for kind, other in (("images", "labels"), ("labels", "images")):
            if (stem, kind) not in names:
                raise DataError(f"{files.source}: {names[stem, other]} has no file of {kind} beside it; expected both.")
        about = [files.about(names[stem, kind]) for kind in ("images", "labels")]
        images, labels = (
            parse_idx(files.read(names[stem, kind]), name)
            for kind, name in zip(("images", "labels"), about, strict=True)
        )
        if images.ndim not in (3, 4):
            raise DataError(f"{about[0]}: holds {images.shape}; expected images (N, H, W), such as (N, 28, 28).")
        _check_labels(images, labels, about[1])
        pieces.append(Piece(part_of(stem), images, labels))
    return join(files.source, pieces)


def parse_idx(data: bytes, name: str) -> np.ndarray:
    """The uint8 array of an IDX file, plain or gzipped: images (N, H, W) or labels (N,).

    data: the content of the file. name: of the file, for messages. DataError unless it is an intact IDX file of bytes
    with 1 to 4 dimensions.
    """
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.GzipFile(fileobj=BytesIO(data)).read(MAX_BYTES + 1)
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"{name}: the gzip is truncated or damaged; get the file again.") from error
        if len(data) > MAX_BYTES:
            raise DataError(f"{name}: unpacks to more than 1 GiB, which is too large for an IDX file of characters.")
    if data[:3] != b"\0\0\x08" or data[3:4] not in (b"\1", b"\2", b"\3", b"\4"):
        raise DataError(
            f"{name}: not IDX: it begins with {data[:4].hex() or 'nothing'}; "
            "expected 00000803 (images) or 00000801 (labels)."
        )
    start = 4 + 4 * data[3]
    shape = struct.unpack(f">{data[3]}I", data[4:start].ljust(start - 4, b"\0"))
    expected = start + math.prod(shape)
    if len(data) != expected:
        fault = "truncated" if len(data) < expected else "too long"
        raise DataError(f"{name}: {fault}: {len(data):,} bytes; its header asks for {expected:,}.")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape).copy()


def check_pair(images: np.ndarray, labels: np.ndarray, names: tuple[str, str]) -> None:
    """DataError unless images are (N, 28, 28) and labels (N,); `names` are those of the two files, for messages."""
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        raise DataError(f"{names[0]}: holds {images.shape}; expected images (N, 28, 28).")
    _check_labels(images, labels, names[1])


def _check_labels(images: np.ndarray, labels: np.ndarray, name: str) -> None:
    if labels.shape[:1] != images.shape[:1] or labels.ndim > 2:
        raise DataError(f"{name}: holds {labels.shape} for {len(images):,} images; expected one label per image.")
