"""MATLAB's .mat files of version 5 to 7 (MAT-File Format, MathWorks): arrays of numbers and texts, and structures.

Objects, functions and sparse arrays are passed over. A size that a file declares is never believed: an array holds what
is there, so that a hostile file costs no more memory than its bytes, unpacked to the limit.
"""

import math
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from ocrgen.datasets.base import DataError
from ocrgen.datasets.formats.archive import MAX_RATIO, MAX_TOTAL, RATIO_FROM, Files
from ocrgen.datasets.formats.arrays import RawArrays
from ocrgen.datasets.formats.npy import from_named

_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8", 16: "u1"}
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _CHAR = 1, 2, 4
# The number type of each class of arrays, double to uint64; the values may be stored in a smaller one.
_CLASSES = dict(enumerate(("f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"), start=6))
_DAMAGES = struct.error, ValueError, LookupError, zlib.error, RuntimeError, OverflowError, MemoryError
_MAX_DEPTH, _MAX_FIELDS = 8, 1000


def read_mat(files: Files, names: list[str]) -> RawArrays:
    """The images and labels of .mat files, one a part, by the names of their variables or fields."""
    arrays: dict[str, np.ndarray] = {}
    for name in names:
        prefix = f"{name.removesuffix('.mat')}/" if len(names) > 1 else ""
        arrays.update((f"{prefix}{key}", array) for key, array in _read(files, name).items())
    getters = {key: lambda a=array: a for key, array in arrays.items()}
    # MATLAB counts from 1, so that the tenth class, 10, is the digit 0 in SVHN and others.
    return from_named(files.about(names[0]) if len(names) == 1 else files.source, getters, ten_is_zero=True)


def _read(files: Files, name: str) -> dict[str, np.ndarray]:
    about = files.about(name)
    content = files.read(name)
    if content.startswith((b"\x89HDF", b"MATLAB 7.3")):
        raise DataError(f"{about}: is a MATLAB 7.3 file (HDF5); save it with the option -v7, or as an .npz.")
    try:
        return dict(_variables(memoryview(content)))
    except DataError as error:
        raise DataError(f"{about}: {error}") from error
    except _DAMAGES as error:
        raise DataError(f"{about}: is no MATLAB file, or a damaged one; get it again.") from error


def _variables(content: memoryview) -> Iterator[tuple[str, np.ndarray]]:
    if bytes(content[126:128]) not in (b"IM", b"MI"):
        raise ValueError("no header")
    order = "<" if bytes(content[126:128]) == b"IM" else ">"
    unpacked = 0
    for kind, data in _elements(content[128:], order):
        if kind == _COMPRESSED:
            most = min(MAX_TOTAL // 2, max(RATIO_FROM, MAX_RATIO * len(content))) - unpacked
            inflater = zlib.decompressobj()
            plain = inflater.decompress(data, most)
            unpacked += len(plain)
            if inflater.unconsumed_tail:
                raise DataError(f"unpacks to more than {unpacked:,} bytes, which is too much for a set of characters.")
            ((kind, data), *_) = _elements(memoryview(plain), order)
        if kind == _MATRIX:
            yield from _matrix(data, order, "", 0)


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """The data elements that follow one another: type and content."""
    place = 0
    while place + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, place)
        if kind >> 16:  # the small format: up to four bytes beside the tag
            kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
            step = 8
        else:
            start = place + 8
            step = 8 + (size if kind == _COMPRESSED else -(-size // 8) * 8)
        if start + size > len(data) or (step == 8 and size > 4 and start == place + 4):
            raise ValueError("cut off")
        yield kind, data[start : start + size]
        place += step


def _matrix(data: memoryview, order: str, prefix: str, depth: int) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays of a matrix element by name; those of a structure by the names of its fields, with dots between."""
    elements = _elements(data, order)
    try:
        flags, dims, name = [_values(next(elements), order) for _ in range(3)]
    except StopIteration:
        return  # an empty field
    shape = tuple(int(side) for side in dims)
    name = prefix + name.astype(np.uint8).tobytes().decode("ascii", "replace")
    kind = int(flags[0]) & 0xFF
    if kind in _CLASSES or kind == _CHAR:
        values = _values(next(elements, (2, data[:0])), order)
        if values.size != math.prod(shape):
            raise ValueError("the declared size is not that of the data")
        values = values.reshape(shape, order="F")
        yield name, _texts(values) if kind == _CHAR else values
    elif kind == _STRUCT and shape == (1, 1) and depth < _MAX_DEPTH:
        length = int(_values(next(elements), order)[0])
        names = _values(next(elements), order).astype(np.uint8).tobytes()
        if length < 1 or len(names) // length > _MAX_FIELDS:
            raise ValueError("no fields")
        fields = [names[i : i + length].split(b"\0")[0].decode("ascii") for i in range(0, len(names), length)]
        for field, (_, inner) in zip(fields, elements, strict=False):
            yield from _matrix(inner, order, f"{name}.{field}", depth + 1)
    elif kind == _CELL and len(shape) == 2 and 1 in shape and depth < _MAX_DEPTH:
        cells = [list(_matrix(inner, order, "", depth + 1)) for _, inner in elements]
        if cells and all(len(cell) == 1 and cell[0][1].shape == (1,) for cell in cells):
            yield name, np.concatenate([cell[0][1] for cell in cells])


def _values(element: tuple[int, memoryview], order: str) -> np.ndarray:
    kind, data = element
    dtype = np.dtype(order + _TYPES[kind])
    return np.frombuffer(data, dtype)


def _texts(codes: np.ndarray) -> np.ndarray:
    """Rows of character codes as texts (K,)."""
    rows = codes.reshape(-1, codes.shape[-1]) if codes.size else codes.reshape(0, 1)
    return np.array(["".join(map(chr, row)).rstrip() for row in rows.tolist()], dtype=str)
