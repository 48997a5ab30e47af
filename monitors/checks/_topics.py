"""What the checks on topics share: evidence about one topic, which the explanation then gives a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitors.checks.base import WindowSample
from monitors.statistics.shares import binomial_variance, window_share

FIELDS = frozenset({"input_text", "output_text"})
_REFERENCE_ROWS = 400
_Z95 = 1.959964


def rows_of(samples: Sequence[WindowSample]) -> NDArray[np.float32]:
    """(k, d) the rows of some windows."""
    return np.concatenate([s.rows for s in samples])


def windows_of(samples: Sequence[WindowSample]) -> NDArray[np.int64]:
    """(k,) the number of the window of each row."""
    return np.repeat(np.arange(len(samples)), [len(s.rows) for s in samples])


def topic_evidence(
    number: int,
    inside: NDArray[np.bool_],
    samples: Sequence[WindowSample],
    *,
    usual: float,
    reference_rows: NDArray[np.int64],
) -> dict[str, Any]:
    """What is known of a topic: its number, its share and the 95 % interval of that with whole windows as
    units (independent rows where there are fewer than four), what is usual, and the numbers of its rows.

    inside: which rows of the windows are of the topic; reference_rows: numbers of its rows of the reference.
    """
    share, error = window_share(inside, windows_of(samples))
    if not np.isfinite(error):
        error = float(np.sqrt(binomial_variance(share, len(inside))))
    thinned = reference_rows[: len(reference_rows) : max(1, -(-len(reference_rows) // _REFERENCE_ROWS))]
    return {
        "number": number,
        "share": share,
        "low": max(0.0, share - _Z95 * error),
        "high": min(1.0, share + _Z95 * error),
        "usual": usual,
        "rows": np.flatnonzero(inside).tolist(),
        "reference_rows": thinned.tolist(),
    }
