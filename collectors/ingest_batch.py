"""One transaction's worth of records, whatever they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import duckdb

from collectors.contents import store_contents
from collectors.model import Annotation, Feedback, QuarantinedRecord, Span, content_hash
from collectors.sources.base import SpanContent
from collectors.warehouse import store


@dataclass
class Batch:
    """Records on their way into the warehouse."""

    spans: list[Span] = field(default_factory=list)
    feedback: list[Feedback] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    contents: list[SpanContent] = field(default_factory=list)
    quarantined: list[QuarantinedRecord] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(map(len, (self.spans, self.feedback, self.annotations, self.contents, self.quarantined)))


@dataclass(frozen=True, kw_only=True)
class Stored:
    """How many records of a batch were new."""

    spans: int = 0
    feedback: int = 0
    annotations: int = 0
    contents: int = 0
    quarantined: int = 0


def store_batch(con: duckdb.DuckDBPyConnection, batch: Batch, *, now: datetime) -> Stored:
    """Store what is new of a batch, inside the caller's transaction; stamps `ingested_at` with `now`."""
    return Stored(
        spans=store.insert_spans(con, batch.spans, ingested_at=now),
        feedback=_insert(con, "feedback", "feedback_id", batch.feedback, now),
        annotations=_insert(con, "annotations", "annotation_id", batch.annotations, now),
        contents=store_contents(con, batch.contents, batch.spans, now=now),
        quarantined=quarantine(con, batch.quarantined),
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
