"""What waits until there is enough of it for one transaction.

A transaction of exactly the rows of DuckDB's row groups leaves only full ones behind. A few rows more would
be a row group of their own, and the next transaction would compress them and all of its own once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from collectors.ingest_batch import Prepared


class Gathering:
    """Batches in their order, handed on as soon as they hold `rows` records or `size` bytes of spans."""

    def __init__(self, *, rows: int, size: int) -> None:
        self._rows = rows
        self._size = size
        self._held: list[Prepared] = []
        self._records = self._bytes = 0

    def add(self, batch: Prepared) -> Iterator[Sequence[Prepared]]:
        """Take a batch; the transactions that are full with it."""
        while batch.spans.num_rows and self._records + batch.spans.num_rows > self._rows:
            first, batch = _split(batch, self._rows - self._records)
            self._hold(first)
            yield self.rest()
        self._hold(batch)
        if self._records >= self._rows or self._bytes >= self._size:
            yield self.rest()

    def rest(self) -> Sequence[Prepared]:
        """Everything that is held, which is held no longer."""
        held, self._held = self._held, []
        self._records = self._bytes = 0
        return held

    def _hold(self, batch: Prepared) -> None:
        self._held.append(batch)
        self._records += len(batch)
        self._bytes += batch.spans.nbytes


def _split(batch: Prepared, rows: int) -> tuple[Prepared, Prepared]:
    """The first spans, and the spans after them with everything else."""
    return Prepared(spans=batch.spans.slice(0, rows)), replace(batch, spans=batch.spans.slice(rows))
