"""A warehouse with something of everything that retention touches."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from collectors.config import parse
from collectors.context import Context
from collectors.home import Home
from collectors.model import Document, Span
from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch, insert, insert_spans

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
TABLES = (
    "spans", "feedback", "annotations", "grades", "span_contents", "samples", "evaluated_windows", "results",
    "alerts", "incidents", "notifications", "notification_attempts", "monitor_runs", "silences", "quarantine",
)  # fmt: skip


def at(days: float) -> datetime:
    """So many days before NOW."""
    return NOW - days * DAY


def context_of(home: Home, text: str = "") -> Context:
    """A context with this configuration and a clock that stands at NOW."""
    return Context(home=home, config=parse(text, "chainwatch.toml"), clock=lambda: NOW)


def span(name: str, days: float, **more: Any) -> Span:
    """A root span with texts, documents and numbers."""
    known: dict[str, Any] = {
        "trace_id": f"trace-{name}",
        "span_id": f"span-{name}",
        "chain": "support",
        "component": "assistant",
        "name": "ask",
        "started_at": at(days),
        "ingested_at": at(days),
        "duration_s": 1.5,
        "input_tokens": 11,
        "input_text": f"question {name}",
        "output_text": f"answer {name}",
        "reference_text": f"truth {name}",
        "documents": (Document(id="d1", score=0.5, text=f"document {name}"),),
        "attributes": {"gen_ai.prompt": f"question {name}"},
        "source": "test",
    }
    return Span(**{**known, **more})


def said_of(warehouse: Warehouse, name: str, days: float, *, dataset: str = "production") -> None:
    """Feedback, an annotation, a grade and a log content of the span."""
    ids = {"trace_id": f"trace-{name}", "span_id": f"span-{name}"}
    came = {"created_at": at(days), "ingested_at": at(days), "source": "test"}
    content = {
        "content_id": name, "side": "input", "role": "user", "whole": True, "logged_at": at(days), "at_ns": 1,
        "text": f"question {name}", "applied": True, "ingested_at": at(days),
    }  # fmt: skip
    grade = {
        "grade_id": name, "chain": "support", "component": "assistant", "span_started_at": at(days),
        "dataset": dataset, "judge": "local", "judge_kind": "local", "judge_version": "1", "rubric": "r",
        "rubric_version": "1", "criterion": "c", "status": "scored", "score": 0.5,
        "rationale": f"because of {name}", "graded_at": at(days),
    }  # fmt: skip
    with warehouse.write() as con:
        insert(con, "feedback", [{"feedback_id": name, "name": "thumbs", "comment": "c", **ids, **came}])
        insert(
            con,
            "annotations",
            [{"annotation_id": name, "author": "a", "author_kind": "human", "name": "n", "comment": "c",
              **ids, **came}],
        )  # fmt: skip
        insert(con, "grades", [{**grade, **ids}])
        insert(con, "span_contents", [{**content, **ids}])


def result(name: str, days: float, **more: Any) -> dict[str, Any]:
    """A result that quotes the span of the same name."""
    quote = {"trace_id": f"trace-{name}", "span_id": f"span-{name}", "text": f"question {name}", "why": "odd"}
    row = {
        "result_id": f"r-{name}", "run_id": "run", "monitor": "m", "check_name": "c", "chain": "support",
        "component": "assistant", "field": "input_text", "reference_kind": "drift", "concern": "input",
        "window_start": at(days), "window_end": at(days), "status": "breach", "reason": "far", "seed": 0,
        "code_version": "1", "config_hash": "x", "computed_at": at(days),
        "evidence": json.dumps({"examples": [quote], "current": {"texts": 3}}),
    }  # fmt: skip
    return {**row, **more}


def incident(name: str, days: float, *, state: str) -> dict[str, Any]:
    """An incident with the quote of its result."""
    return {
        "incident_id": f"i-{name}", "chain": "support", "component": "assistant", "cause": "input",
        "title": f"Input changed {name}", "summary": "s", "severity": "page", "state": state,
        "started_at": at(days), "detected_at": at(days), "updated_at": at(days),
        "resolved_at": at(days) if state == "resolved" else None,
        "evidence": result(name, days)["evidence"],
    }  # fmt: skip


def alert(name: str, days: float, *, state: str) -> dict[str, Any]:
    """The alert of the incident of the same name."""
    return {
        "alert_id": f"a-{name}", "fingerprint": name, "incident_id": f"i-{name}", "monitor": "m",
        "check_name": "c", "chain": "support", "component": "assistant", "field": "input_text",
        "reference_kind": "drift", "concern": "input", "severity": "page", "state": state, "reason": "far",
        "labels": "{}", "started_at": at(days), "fired_at": at(days), "last_breach_at": at(days),
        "resolved_at": at(days) if state == "resolved" else None, "result_id": f"r-{name}",
        "evidence": result(name, days)["evidence"],
    }  # fmt: skip


def notification(name: str, days: float, *, state: str = "sent") -> dict[str, Any]:
    """A message about the incident of the same name; it quotes the text alone."""
    return {
        "notification_id": f"n-{name}", "idempotency_key": name, "incident_id": f"i-{name}",
        "channel": "slack", "kind": "firing", "state": state, "attempts": 1, "next_attempt_at": at(days),
        "created_at": at(days),
        "payload": json.dumps({"title": "t", "examples": [{"text": f"question {name}", "why": "odd"}]}),
    }  # fmt: skip


def decided(warehouse: Warehouse, name: str, days: float, *, open_: bool) -> None:
    """A breach with its alert, incident and message."""
    with warehouse.write() as con:
        insert(con, "results", [result(name, days)])
        insert(con, "incidents", [incident(name, days, state="open" if open_ else "resolved")])
        insert(con, "alerts", [alert(name, days, state="firing" if open_ else "resolved")])
        insert(con, "notifications", [notification(name, days)])
        tried = {"notification_id": f"n-{name}", "attempted_at": at(days), "outcome": "sent"}
        insert(con, "notification_attempts", [tried])


def sample(days: float, names: list[str], *, field: str) -> dict[str, Any]:
    """A sample with one row a name: vectors for texts, numbers for anything else."""
    text = field == "input_text"
    rows = np.arange(len(names) * (4 if text else 1), dtype="<f2" if text else "<f8")
    return {
        "dataset": "production", "chain": "support", "component": "assistant", "field": field, "basis": "b",
        "window_start": at(days), "window_end": at(days), "n": len(names), "n_missing": 0,
        "dimensions": 4 if text else 1, "rows": rows.tobytes(),
        "keys": [f"trace-{n}/span-{n}" for n in names], "seed": 0,
    }  # fmt: skip


def put(warehouse: Warehouse, *spans: Span) -> None:
    """Store spans as they are."""
    with warehouse.write() as con:
        insert_spans(con, spans)


def put_rows(warehouse: Warehouse, table: str, *rows: dict[str, Any]) -> None:
    """Store rows."""
    with warehouse.write() as con:
        insert(con, table, list(rows))


def rows(warehouse: Warehouse, sql: str) -> list[dict[str, Any]]:
    """What a query finds."""
    with warehouse.read() as con:
        return fetch(con, sql)


def column(warehouse: Warehouse, sql: str) -> set[Any]:
    """The values of a query's only column."""
    return {next(iter(row.values())) for row in rows(warehouse, sql)}


def everything(warehouse: Warehouse) -> dict[str, str]:
    """Every table's content as one number each, to see that nothing changed."""
    with warehouse.read() as con:
        tables = [r["name"] for r in fetch(con, "SELECT table_name AS name FROM duckdb_tables() ORDER BY 1")]
        return {
            t: str(fetch(con, f"SELECT count(*) AS n, sum(hash(t)::HUGEINT) AS h FROM {t} t")[0])
            for t in tables
        }
