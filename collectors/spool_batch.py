"""One transaction's worth of spooled requests: decoded before, stored with the cursor, bad ones set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from collectors.model import QuarantinedRecord, Span, content_hash
from collectors.otlp_request import BadRequestError, TooLargeError, unpack
from collectors.sources.base import shorten
from collectors.sources.otlp import Decoded, decode
from collectors.spool_frame import Entry
from collectors.warehouse import store
from collectors.warehouse.connection import Warehouse

SOURCE = "otlp"
# The receiver has already held the body to its own limit; this one only bounds a forged spool.
_UNPACK_LIMIT = 1 << 30
_MOVE_CURSOR = "INSERT OR REPLACE INTO spool_cursors VALUES (?, ?, ?)"
_FORGET_CURSORS = "DELETE FROM spool_cursors WHERE NOT list_contains(?, segment)"
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
class Batch:
    """What was stored."""

    requests: int = 0
    spans: int = 0
    duplicates: int = 0
    feedback: int = 0
    annotations: int = 0
    contents: int = 0
    quarantined: int = 0

    def __add__(self, other: Batch) -> Batch:
        return Batch(
            requests=self.requests + other.requests,
            spans=self.spans + other.spans,
            duplicates=self.duplicates + other.duplicates,
            feedback=self.feedback + other.feedback,
            annotations=self.annotations + other.annotations,
            contents=self.contents + other.contents,
            quarantined=self.quarantined + other.quarantined,
        )


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


def commit(warehouse: Warehouse, work: Sequence[Work], *, now: datetime, live: Sequence[str]) -> Batch:
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
                store.insert_spans(con, [_stamped(span, now)])
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


def _store(warehouse: Warehouse, work: Sequence[Work], now: datetime, live: Sequence[str]) -> Batch:
    spans = [_stamped(s, now) for w in work for s in w.decoded.spans]
    feedback = [store.to_row(replace(f, ingested_at=now)) for w in work for f in w.decoded.feedback]
    annotations = [store.to_row(replace(a, ingested_at=now)) for w in work for a in w.decoded.annotations]
    refused = [row for w in work for row in _quarantined(w, now)]
    with warehouse.write() as con:
        new = store.insert_spans(con, spans)
        new_feedback = store.insert_new(con, "feedback", ["feedback_id"], feedback, time_column="created_at")
        new_annotations = store.insert_new(
            con, "annotations", ["annotation_id"], annotations, time_column="created_at"
        )
        quarantined = store.replace(con, "quarantine", "quarantine_id", refused)
        for segment, position in {w.segment: w.end for w in work}.items():
            con.execute(_MOVE_CURSOR, [segment, position, now])
        con.execute(_FORGET_CURSORS, [list(live)])
    return Batch(
        requests=sum(w.is_request for w in work),
        spans=new,
        duplicates=len(spans) - new,
        feedback=new_feedback,
        annotations=new_annotations,
        quarantined=quarantined,
    )


def _quarantined(work: Work, now: datetime) -> list[dict[str, Any]]:
    rows = []
    for number, (reason, raw) in enumerate(work.decoded.rejected):
        record = QuarantinedRecord(
            file=f"spool/{work.segment}", line=None, source=SOURCE, reason=reason, raw=raw, quarantined_at=now
        )
        identity = content_hash(record.file, str(work.start), str(number), raw)
        rows.append({"quarantine_id": identity, **store.to_row(record)})
    return rows


def _stamped(span: Span, now: datetime) -> Span:
    return replace(span, ingested_at=now)


def _refused(reason: str, raw: str) -> Decoded:
    return Decoded(rejected=((reason, raw),))
