"""One transaction's worth of spooled requests: decoded before, stored with the cursor, bad ones set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb
import pyarrow as pa

from collectors.ingest_batch import Batch, store_batch
from collectors.model import QuarantinedRecord, Span
from collectors.otlp_request import BadRequestError, TooLargeError, unpack
from collectors.sources.base import shorten
from collectors.sources.otlp import Decoded, decode
from collectors.spool_frame import Entry
from collectors.warehouse.connection import Warehouse

SOURCE = "otlp"
# The receiver has already held the body to its own limit; this one only bounds a forged spool.
_UNPACK_LIMIT = 1 << 30
_MOVE_CURSOR = "INSERT OR REPLACE INTO spool_cursors VALUES (?, ?, ?)"
_FORGET_CURSORS = "DELETE FROM spool_cursors WHERE NOT list_contains(?, segment)"
_COUNTS = ("requests", "spans", "duplicates", "feedback", "annotations", "contents", "quarantined")
# What the content of a record can cause; anything else is the state of the warehouse, and waits.
_DATA_ERRORS = (
    pa.ArrowException,
    ValueError,
    TypeError,
    OverflowError,
    duckdb.DataError,
    duckdb.IntegrityError,
    duckdb.InvalidInputException,
)


@dataclass(frozen=True, kw_only=True)
class Work:
    """One spooled request after decoding, or what is wrong with it."""

    segment: str
    start: int
    end: int
    decoded: Decoded
    size: int
    is_request: bool = True

    @property
    def items(self) -> int:
        return len(self.decoded.spans) + len(self.decoded.span_contents)


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


def decode_entry(segment: str, entry: Entry) -> Work:
    """The entry as work; whatever it holds, this does not raise."""
    record = entry.record
    if record is None:
        decoded = _refused(
            entry.damage, f"{entry.end - entry.start} bytes at {entry.start} of spool segment {segment}"
        )
        return Work(
            segment=segment, start=entry.start, end=entry.end, decoded=decoded, size=0, is_request=False
        )
    body = record.body
    try:
        body = unpack(record.body, record.encoding, _UNPACK_LIMIT)
        decoded = decode(
            "logs" if record.signal == "logs" else "traces", body, record.content_type, source=SOURCE
        )
    except (BadRequestError, TooLargeError) as error:
        decoded = _refused(str(error), shorten(record.body[:500]))
    except Exception as error:
        # Hostile input must not stop the spool, whatever the decoder makes of it.
        decoded = _refused(f"{type(error).__name__}: {error}", shorten(body[:500]))
    return Work(segment=segment, start=entry.start, end=entry.end, decoded=decoded, size=len(body))


def commit(warehouse: Warehouse, work: Sequence[Work], *, now: datetime, live: Sequence[str]) -> DrainSummary:
    """Store the work in one transaction with its cursors; `live` names the segments that exist.

    When the content of a record makes that fail, the work is halved until the record stands alone, and it is
    quarantined. Each part is a transaction of its own and moves the cursor no further than itself.
    """
    try:
        return _store(warehouse, work, now, live)
    except _DATA_ERRORS as error:
        if len(work) > 1:
            middle = len(work) // 2
            return commit(warehouse, work[:middle], now=now, live=live) + commit(
                warehouse, work[middle:], now=now, live=live
            )
        return _store(warehouse, [_without_bad(warehouse, work[0], now, live, error)], now, live)


def _without_bad(
    warehouse: Warehouse, work: Work, now: datetime, live: Sequence[str], error: Exception
) -> Work:
    """The request without what the warehouse refuses: each span is tried in a write that is rolled back."""
    good: list[Span] = []
    refused = list(work.decoded.rejected)
    for span in work.decoded.spans:
        try:
            with warehouse.write() as con:
                store_batch(con, Batch(spans=[span]), now=now)
                con.rollback()
                con.begin()
        except _DATA_ERRORS as problem:
            refused.append((f"the warehouse refuses it: {problem}", shorten(span)))
        else:
            good.append(span)
    if len(good) == len(work.decoded.spans):
        # Something beside the spans is at fault.
        refused.append((f"the warehouse refuses it: {error}", shorten(work.decoded)))
        return replace(work, decoded=Decoded(spans=tuple(good), rejected=tuple(refused)))
    return replace(work, decoded=replace(work.decoded, spans=tuple(good), rejected=tuple(refused)))


def _store(warehouse: Warehouse, work: Sequence[Work], now: datetime, live: Sequence[str]) -> DrainSummary:
    batch = Batch()
    for one in work:
        batch.spans += one.decoded.spans
        batch.feedback += one.decoded.feedback
        batch.annotations += one.decoded.annotations
        batch.contents += one.decoded.span_contents
        batch.quarantined += [
            QuarantinedRecord(
                file=f"spool/{one.segment}",
                line=None,
                source=SOURCE,
                reason=reason,
                raw=raw,
                quarantined_at=now,
            )
            for reason, raw in one.decoded.rejected
        ]
    ends = {one.segment: one.end for one in work}
    with warehouse.write() as con:
        stored = store_batch(con, batch, now=now)
        for segment, position in ends.items():
            con.execute(_MOVE_CURSOR, [segment, position, now])
        con.execute(_FORGET_CURSORS, [list(live)])
    return DrainSummary(
        requests=sum(one.is_request for one in work),
        spans=stored.spans,
        duplicates=len(batch.spans) - stored.spans,
        feedback=stored.feedback,
        annotations=stored.annotations,
        contents=stored.contents,
        quarantined=stored.quarantined,
    )


def _refused(reason: str, raw: str) -> Decoded:
    return Decoded(rejected=((reason, raw),))
