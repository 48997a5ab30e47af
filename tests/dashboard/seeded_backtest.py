"""A report of `chainwatch backtest`, made by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from seeded_traffic import START

HOSTILE = "**bold** [x](https://evil.example) <script>"


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


def incident(name: str, hour: float, component: str, title: str = "Output changed") -> dict[str, Any]:
    return {
        "incident_id": name,
        "component": component,
        "title": title,
        "detected_at": at(hour),
        "resolved_at": at(hour + 2),
    }


def alert(hour: float) -> dict[str, Any]:
    return {
        "fired_at": at(hour),
        "resolved_at": None,
        "monitor": "latency/support/generator/duration_s/drift",
        "value": 4.0,
        "threshold": 2.0,
        "unit": "s",
        "reason": HOSTILE,
        "incident_id": "a1",
    }


def known(component: str, hour: float) -> dict[str, Any]:
    """A known incident that was detected after an hour."""
    return {
        "id": "slow",
        "component": component,
        "started_at": at(hour),
        "ended_at": at(hour + 3),
        "detected": True,
        "incident_id": "a1",
        "delay_s": 3600.0,
    }


def report(**more: Any) -> dict[str, Any]:
    missed = {
        "id": "index", "component": None, "started_at": at(30), "ended_at": None,
        "detected": False, "incident_id": None, "delay_s": None,
    }  # fmt: skip
    made: dict[str, Any] = {
        "start": START,
        "end": at(48),
        "config": "chainwatch.toml and --set",
        "windows": 48,
        "monitors": ["latency/support/generator/duration_s/drift"],
        "incidents": [incident("a1", 10, "generator"), incident("b2", 20, "router", HOSTILE)],
        "alerts": [alert(10), alert(11)],
        "messages": {"sent": 4},
        "messages_a_week": 14.0,
        "known": [known("generator", 9), missed],
        "false_alarms": ["b2"],
        "wrong_component": [],
        "duplicates": [],
        "not_replayed": ["texts before 2026-03-01 00:00 UTC were pruned; they are missing in the references"],
    }
    return made | more
