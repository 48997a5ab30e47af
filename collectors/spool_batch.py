"""Decoded requests into the warehouse: many a transaction, with the cursors, bad records set aside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa

from collectors.ingest_batch import DATA_ERRORS, Prepared, Stored, refused, store_batch, together
from collectors.spool_decode import Chunk, Decoding
from collectors.warehouse.connection import Warehouse

_MOVE_CURSOR = "INSERT OR REPLACE INTO spool_cursors VALUES (?, ?, ?)"
_FORGET_CURSORS = "DELETE FROM spool_cursors WHERE NOT list_contains(?, segment)"
_COUNTS = ("requests", "spans", "duplicates", "feedback", "annotations", "contents", "quarantined")


@dataclass(frozen=True, kw_only=True)
class DrainSummary:
    """What was stored. `busy` when another process is draining the same spool."""

    requests: int = 0
    spans: int = 0
    duplicates: int = 0
    feedback: int = 0
    annotations: int = 0
    contents: int = 0
    quarantined: int = 0
    pending_bytes: int = 0
    busy: bool = False

    def __add__(self, other: DrainSummary) -> DrainSummary:
        """What both stored."""
        return DrainSummary(**{name: getattr(self, name) + getattr(other, name) for name in _COUNTS})


@dataclass(frozen=True, kw_only=True)
class Commit:
    """Where decoded requests go. `live` names the segments that exist; `decode` is for second tries."""

    warehouse: Warehouse
    decode: Callable[[Chunk], Decoding]
    now: datetime
    live: Sequence[str]

    def store(self, work: Sequence[tuple[Chunk, Decoding]]) -> DrainSummary:
        """Store the work in one transaction with its cursors.

        When the content of a record makes that fail, the work is halved until the request stands alone, and
        what the warehouse refuses of it is quarantined. Each part is a transaction of its own and moves the
        cursor no further than itself.
        """
        try:
            return self._store([decoding for _, decoding in work])
        except DATA_ERRORS as error:
            failed = error
        parts = [[one] for one in work] if len(work) > 1 else [self._part(p) for p in _halves(work[0][0])]
        if len(parts) < 2:
            return self._store([self._without_bad(work[0][1], failed)])
        total = DrainSummary()
        for part in parts:
            total += self.store(part)
        return total

    def _part(self, chunk: Chunk) -> list[tuple[Chunk, Decoding]]:
        return [(chunk, self.decode(chunk))]

    def _store(self, work: Sequence[Decoding]) -> DrainSummary:
        stored, ends = Stored(), {}
        for one in work:
            ends.update(one.ends)
        batches = together([one.prepared for one in work])
        with self.warehouse.write() as con:
            for batch in batches:
                stored += store_batch(con, batch, now=self.now)
            for segment, position in ends.items():
                con.execute(_MOVE_CURSOR, [segment, position, self.now])
            con.execute(_FORGET_CURSORS, [list(self.live)])
        offered = sum(one.prepared.spans.num_rows + one.prepared.duplicates for one in work)
        return DrainSummary(
            requests=sum(one.requests for one in work),
            spans=stored.spans,
            duplicates=offered - stored.spans,
            feedback=stored.feedback,
            annotations=stored.annotations,
            contents=stored.contents,
            quarantined=stored.quarantined,
        )

    def _without_bad(self, decoding: Decoding, error: Exception) -> Decoding:
        """The request without what the warehouse refuses: each span is tried in a write that is undone."""
        prepared = decoding.prepared
        good: list[pa.Table] = []
        bad = list(prepared.quarantined)
        for row in range(prepared.spans.num_rows):
            alone = prepared.spans.slice(row, 1)
            try:
                with self.warehouse.write() as con:
                    store_batch(con, Prepared(spans=alone), now=self.now)
                    con.rollback()
                    con.begin()
            except DATA_ERRORS as problem:
                (record,) = alone.to_pylist()
                bad.append(refused(record["source"], record, problem, self.now))
            else:
                good.append(alone)
        spans = pa.concat_tables(good) if good else prepared.spans.slice(0, 0)
        if len(good) == prepared.spans.num_rows:
            # Something beside the spans is at fault.
            bad.append(refused("otlp", prepared.quarantined, error, self.now))
            return replace(decoding, prepared=Prepared(spans=spans, quarantined=bad))
        return replace(decoding, prepared=replace(prepared, spans=spans, quarantined=bad))


def _halves(chunk: Chunk) -> list[Chunk]:
    """The chunk in two; alone when it is one request."""
    middle = len(chunk.entries) // 2
    if middle == 0:
        return [chunk]
    return [replace(chunk, entries=chunk.entries[:middle]), replace(chunk, entries=chunk.entries[middle:])]
