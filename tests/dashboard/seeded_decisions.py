"""What monitors and alerting would have written about the seeded traffic."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from seeded_traffic import ANSWERS, CHAIN, HOSTILE, START

from collectors.model import content_hash
from collectors.warehouse.store import Row


def components(parts: tuple[Any, ...], end: datetime) -> list[Row]:
    rows: list[Row] = [
        {
            "chain": CHAIN,
            "component": "assistant",
            "kind": "chain",
            "is_application": True,
            "parent_component": None,
            "position": 0,
            "first_seen_at": START,
            "last_seen_at": end,
        }
    ]
    rows += [
        {
            "chain": CHAIN,
            "component": p[0],
            "kind": p[1],
            "is_application": False,
            "parent_component": "assistant",
            "position": i,
            "first_seen_at": START,
            "last_seen_at": end,
        }
        for i, p in enumerate(parts, start=1)
    ]
    return rows


def deploys(change: datetime) -> list[Row]:
    common = {"chain": CHAIN, "source": "inferred", "note": None}
    return [
        {
            **common,
            "deploy_id": "d-index",
            "component": "retriever",
            "field": "index_version",
            "value": "2026-03-05",
            "previous_value": "2026-02-20",
            "deployed_at": change - timedelta(minutes=14),
        },
        {
            **common,
            "deploy_id": "d-component",
            "component": "generator",
            "field": "component_version",
            "value": "1.5.0",
            "previous_value": "1.4.0",
            "deployed_at": change - timedelta(days=1),
        },
    ]


def runs(end: datetime) -> list[Row]:
    rows: list[Row] = []
    for index in range(6):
        began = end - timedelta(hours=6 - index)
        failed = index == 2
        rows.append(
            {
                "run_id": f"run-{index}",
                "status": "failed" if failed else "ok",
                "started_at": began,
                "finished_at": began + timedelta(seconds=9),
                "duration_s": 9.2,
                "now_at": began,
                "windows_evaluated": 1,
                "results_written": 0 if failed else 64,
                "breaches": 0 if failed else 4,
                "monitor_errors": 0,
                "spans_seen": 0 if failed else 214,
                "seed": 7,
                "code_version": "0.1.0",
                "config_hash": "abc",
                "host": "host",
                "error": "WarehouseBusyError: the warehouse stayed busy for 30 s" if failed else None,
            }
        )
    return rows


def results(
    rng: np.random.Generator,
    *,
    names: tuple[str, ...],
    parts: tuple[Any, ...],
    days: int,
    change: datetime,
    with_incident: bool,
) -> list[Row]:
    rows: list[Row] = []
    for component in names:
        for check, field, kind, concern, unit, base, limit in _monitors(
            component, {p[0]: p[1] for p in parts}
        ):
            for step in range(1, days * 8 + 1):
                window_end = START + timedelta(hours=3 * step)
                hit = (
                    with_incident
                    and window_end > change
                    and (component, concern)
                    in {("retriever", "output"), ("retriever", "latency"), ("assistant", "latency")}
                )
                quiet = window_end.hour in (0, 3) and check == "mmd"
                value = None if quiet else float(base * np.exp(rng.normal(0, 0.12)) * (2.6 if hit else 1.0))
                breach = value is not None and value > limit
                rows.append(
                    {
                        "result_id": content_hash(check, component, field, kind, window_end.isoformat()),
                        "run_id": "run-5",
                        "monitor": f"{check}/{CHAIN}/{component}/{field}/{kind}",
                        "check_name": check,
                        "chain": CHAIN,
                        "component": component,
                        "field": field,
                        "reference_kind": kind,
                        "concern": concern,
                        "window_start": window_end - timedelta(hours=3),
                        "window_end": window_end,
                        "reference_start": START,
                        "reference_end": START + timedelta(days=2),
                        "reference_name": "production 2 to 4 March",
                        "status": "no_data" if quiet else "breach" if breach else "ok",
                        "value": value,
                        "threshold": None if quiet else limit,
                        "unit": None if quiet else unit,
                        "p_value": None if quiet else (1e-6 if breach else float(rng.uniform(0.05, 1))),
                        "effect": 0.18 if breach else None,
                        "effect_unit": "share of new content" if breach else None,
                        "n_current": 3 if quiet else int(rng.integers(40, 90)),
                        "n_reference": 900,
                        "n_sampled": None if quiet else 64,
                        "reason": "3 rows in the window, 30 are needed"
                        if quiet
                        else f"{field} moved away from the reference"
                        if breach
                        else "within the noise of earlier windows",
                        "evidence": json.dumps(_result_evidence(change)) if breach else None,
                        "seed": 7,
                        "code_version": "0.1.0",
                        "config_hash": "abc",
                        "computed_at": window_end + timedelta(minutes=1),
                    }
                )
    return rows


def _monitors(component: str, kinds: dict[str, str]) -> list[tuple[str, str, str, str, str, float, float]]:
    found = [
        ("mmd", "input_text", "drift", "input", "MMD^2", 0.004, 0.009),
        ("mmd", "output_text", "drift", "output", "MMD^2", 0.004, 0.009),
        (
            "percentile",
            "duration_s",
            "drift",
            "latency",
            "s",
            2.4 if component in ("assistant", "generator") else 0.4,
            0.9,
        ),
        ("error_rate", "status", "drift", "errors", "share", 0.012, 0.08),
    ]
    if kinds.get(component) == "llm":
        found.append(("token_length", "output_tokens", "skew", "output", "PSI", 0.05, 0.2))
    if component in ("assistant", "generator"):
        found[2] = ("percentile", "duration_s", "drift", "latency", "s", 2.6, 5.2)
    return found


def _result_evidence(change: datetime) -> dict[str, Any]:
    return {
        "examples": [
            {
                "trace_id": "t" * 8,
                "span_id": "s" * 8,
                "text": HOSTILE if i == 0 else f"{ANSWERS[i % 5]} ({i})",
                "why": "furthest from the reference",
                "score": 0.9 - 0.05 * i,
            }
            for i in range(10)
        ],
        "terms": {
            "new": [{"term": "quota", "odds": 9.1}, {"term": HOSTILE[:40], "odds": 4.0}],
            "lost": [{"term": "refund", "odds": 6.2}],
        },
        "change_point": {
            "at": change.isoformat(),
            "low": (change - timedelta(hours=2)).isoformat(),
            "high": (change + timedelta(hours=1)).isoformat(),
        },
        "current": {"mean score": 0.41, "p95": 0.62},
        "reference": {"mean score": 0.72, "p95": 0.36},
    }
