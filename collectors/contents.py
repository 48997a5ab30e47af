"""Puts the text that travelled in log records onto the spans that it belongs to, whichever came first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from collectors.messages import Message, conversation, reply
from collectors.sources.base import SpanContent
from collectors.warehouse import store

# A log record is written while its span runs, so both lie within this of each other.
_REACH = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = {"input": "input_text", "output": "output_text"}
_PENDING = (resources.files("collectors") / "pending_contents.sql").read_text("utf-8")
_SET_APPLIED = """
    UPDATE span_contents AS c SET applied = true FROM found AS f
    WHERE c.trace_id = f.trace_id AND c.span_id = f.span_id AND c.side = f.side
        AND c.logged_at BETWEEN $low AND $high
"""


@dataclass
class _Side:
    """One text of one span, being put together."""

    started_at: datetime
    text: str | None
    applied: bool = False
    whole: str | None = None
    messages: list[Message] = field(default_factory=list)

    def made(self, side: str) -> str | None:
        if self.whole is not None:
            return self.whole
        return conversation(self.messages) if side == "input" else reply(self.messages)


def store_contents(
    con: duckdb.DuckDBPyConnection, contents: Sequence[SpanContent], spans: pa.Table, *, now: datetime
) -> int:
    """Store `contents` and complete the spans that they and earlier ones belong to; returns the new ones.

    `spans` are those stored in the same transaction: their contents may have come before them. A text that a
    span brought itself is never overwritten.
    """
    rows = [_row(content, now) for content in contents]
    new = store.insert_new(con, "span_contents", ["content_id"], rows, time_column="logged_at") if rows else 0
    if (rows or spans.num_rows) and con.execute("SELECT 1 FROM span_contents LIMIT 1").fetchall():
        touched = {(row["trace_id"], row["span_id"]): row["logged_at"] for row in rows}
        touched |= _without_text(spans)
        if touched:
            _complete(con, touched, now)
    return new


def _without_text(spans: pa.Table) -> dict[tuple[str, str], datetime]:
    """Keys and starts of the spans that still miss a text."""
    missing = pc.or_(pc.is_null(spans["input_text"]), pc.is_null(spans["output_text"]))
    found = spans.filter(missing).select(["trace_id", "span_id", "started_at"]).to_pylist()
    return {(row["trace_id"], row["span_id"]): row["started_at"] for row in found}


def _row(content: SpanContent, now: datetime) -> dict[str, Any]:
    at = _EPOCH + timedelta(microseconds=content.at_ns // 1000)
    return {**store.to_row(content), "logged_at": at, "applied": False, "ingested_at": now}


def _complete(
    con: duckdb.DuckDBPyConnection, touched: Mapping[tuple[str, str], datetime], now: datetime
) -> None:
    bounds = {"low": min(touched.values()) - _REACH, "high": max(touched.values()) + _REACH}
    con.register(
        "touched", pa.table({"trace_id": [k[0] for k in touched], "span_id": [k[1] for k in touched]})
    )
    sides: dict[tuple[str, str, str], _Side] = {}
    for row in store.fetch(con, _PENDING, bounds):
        key = (row["trace_id"], row["span_id"], row["side"])
        side = sides.get(key)
        if side is None:
            side = sides[key] = _Side(started_at=row["started_at"], text=row[_COLUMNS[row["side"]]])
        side.applied = side.applied or row["applied"]
        if row["whole"]:
            side.whole = row["text"]
        else:
            side.messages.append(Message(role=row["role"], text=row["text"]))
    con.unregister("touched")
    for name, column in _COLUMNS.items():
        found = [
            {"trace_id": trace, "span_id": span, "side": name, "text": made}
            for (trace, span, which), side in sides.items()
            if which == name
            and (side.text is None or side.applied)
            and (made := side.made(name)) != side.text
        ]
        if found:
            con.register("found", pa.Table.from_pylist(found))
            con.execute(
                # The stamp tells monitors that the span has changed since they looked at it.
                f"UPDATE spans SET {column} = f.text, "  # noqa: S608 - one of two columns of ours
                "ingested_at = greatest($now::TIMESTAMPTZ, spans.ingested_at + INTERVAL 1 MICROSECOND) "
                "FROM found AS f WHERE spans.trace_id = f.trace_id AND spans.span_id = f.span_id "
                "AND spans.started_at BETWEEN $low AND $high",
                {**bounds, "now": now},
            )
            con.execute(_SET_APPLIED, bounds)
            con.unregister("found")
