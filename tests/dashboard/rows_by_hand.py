"""Single rows of each table, with what a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import insert

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def span(trace: str, span: str, minute: float, **fields: Any) -> dict[str, Any]:
    at = NOON + timedelta(minutes=minute)
    return {
        "trace_id": trace,
        "span_id": span,
        "parent_span_id": None,
        "chain": "c",
        "component": "app",
        "kind": "chain",
        "name": "app",
        "started_at": at,
        "duration_s": 1.0,
        "status": "ok",
        "dataset": "production",
        "source": "test",
        "ingested_at": at,
        **fields,
    }


def store(warehouse: Warehouse, table: str, *rows: dict[str, Any]) -> None:
    with warehouse.write() as con:
        insert(con, table, rows)


def result(check: str, status: str, *, hour: int, length: int = 1) -> dict[str, Any]:
    end = NOON + timedelta(hours=hour)
    known = status in ("ok", "breach")
    return {
        "result_id": f"{check}{hour}",
        "run_id": "r",
        "monitor": f"{check}/c/app/f/drift",
        "check_name": check,
        "chain": "c",
        "component": "app",
        "field": "duration_s",
        "reference_kind": "drift",
        "concern": "latency",
        "window_start": end - timedelta(hours=length),
        "window_end": end,
        "status": status,
        "value": 2.0 if known else None,
        "threshold": 1.0,
        "reason": "because",
        "seed": 0,
        "code_version": "0",
        "config_hash": "0",
        "computed_at": end,
    }


def alert() -> dict[str, Any]:
    return {
        "alert_id": "a",
        "fingerprint": "f",
        "monitor": "latency/c/app/f/drift",
        "check_name": "latency",
        "chain": "c",
        "component": "app",
        "field": "duration_s",
        "reference_kind": "drift",
        "concern": "latency",
        "severity": "page",
        "state": "firing",
        "reason": "because",
        "labels": "{}",
        "started_at": NOON,
        "fired_at": NOON,
        "last_breach_at": NOON,
        "result_id": "latency1",
    }


def grade(key: str, score: float | None) -> dict[str, Any]:
    return {
        "grade_id": key,
        "trace_id": "a",
        "span_id": key,
        "chain": "c",
        "component": "app",
        "span_started_at": NOON + timedelta(minutes=1),
        "dataset": "production",
        "judge": "local",
        "judge_kind": "local",
        "judge_version": "1",
        "rubric": "r",
        "rubric_version": "1",
        "criterion": "groundedness",
        "status": "unscored" if score is None else "scored",
        "score": score,
        "graded_at": NOON,
    }


def incident(key: str, *, hour: int, state: str = "open", severity: str = "page") -> dict[str, Any]:
    at = NOON + timedelta(hours=hour)
    return {
        "incident_id": key,
        "chain": "c",
        "component": "app",
        "cause": "latency",
        "title": key,
        "summary": key,
        "severity": severity,
        "state": state,
        "started_at": at,
        "detected_at": at,
        "updated_at": at,
    }
