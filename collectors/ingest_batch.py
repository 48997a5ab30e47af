"""One transaction's worth of records, whatever they came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from itertools import chain

import duckdb
import pyarrow as pa

from collectors.columns import SpanColumns
from collectors.contents import store_contents
from collectors.different import surely_different
from collectors.errors import WarehouseError
from collectors.merging import merge_parts, merge_unfinished
from collectors.model import Annotation, Feedback, QuarantinedRecord, Span, content_hash
from collectors.retention.tombstones import refuse
from collectors.sources.base import SpanContent, shorten
from collectors.tables import SPAN_SCHEMA, column_table, table_columns
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
_KEY = ["trace_id", "span_id"]


@dataclass
class Batch:
    """Records on their way into the warehouse; spans as objects, as columns, as a table, or all of these."""

    spans: list[Span] = field(default_factory=list)
    columns: SpanColumns = field(default_factory=SpanColumns)
    table: pa.Table = field(default_factory=SPAN_SCHEMA.empty_table)
    feedback: list[Feedback] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    contents: list[SpanContent] = field(default_factory=list)
    quarantined: list[QuarantinedRecord] = field(default_factory=list)

    def __len__(self) -> int:
        lists: tuple[Sized, ...] = (
            self.spans,
            self.columns,
            self.feedback,
            self.annotations,
            self.contents,
            self.quarantined,
        )
        return sum(len(records) for records in lists) + int(self.table.num_rows)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """How many records of a batch were new. `forgotten`: spans of users whose data was deleted."""

    spans: int = 0
    feedback: int = 0
    annotations: int = 0
    contents: int = 0
    quarantined: int = 0
    forgotten: int = 0

    def __sub__(self, gone: Mapping[str, int]) -> Stored:
        """Without the rows, by table, that were taken out again: they are of users who were forgotten."""
        return replace(
            self,
            spans=max(0, self.spans - gone["spans"]),
            feedback=max(0, self.feedback - gone["feedback"]),
            annotations=max(0, self.annotations - gone["annotations"]),
            contents=max(0, self.contents - gone["span_contents"]),
            forgotten=gone["spans"],
        )

    def __add__(self, other: Stored) -> Stored:
        return Stored(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A batch that is ready to be stored: its spans as an Arrow table, each (trace_id, span_id) once."""

    spans: pa.Table
    feedback: Sequence[Feedback] = ()
    annotations: Sequence[Annotation] = ()
    contents: Sequence[SpanContent] = ()
    quarantined: Sequence[QuarantinedRecord] = ()
    duplicates: int = 0
    refused: int = 0

    def __len__(self) -> int:
        others: tuple[Sized, ...] = (self.feedback, self.annotations, self.contents, self.quarantined)
        return int(self.spans.num_rows) + sum(len(records) for records in others)

    def halves(self) -> tuple[Prepared, Prepared, Prepared]:
        """The spans in two parts, and everything else."""
        middle = self.spans.num_rows // 2
        return (
            Prepared(spans=self.spans.slice(0, middle)),
            Prepared(spans=self.spans.slice(middle)),
            replace(self, spans=self.spans.slice(0, 0)),
        )


def prepare(batch: Batch, *, now: datetime) -> Prepared:
    """The batch as it will be stored. A span that no table can hold is quarantined, alone."""
    parts = [part for part in (SpanColumns.of(batch.spans), batch.columns) if part.rows]
    ready = batch.table
    offered = sum(part.rows for part in parts) + ready.num_rows
    if _different(parts, ready) < offered:
        # Rare, so the parts of a span are merged as objects: there is one way to do it.
        every = [*batch.spans, *batch.columns.spans(), *table_columns(ready).spans()]
        parts, ready = [SpanColumns.of(merge_parts(every))], ready.slice(0, 0)
    rows = sum(part.rows for part in parts) + ready.num_rows
    quarantined = list(batch.quarantined)
    try:
        table = pa.concat_tables([ready, *(column_table(part) for part in parts)])
    except DATA_ERRORS:
        tables = [ready]
        for one in (part.slice(row, row + 1) for part in parts for row in range(part.rows)):
            try:
                tables.append(column_table(one))
            except DATA_ERRORS as error:
                quarantined.append(refused(one.column("source")[0], one.span(0), error, now))
        table = pa.concat_tables(tables)
    return Prepared(
        spans=table,
        feedback=batch.feedback,
        annotations=batch.annotations,
        contents=batch.contents,
        quarantined=quarantined,
        duplicates=offered - rows,
        refused=rows - table.num_rows,
    )


def _different(parts: Sequence[SpanColumns], table: pa.Table) -> int:
    """How many (trace_id, span_id) there are."""
    if not parts and surely_different(table["span_id"]):
        return int(table.num_rows)
    keys = table.select(_KEY).group_by(_KEY).aggregate([])
    if not parts:
        return int(keys.num_rows)
    ids = zip(*(keys[name].to_pylist() for name in _KEY), strict=True)
    return len(set(chain(ids, *(part.ids() for part in parts))))


def together(batches: Sequence[Prepared]) -> Sequence[Prepared]:
    """The batches as one, so that a transaction asks each question once; as they are when two hold a span."""
    if len(batches) < 2:
        return batches
    spans = pa.concat_tables([batch.spans for batch in batches])
    if _different((), spans) < spans.num_rows:
        return batches
    return [
        Prepared(
            spans=spans,
            feedback=[record for batch in batches for record in batch.feedback],
            annotations=[record for batch in batches for record in batch.annotations],
            contents=[record for batch in batches for record in batch.contents],
            quarantined=[record for batch in batches for record in batch.quarantined],
            duplicates=sum(batch.duplicates for batch in batches),
            refused=sum(batch.refused for batch in batches),
        )
    ]


def store_batch(con: duckdb.DuckDBPyConnection, batch: Batch | Prepared, *, now: datetime) -> Stored:
    """Store what is new of a batch, inside the caller's transaction; stamps `ingested_at` with `now`.

    Spans of which a part is stored already are completed; they do not count as new.
    """
    ready = prepare(batch, now=now) if isinstance(batch, Batch) else batch
    if ready.spans.num_rows:
        con.register("parts_of_spans", ready.spans)
        merge_unfinished(con, "parts_of_spans", now=now)
        con.unregister("parts_of_spans")
    stored = Stored(
        spans=store.insert_span_table(con, ready.spans, ingested_at=now),
        feedback=_insert(con, "feedback", "feedback_id", ready.feedback, now),
        annotations=_insert(con, "annotations", "annotation_id", ready.annotations, now),
        contents=store_contents(con, ready.contents, ready.spans, now=now),
        quarantined=quarantine(con, ready.quarantined),
    )
    gone = refuse(con, since=now)
    return stored - gone if gone else stored


def store_several(warehouse: Warehouse, batches: Sequence[Prepared], *, now: datetime) -> tuple[Stored, int]:
    """Store batches in one transaction, as `store_resilient` does with one."""
    total, as_one = Stored(), together(batches)
    try:
        with warehouse.write() as con:
            for batch in as_one:
                total += store_batch(con, batch, now=now)
    except DATA_ERRORS:
        total, set_aside = Stored(), 0
        for batch in batches:
            stored, more = store_resilient(warehouse, batch, now=now)
            total, set_aside = total + stored, set_aside + more
        return total, set_aside
    return total, 0


def store_resilient(warehouse: Warehouse, batch: Prepared, *, now: datetime) -> tuple[Stored, int]:
    """Store a batch in one transaction; returns what was new and how many spans the warehouse refused.

    When the content of a span makes the transaction fail, the batch is halved until that span stands alone,
    and it is quarantined: one hostile record must not cost its neighbours.
    """
    try:
        with warehouse.write() as con:
            return store_batch(con, batch, now=now), 0
    except DATA_ERRORS as error:
        if batch.spans.num_rows == 0:
            raise WarehouseError(f"the warehouse refuses a batch: {error}") from error
        if batch.spans.num_rows == 1 and len(batch) == 1:
            row = batch.spans.to_pylist()[0]
            with warehouse.write() as con:
                quarantine(con, [refused(row["source"], row, error, now)])
            return Stored(), 1
    total, set_aside = Stored(), 0
    for part in batch.halves():
        if len(part):
            stored, more = store_resilient(warehouse, part, now=now)
            total, set_aside = total + stored, set_aside + more
    return total, set_aside


def refused(source: str, record: object, error: Exception, now: datetime) -> QuarantinedRecord:
    """The quarantine record of one that the warehouse, or a table for it, cannot hold."""
    return QuarantinedRecord(
        file=source,
        line=None,
        source=source.partition(":")[0],
        reason=f"the warehouse refuses it: {error}",
        raw=shorten(record),
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
    records: Sequence[Feedback | Annotation],
    now: datetime,
) -> int:
    rows = [store.to_row(replace(record, ingested_at=now)) for record in records]
    return store.insert_new(con, table, [key], rows, time_column="created_at")
