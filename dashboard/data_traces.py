"""The trace explorer's reads: a page of traces, and one trace with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.rollups.read import Rolled
from collectors.rollups.refresh import EVER, runs
from collectors.warehouse.connection import Connection, Warehouse
from collectors.warehouse.store import Row
from dashboard.data import TimeRange, records, select
from dashboard.data_incident import as_mapping
from dashboard.data_search import parts

PAGE_SIZE = 25
SORTS: Mapping[str, str] = {
    "newest": "Newest first",
    "slowest": "Slowest first",
    "costliest": "Costliest first",
    "errors": "Most errors first",
}


@dataclass(frozen=True, kw_only=True)
class TraceFilter:
    """Which traces: those with a span that fits all of these. None is any.

    further: how often more than the newest part of the range was asked for, where a text is looked for.
    """

    component: str | None = None
    status: str | None = None
    version: str | None = None
    environment: str | None = None
    text: str | None = None
    sort: str = "newest"
    page: int = 1
    further: int = 0


@dataclass(frozen=True, kw_only=True)
class TraceRow:
    """One trace in the list."""

    trace_id: str
    started_at: datetime
    component: str
    input_text: str | None
    duration_s: float | None
    spans: int
    errors: int
    cost_usd: float | None


@dataclass(frozen=True, kw_only=True)
class TracePage:
    """One page of the list, and how many traces fit in all.

    searched_from: what began earlier was not looked at; None when all of the range was.
    """

    rows: tuple[TraceRow, ...]
    total: int
    searched_from: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class DocumentRow:
    """One document that a step returned. The text is hostile."""

    id: str | None
    score: float | None
    relevant: bool | None
    text: str | None


@dataclass(frozen=True, kw_only=True)
class GradeRow:
    """One grade of one span."""

    span_id: str
    judge: str
    judge_kind: str
    rubric: str
    criterion: str
    status: str
    score: float | None
    reason: str | None
    rationale: str | None
    graded_at: datetime


@dataclass(frozen=True, kw_only=True)
class FeedbackRow:
    """What an end user, a person or another judge said. The comment is hostile."""

    span_id: str | None
    name: str
    score: float | None
    label: str | None
    comment: str | None
    created_at: datetime
    author: str


@dataclass(frozen=True, kw_only=True)
class SpanRow:
    """One span of a trace: what the waterfall needs, and the whole row as stored."""

    span_id: str
    parent_span_id: str | None
    component: str
    kind: str
    name: str
    started_at: datetime
    duration_s: float | None
    time_to_first_token_s: float | None
    status: str
    error_type: str | None
    input_text: str | None
    output_text: str | None
    reference_text: str | None
    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    depth: int
    documents: tuple[DocumentRow, ...]
    raw: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TraceView:
    """One trace, in the order a reader follows it: parents before children, earlier before later."""

    trace_id: str
    chain: str
    spans: tuple[SpanRow, ...]
    grades: tuple[GradeRow, ...]
    feedback: tuple[FeedbackRow, ...]


def traces(warehouse: Warehouse, chain: str, span: TimeRange, wanted: TraceFilter) -> TracePage:
    """One page of the traces in `span` that fit the filter, looked for backwards from its end.

    Where the range has very many spans, only as much of it is searched as fills the page and one more, so an
    order other than the newest first is that of the newest traces; a text is looked for in so many spans and
    no more, until `wanted.further` asks for it.
    """
    offset = (max(wanted.page, 1) - 1) * PAGE_SIZE
    parameters = {
        "chain": chain,
        "component": wanted.component,
        "status": wanted.status,
        "version": wanted.version,
        "environment": wanted.environment,
        "text": wanted.text or None,
        "sort": wanted.sort,
        "limit": PAGE_SIZE,
        "offset": offset,
        **span.parameters,
    }
    rows: list[Row] = []
    start = span.start
    with warehouse.read() as con:
        for start, end in parts(Rolled(con), chain, span, wanted, offset + 2 * PAGE_SIZE):
            rows = select(con, "traces", {**parameters, "start": start, "end": end})
            if rows and rows[0]["total"] > offset + PAGE_SIZE:
                break
        asked = _inputs(con, rows)
    return TracePage(
        rows=records(TraceRow, [{**row, "input_text": asked.get(row["trace_id"])} for row in rows]),
        total=rows[0]["total"] if rows else 0,
        searched_from=start if start > span.start else None,
    )


def _inputs(con: Connection, rows: Sequence[Row]) -> dict[str, str]:
    """What the traces of a page were asked: texts are read of these alone."""
    if not rows:
        return {}
    found = select(
        con,
        "trace_inputs",
        {
            "trace_ids": [row["trace_id"] for row in rows],
            "first": min(row["started_at"] for row in rows),
            "last": max(row["last_at"] for row in rows),
        },
    )
    return {row["trace_id"]: row["input_text"] for row in found}


def trace_view(warehouse: Warehouse, trace_id: str) -> TraceView | None:
    """One trace with its documents, grades and feedback; None when no such trace is stored."""
    with warehouse.read() as con:
        spans = [row for part in _whereabouts(con, trace_id) for row in select(con, "trace", part)]
        if not spans:
            return None
        known = {"trace_id": trace_id, "first": spans[0]["started_at"], "last": spans[-1]["started_at"]}
        grades = select(con, "trace_grades", known)
        feedback = select(con, "trace_feedback", known)
    return TraceView(
        trace_id=trace_id,
        chain=spans[0]["chain"],
        spans=tuple(_ordered(spans)),
        grades=records(GradeRow, grades),
        feedback=records(FeedbackRow, feedback),
    )


def _whereabouts(con: Connection, trace_id: str) -> Iterator[dict[str, Any]]:
    """The trace's id with each stretch of time in which to look for it, in order."""
    rolled = Rolled(con)
    for low, high in runs(rolled.hours_of(trace_id)) if rolled.exists else iter([EVER]):
        yield {"trace_id": trace_id, "low": low, "high": high}


def _ordered(rows: list[dict[str, Any]]) -> list[SpanRow]:
    """Depth first from the roots; a span whose parent was never received stands as a root."""
    known = {row["span_id"] for row in rows}
    children: dict[str | None, list[dict[str, Any]]] = {}
    for row in rows:
        parent = row["parent_span_id"]
        children.setdefault(parent if parent in known and parent != row["span_id"] else None, []).append(row)
    found: list[SpanRow] = []
    seen: set[str] = set()
    stack = [(row, 0) for row in reversed(children.get(None, []))]
    # Spans that form a ring have no root; the first of each ring is taken as one.
    leftovers = iter(rows)
    while True:
        while stack:
            row, depth = stack.pop()
            if row["span_id"] in seen:
                continue
            seen.add(row["span_id"])
            found.append(_span(row, depth))
            stack.extend((child, depth + 1) for child in reversed(children.get(row["span_id"], [])))
        rest = next((row for row in leftovers if row["span_id"] not in seen), None)
        if rest is None:
            return found
        stack.append((rest, 0))


def _span(row: dict[str, Any], depth: int) -> SpanRow:
    documents = tuple(records(DocumentRow, row["documents"] or []))
    raw = {
        key: as_mapping(value) if key in ("attributes", "parameters", "resource_use") else value
        for key, value in row.items()
        if value is not None
    }
    return records(SpanRow, [{**row, "depth": depth, "documents": documents, "raw": raw}])[0]
