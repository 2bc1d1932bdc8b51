"""Whole numbers, most of them small, as bytes that deflate well."""

import numpy as np


def pack(whole: np.ndarray) -> np.ndarray:
    """Whole numbers (m,) within int32 as uint8 (4, m): the sign in the lowest bit, and bytes of one weight together."""
    whole = whole.astype("<i4")
    return ((whole << 1) ^ (whole >> 31)).view(np.uint8).reshape(-1, 4).T.copy()


def unpack(planes: np.ndarray) -> np.ndarray:
    """The whole numbers int64 (m,) of `pack`; ValueError for anything but bytes (4, m)."""
    if planes.dtype != np.uint8 or planes.ndim != 2 or len(planes) != 4:
        raise ValueError(f"packed numbers are {planes.dtype} {planes.shape}; expected uint8 (4, m)")
    coded = np.ascontiguousarray(planes.T).view("<u4")[:, 0].astype(np.int64)
    return (coded >> 1) ^ -(coded & 1)
