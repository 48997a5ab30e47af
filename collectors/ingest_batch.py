"""One transaction's worth of records, whatever they came from."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

import duckdb
import pyarrow as pa

from collectors.contents import store_contents
from collectors.errors import WarehouseError
from collectors.model import Annotation, Feedback, QuarantinedRecord, Span, content_hash
from collectors.sources.base import SpanContent, shorten
from collectors.warehouse import store
from collectors.warehouse.connection import Warehouse

# What the content of a record can cause; anything else is the state of the warehouse, and is raised.
DATA_ERRORS = (
    pa.ArrowException,
    ValueError,
    TypeError,
    OverflowError,
    duckdb.DataError,
    duckdb.IntegrityError,
    duckdb.InvalidInputException,
)


@dataclass
class Batch:
    """Records on their way into the warehouse."""

    spans: list[Span] = field(default_factory=list)
    feedback: list[Feedback] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    contents: list[SpanContent] = field(default_factory=list)
    quarantined: list[QuarantinedRecord] = field(default_factory=list)

    def __len__(self) -> int:
        lists: tuple[Sized, ...] = (
            self.spans,
            self.feedback,
            self.annotations,
            self.contents,
            self.quarantined,
        )
        return sum(len(records) for records in lists)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """How many records of a batch were new."""

    spans: int = 0
    feedback: int = 0
    annotations: int = 0
    contents: int = 0
    quarantined: int = 0

    def __add__(self, other: Stored) -> Stored:
        return Stored(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


def store_batch(con: duckdb.DuckDBPyConnection, batch: Batch, *, now: datetime) -> Stored:
    """Store what is new of a batch, inside the caller's transaction; stamps `ingested_at` with `now`."""
    return Stored(
        spans=store.insert_spans(con, batch.spans, ingested_at=now),
        feedback=_insert(con, "feedback", "feedback_id", batch.feedback, now),
        annotations=_insert(con, "annotations", "annotation_id", batch.annotations, now),
        contents=store_contents(con, batch.contents, batch.spans, now=now),
        quarantined=quarantine(con, batch.quarantined),
    )


def store_resilient(warehouse: Warehouse, batch: Batch, *, now: datetime) -> tuple[Stored, int]:
    """Store a batch in one transaction; returns what was new and how many spans the warehouse refused.

    When the content of a span makes the transaction fail, the batch is halved until that span stands alone,
    and it is quarantined: one hostile record must not cost its neighbours.
    """
    try:
        with warehouse.write() as con:
            return store_batch(con, batch, now=now), 0
    except DATA_ERRORS as error:
        if len(batch.spans) == 0:
            raise WarehouseError(f"the warehouse refuses a batch: {error}") from error
        if len(batch.spans) == 1 and len(batch) == 1:
            with warehouse.write() as con:
                quarantine(con, [_refused(batch.spans[0], error, now)])
            return Stored(), 1
    middle = len(batch.spans) // 2
    rest = replace(batch, spans=[]) if len(batch) > len(batch.spans) else Batch()
    parts = [Batch(spans=batch.spans[:middle]), Batch(spans=batch.spans[middle:]), rest]
    total, refused = Stored(), 0
    for part in parts:
        if len(part):
            stored, more = store_resilient(warehouse, part, now=now)
            total, refused = total + stored, refused + more
    return total, refused


def _refused(span: Span, error: Exception, now: datetime) -> QuarantinedRecord:
    return QuarantinedRecord(
        file=span.source,
        line=None,
        source=span.source.partition(":")[0],
        reason=f"the warehouse refuses it: {error}",
        raw=shorten(span),
        quarantined_at=now,
    )


def quarantine(con: duckdb.DuckDBPyConnection, records: Sequence[QuarantinedRecord]) -> int:
    """Set bad records aside, once each; returns how many were new."""
    rows = [
        {
            **store.to_row(record),
            "quarantine_id": content_hash(record.file, str(record.line), record.reason, record.raw),
        }
        for record in records
    ]
    return store.insert_missing(con, "quarantine", "quarantine_id", rows)


def _insert(
    con: duckdb.DuckDBPyConnection,
    table: str,
    key: str,
    records: Sequence[Feedback] | Sequence[Annotation],
    now: datetime,
) -> int:
    rows = [store.to_row(replace(record, ingested_at=now)) for record in records]
    return store.insert_new(con, table, [key], rows, time_column="created_at")
