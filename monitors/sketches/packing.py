"""Arrays of integers as bytes, in the smallest kind of integer that holds them: one array, one answer."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
_KINDS = {width: np.dtype(f"<i{width}") for width in (1, 2, 4, 8)}
_HEAD = struct.Struct("<BI")


def pack_ints(values: Ints) -> bytes:
    """A width of one byte, a length of four, and the values, little-endian.

    >>> len(pack_ints(np.array([1, -2, 127]))), len(pack_ints(np.array([1, -2, 128])))
    (8, 11)
    """
    low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
    width = next(w for w in _KINDS if -(1 << (8 * w - 1)) <= low and high < 1 << (8 * w - 1))
    return _HEAD.pack(width, values.size) + values.astype(_KINDS[width]).tobytes()


def unpack_ints(blob: bytes, at: int) -> tuple[Ints, int]:
    """The array that begins at `at`, and where it ends; ValueError when the bytes are none.

    >>> unpack_ints(pack_ints(np.array([1, -200])), 0)[0].tolist()
    [1, -200]
    """
    if at + _HEAD.size > len(blob):
        raise ValueError("the bytes of an array are cut off")
    width, size = _HEAD.unpack_from(blob, at)
    start, end = at + _HEAD.size, at + _HEAD.size + width * size
    if width not in _KINDS or end > len(blob):
        raise ValueError("the bytes of an array are cut off, or are none")
    values: Ints = np.frombuffer(blob, dtype=_KINDS[width], count=size, offset=start).astype(np.int64)
    return values, end
