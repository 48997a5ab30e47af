"""What was worked out for a window is kept while the window is recent: each is asked about in every
length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from monitors.checks.base import WindowSample


class WindowCache:
    """Results by window, the last `size` of them."""

    def __init__(self, size: int = 64) -> None:
        self._size = size
        self._kept: dict[tuple[object, ...], NDArray[Any]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Of windows that come after the reference; no part of what was learnt of it."""
        return {"_size": self._size, "_kept": {}}

    def get(self, sample: WindowSample, work: Callable[[WindowSample], NDArray[Any]]) -> NDArray[Any]:
        """What `work` makes of the sample; a window that was read again with other rows is worked out
        again.
        """
        key = (sample.window, sample.n, len(sample.rows), sample.keys[:1], sample.keys[-1:])
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= self._size:
                del self._kept[next(iter(self._kept))]
            found = self._kept[key] = work(sample)
        return found
