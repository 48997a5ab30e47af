"""A span that arrives in parts becomes one: some exporters send it when it starts and again when it ends.

A part is *finished* when it says when it ended or how long it took. The rule, whatever the order of arrival:

- The finished part wins: what it says stands, and what it does not say stays as the unfinished part has it.
  A JSON object takes the keys that it lacks.
- Of two unfinished parts the one that says more wins (longer texts and attributes).
- Of two finished ones the earlier wins, as with any duplicate: a finished span is never changed by another
  finished record.

The start is the earlier one. `default`, `other`, `unset` and `production` are what a part calls what it does
not know. A part that is sent again changes nothing. The stored part is looked for in the range of start times
of the batch, as duplicates are: the parts of one span name the same start.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from importlib import resources
from typing import Any

import duckdb

from collectors.model import PRODUCTION, Span
from collectors.tables import json_text

_UNKNOWN: Mapping[str, object] = {
    "chain": "default",
    "kind": "other",
    "status": "unset",
    "dataset": PRODUCTION,
    "documents": (),
}
_OBJECTS = ("parameters", "resource_use", "attributes")
_FROM_THE_WINNER = ("trace_id", "span_id", "component", "name", "source")
_PARTS = (resources.files("collectors") / "parts_of_spans.sql").read_text("utf-8")
_MERGE = (resources.files("collectors") / "merge_spans.sql").read_text("utf-8")
_BOUNDS = """
    SELECT min(started_at), max(started_at), coalesce(bool_or(ended_at IS NULL AND duration_s IS NULL), false)
    FROM {incoming}
"""
_ANY_STORED = """
    SELECT 1 FROM spans
    WHERE started_at BETWEEN $low AND $high AND ended_at IS NULL AND duration_s IS NULL LIMIT 1
"""


def is_unfinished(span: Span) -> bool:
    """Whether the span says neither when it ended nor how long it took."""
    return span.ended_at is None and span.duration_s is None


def merge_parts(spans: Iterable[Span]) -> list[Span]:
    """Each (trace_id, span_id) once, in order of first appearance: duplicates dropped, parts merged."""
    found: dict[tuple[str, str], Span] = {}
    for span in spans:
        key = (span.trace_id, span.span_id)
        known = found.get(key)
        found[key] = span if known is None else merge(known, span)
    return list(found.values())


def merge(first: Span, second: Span) -> Span:
    """One span of two records of it; which came first matters for nothing but two equal ones.

    >>> from datetime import UTC
    >>> at = datetime(2026, 3, 1, tzinfo=UTC)
    >>> start = Span(trace_id="t", span_id="s", component="c", name="chat", started_at=at, input_text="hi")
    >>> end = replace(start, input_text=None, output_text="hello", ended_at=at)
    >>> merge(start, end) == merge(end, start) == replace(end, input_text="hi")
    True
    """
    if not is_unfinished(first) and not is_unfinished(second):
        return second if second.started_at < first.started_at else first
    winner, other = (first, second) if _rank(first) >= _rank(second) else (second, first)
    changes: dict[str, Any] = {"started_at": min(first.started_at, second.started_at)}
    for item in fields(Span):
        name = item.name
        mine, theirs = getattr(winner, name), getattr(other, name)
        if name in _FROM_THE_WINNER or name == "started_at":
            continue
        if name in _OBJECTS:
            if set(theirs) - set(mine):
                changes[name] = {**theirs, **mine}
        elif mine is None or mine == _UNKNOWN.get(name):
            changes[name] = theirs
    return replace(winner, **changes)


def merge_unfinished(con: duckdb.DuckDBPyConnection, incoming: str, *, now: datetime) -> int:
    """Merge the rows of the relation `incoming` into the stored spans that they are parts of.

    `incoming` has the columns of `spans` and each (trace_id, span_id) at most once. Run in the caller's
    transaction, before what is new is inserted; the insert then finds the merged rows stored. Returns how
    many stored spans changed; their `ingested_at` is `now`, or later, so that monitors see them as new.
    """
    row = con.execute(_BOUNDS.format(incoming=incoming)).fetchone()
    if row is None or row[0] is None:
        return 0
    bounds: dict[str, datetime] = {"low": row[0], "high": row[1]}
    if not row[2] and not con.execute(_ANY_STORED, bounds).fetchall():
        return 0
    con.execute("CREATE OR REPLACE TEMP TABLE parts AS FROM spans LIMIT 0")
    con.execute(_PARTS.replace("FROM incoming", f"FROM {incoming}"), {**bounds, "any_unfinished": row[2]})
    if not con.execute("SELECT 1 FROM parts LIMIT 1").fetchall():
        return 0
    con.execute(_MERGE, {**bounds, "now": now})
    return _apply(con)


def _apply(con: duckdb.DuckDBPyConnection) -> int:
    """Put `merged` in the place of the stored rows, where it says something else."""
    names = [str(row[0]) for row in con.execute("DESCRIBE spans").fetchall()]
    same = " AND ".join(f"{name} IS NOT DISTINCT FROM old.{name}" for name in names if name != "ingested_at")
    con.execute(f"DELETE FROM merged WHERE {same}")  # noqa: S608 - column names are ours
    con.execute("DELETE FROM spans WHERE rowid IN (SELECT row FROM merged)")
    done = con.execute("INSERT INTO spans BY NAME SELECT * EXCLUDE (row, old) FROM merged").fetchall()
    return int(done[0][0])


def _rank(span: Span) -> tuple[bool, int, str, str, str, str, str]:
    """What wins; the same order as in merge_spans.sql."""
    attributes = json_text(span.attributes) if span.attributes else ""
    given, made = span.input_text or "", span.output_text or ""
    said = len(given) + len(made) + len(attributes)
    return not is_unfinished(span), said, made, given, attributes, span.name, span.component
