"""The queue of answers for people: drawn by chance, handed out one by one, seen without anybody's grade."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.warehouse.connection import Connection, Warehouse
from collectors.warehouse.store import Row, fetch
from monitors.judges.draws import Draw, DrawOutcome, draw, write_draw
from monitors.judges.grade import JudgedSpan
from monitors.judges.spans import judged_spans, read_sql

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What a draw for people came to: one record an answer as people read it, and out of how many."""

    rows: tuple[dict[str, Any], ...]
    eligible: int


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What a person still has to grade by one criterion.

    Attributes:
        fresh: drawn answers that nobody has graded. second: graded by others, not by this person.
        done: drawn answers that this person has graded.
        answer: the one to grade now, with all that a grader may see; None when nothing is left.
        score, comment: what this person said of `answer` before, when it was asked for by name.
    """

    fresh: int
    second: int
    done: int
    answer: JudgedSpan | None = None
    score: float | None = None
    comment: str | None = None


def draw_for_people(
    warehouse: Warehouse,
    criterion: str,
    *,
    start: datetime,
    end: datetime,
    count: int,
    seed: int,
    at: datetime,
    components: Sequence[str] = (),
    chain: str | None = None,
    take: Callable[[Sequence[dict[str, Any]]], None] | None = None,
) -> Drawn:
    """Draw at most `count` answers of [start, end) that were not drawn before, and queue them.

    take: gets the records inside of the transaction; when it raises, nothing was drawn.
    """
    with warehouse.read() as con:
        found = draw(
            con, criterion, start=start, end=end, limit=count, seed=seed, components=components, chain=chain
        )
        spans = judged_spans(con, start, end, keys=[s.key for s in found.spans], any_kind=True)
    with warehouse.write() as con:
        rows = queue_rows(con, found, spans, criterion, at=at)
        if take is not None:
            take(rows)
    return Drawn(rows=tuple(rows), eligible=found.eligible)


def queue_rows(
    con: Connection, drawn: Draw, spans: Sequence[JudgedSpan], criterion: str, *, at: datetime
) -> list[dict[str, Any]]:
    """Store a draw as the queue of a criterion; returns what people read, in the order of the draw."""
    waiting: dict[str, tuple[DrawOutcome, str | None]] = {s.key: ("waiting", None) for s in drawn.spans}
    write_draw(con, drawn, waiting, at=at, run_id=None)
    by_key = {span.key: span for span in spans}
    return [
        {
            "trace_id": span.trace_id,
            "span_id": span.span_id,
            "criterion": criterion,
            "score": None,
            "comment": None,
            "author": None,
            "chain": span.chain,
            "component": span.component,
            "started_at": span.started_at.astimezone(UTC).isoformat(),
            "question": span.question,
            "answer": span.answer,
            "documents": "\n\n".join(d.text for d in span.documents if d.text),
            "reference": span.reference_text,
        }
        for span in (by_key[s.key] for s in drawn.spans if s.key in by_key)
    ]


def labelled(con: Connection) -> list[Row]:
    """Labels, authors and what waits in the queue, by criterion."""
    return fetch(con, read_sql("labelled.sql"))


def next_answer(
    con: Connection,
    criterion: str,
    author: str,
    *,
    chain: str,
    component: str,
    later: Sequence[str] = (),
    again: str | None = None,
) -> Waiting:
    """What `author` grades next: answers without any grade first, in the order of the draw.

    later: keys (`trace_id/span_id`) that were put off; they come last. again: the key of an answer to show
    whether it is graded or not.
    """
    scope = {"criterion": criterion, "author": author, "chain": chain, "component": component}
    counts = fetch(con, read_sql("label_counts.sql"), scope)[0]
    rows = fetch(con, read_sql("next_label.sql"), scope | {"later": list(later), "again": again})
    if not rows:
        return Waiting(**counts)
    row, at = rows[0], rows[0]["span_started_at"]
    key = f"{row['trace_id']}/{row['span_id']}"
    spans = judged_spans(con, at, at + _INSTANT, keys=[key], any_kind=True)
    return Waiting(**counts, answer=spans[0] if spans else None, score=row["score"], comment=row["comment"])
