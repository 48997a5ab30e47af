"""From the warehouse to the judges and back: judged spans with their documents, and grades."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

from collectors.model import PRODUCTION, Document
from collectors.warehouse.store import fetch, insert
from monitors.judges.grade import Grade, JudgedSpan

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection

TRACE_REACH = timedelta(hours=1)


def read_sql(name: str) -> str:
    """A query that is kept beside this module."""
    return resources.files("monitors.judges").joinpath(name).read_text("utf-8")


def judged_spans(
    con: Connection,
    start: datetime,
    end: datetime,
    *,
    dataset: str | None = PRODUCTION,
    chain: str | None = None,
    components: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
    any_kind: bool = False,
) -> list[JudgedSpan]:
    """Every span with start <= started_at < end that has something to judge, with its documents.

    LLM spans, retrievers, rerankers and the application (spans without a parent), in time order. LLM and
    application spans carry the documents of the last retriever or reranker before the answer in the same
    trace, and the question at the head of the trace. `keys` ('trace_id/span_id') narrows to a
    sample; `any_kind` takes routers, guardrails and tools as well.

    Everything is read before it returns, so the connection can be closed; pass the result to
    `monitors.judges.grading.local_grades`.
    """
    rows = fetch(
        con,
        read_sql("judged_spans.sql"),
        {
            "start": start,
            "end": end,
            "reach": TRACE_REACH,
            "dataset": dataset,
            "chain": chain,
            "components": list(components) if components else None,
            "any_kind": any_kind,
            "keys": list(keys) if keys is not None else None,
        },
    )
    return [_judged(row) for row in rows]


def write_grades(con: Connection, grades: Sequence[Grade]) -> int:
    """Store grades in the caller's transaction; one that is already there is replaced. Returns how many."""
    if not grades:
        return 0
    times = [g.span_started_at for g in grades]
    con.execute(
        "DELETE FROM grades WHERE span_started_at BETWEEN ? AND ? AND grade_id IN (SELECT unnest(?))",
        [min(times), max(times), [g.grade_id for g in grades]],
    )
    return insert(con, "grades", [dict(vars(g)) for g in grades])


def _judged(row: dict[str, Any]) -> JudgedSpan:
    documents = tuple(Document(**d) for d in row.pop("documents") or ())
    ids, contexts = (
        tuple(part for part in row.pop(name) or () if part)
        for name in ("reference_ids", "reference_contexts")
    )
    return JudgedSpan(**row, documents=documents, reference_ids=ids, reference_contexts=contexts)
