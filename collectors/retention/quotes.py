"""Quotes of traces in what was decided: examples in evidence, and in the messages that were sent."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from collectors.retention.targets import sql
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import fetch

# Table, key, and the JSON column that quotes.
QUOTING: tuple[tuple[str, str, str], ...] = (
    ("results", "result_id", "evidence"),
    ("alerts", "alert_id", "evidence"),
    ("incidents", "incident_id", "evidence"),
    ("notifications", "notification_id", "payload"),
)
# What a message keeps of a quote.
_BEGINNING = 400


def without_quotes(con: Connection, table: str, key: str, column: str, *, count: bool) -> int:
    """Take the quotes of the traces in `gone` out of one table; returns how many rows have some.

    A quote that names its trace is known by it, and one that does not by how its text begins (`gone_texts`).
    """
    rows = fetch(con, sql("quoting").format(table=table, key=key, column=column))
    if count or not rows:
        return len(rows)
    traces = {row["trace_id"] for row in fetch(con, "SELECT trace_id FROM gone")}
    texts = {row["text"] for row in fetch(con, "SELECT text FROM gone_texts")}
    update = f"UPDATE {table} SET {column} = ? WHERE {key} = ?"  # noqa: S608 - names are ours
    for row in rows:
        left = _without(json.loads(row["told"]), traces, texts)
        con.execute(update, [json.dumps(left, ensure_ascii=False), row["id"]])
    return len(rows)


def _without(value: Any, traces: Collection[str], texts: Collection[str]) -> Any:
    """The same JSON without the entries of lists that quote."""
    if isinstance(value, dict):
        return {name: _without(item, traces, texts) for name, item in value.items()}
    if isinstance(value, list):
        return [_without(item, traces, texts) for item in value if not _quotes(item, traces, texts)]
    return value


def _quotes(item: Any, traces: Collection[str], texts: Collection[str]) -> bool:
    if not isinstance(item, dict):
        return False
    text = item.get("text")
    return item.get("trace_id") in traces or (isinstance(text, str) and text[:_BEGINNING] in texts)
