"""A distance of two samples of embeddings, worked out on a bounded number of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from monitors.statistics.two_sample import TwoSample

Rows = NDArray[np.floating[Any]]
Kind = TypeVar("Kind", bound=np.generic)
GRID = 1.5  # numbers of rows this close share a null


def evenly(rows: NDArray[Kind], limit: int) -> NDArray[Kind]:
    """At most `limit` of the rows, evenly over their order, which is time.

    >>> evenly(np.arange(10.0), 3).tolist()
    [0.0, 4.0, 9.0]
    """
    if len(rows) <= limit:
        return rows
    return rows[np.linspace(0, len(rows) - 1, limit).astype(np.int64)]


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """See `_past_blocks.Distance`.

    Attributes:
        of: the test of x (n, d) against y (m, d) with so many permutations.
        power: see `Distance`. rows, reference_rows: the most that are used of either side.
    """

    of: Callable[[Rows, Rows, int], TwoSample]
    power: float
    rows: int = 291
    reference_rows: int = 400

    def prepare(self, rows: Any) -> Rows:
        """At most `reference_rows` of the reference's."""
        return evenly(rows, self.reference_rows)

    def between(self, rows: Any, prepared: Any) -> float:
        """The distance; at least 0."""
        return max(0.0, self.of(evenly(rows, self.rows), prepared, 0).value)

    def test(self, rows: Any, prepared: Any, *, permutations: int) -> TwoSample:
        """The same with permutations of single rows, which are only right for independent ones."""
        chosen = evenly(rows, self.rows)
        return self.of(chosen, evenly(prepared, self.reference_rows), permutations)
