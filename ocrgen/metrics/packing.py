"""Encode integers, most of them small, as bytes that compress well: zigzag encoding and byte planes."""

import numpy as np


def pack(integers: np.ndarray) -> np.ndarray:
    """Integers (m,) in the range of int32 as uint8 (4, m): zigzag-encoded, one row per byte, lowest first."""
    integers = integers.astype("<i4")
    return ((integers << 1) ^ (integers >> 31)).view(np.uint8).reshape(-1, 4).T.copy()


def unpack(planes: np.ndarray) -> np.ndarray:
    """The inverse of `pack`: integers int64 (m,). ValueError for anything but uint8 (4, m)."""
    if planes.dtype != np.uint8 or planes.ndim != 2 or len(planes) != 4:
        raise ValueError(f"packed numbers are {planes.dtype} {planes.shape}; expected uint8 (4, m)")
    coded = np.ascontiguousarray(planes.T).view("<u4")[:, 0].astype(np.int64)
    return (coded >> 1) ^ -(coded & 1)
