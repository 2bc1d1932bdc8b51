"""IDX, the format of MNIST's files: a magic number, the dimensions, then the values (LeCun, Cortes & Burges)."""

import gzip
import math
import struct
import zlib
from io import BytesIO

import numpy as np

from ocrgen.datasets.base import DataError

MAX_BYTES = 2**30


def parse_idx(data: bytes, name: str) -> np.ndarray:
    """The uint8 array of an IDX file, plain or gzipped: images (N, H, W) or labels (N,).

    data: the content of the file. name: of the file, for messages. DataError unless it is an intact IDX file of bytes
    with 1 or 3 dimensions.
    """
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.GzipFile(fileobj=BytesIO(data)).read(MAX_BYTES + 1)
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"{name}: the gzip is truncated or damaged; get the file again.") from error
        if len(data) > MAX_BYTES:
            raise DataError(f"{name}: unpacks to more than 1 GiB, which is too large for an IDX file of characters.")
    if data[:4] not in (b"\0\0\x08\x01", b"\0\0\x08\x03"):
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
    if labels.shape != images.shape[:1]:
        raise DataError(f"{names[1]}: holds {labels.shape} for {len(images):,} images; expected one label per image.")
