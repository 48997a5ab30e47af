"""Rows of strings as they lie in the table `samples`: one small blob a window.

Here and not with the monitors, since a person who is forgotten is taken out of them too.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence

_LEVEL = 6


def pack(rows: Sequence[str | None]) -> bytes:
    """The rows as compressed JSON; equal rows give equal bytes.

    >>> unpack(pack(["a", None, "b"]))
    ['a', None, 'b']
    """
    return zlib.compress(json.dumps(list(rows), ensure_ascii=True).encode("ascii"), _LEVEL)


def unpack(blob: bytes) -> list[str | None]:
    """What `pack` was given. Lone surrogates and NUL survive: log text is hostile."""
    rows: list[str | None] = json.loads(zlib.decompress(blob))
    return rows
