"""Two incidents, their alerts, what was sent about them and what people did."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from seeded_traffic import ANSWERS, CHAIN, HOSTILE

from collectors.model import content_hash
from collectors.warehouse.store import Row


def incident(
    open_id: str, resolved_id: str, change: datetime, end: datetime, spans: list[Row]
) -> dict[str, list[Row]]:
    """Rows by table: an open incident at `change`, and one that was resolved before it."""
    detected = change + timedelta(hours=3)
    earlier = change - timedelta(days=2)
    rows = [
        _incident(
            open_id,
            component="retriever",
            cause="output",
            change=change,
            detected=detected,
            resolved=None,
            updated=end,
            deploy_id="d-index",
            spans=spans,
        ),
        _incident(
            resolved_id,
            component="generator",
            cause="latency",
            change=earlier,
            detected=earlier + timedelta(hours=2),
            resolved=earlier + timedelta(hours=9),
            updated=earlier + timedelta(hours=9),
            deploy_id=None,
            spans=spans,
        ),
    ]
    alerts = [
        _alert(
            open_id,
            check="mmd",
            component="retriever",
            field="output_text",
            concern="output",
            at=change,
            resolved=None,
        ),
        _alert(
            open_id,
            check="percentile",
            component="retriever",
            field="duration_s",
            concern="latency",
            at=change,
            resolved=None,
        ),
        _alert(
            open_id,
            check="percentile",
            component="assistant",
            field="duration_s",
            concern="latency",
            at=change,
            resolved=None,
        ),
        _alert(
            resolved_id,
            check="percentile",
            component="generator",
            field="duration_s",
            concern="latency",
            at=earlier,
            resolved=earlier + timedelta(hours=9),
        ),
    ]
    return {
        "incidents": rows,
        "alerts": alerts,
        "notifications": [
            _notification(open_id, channel="slack", kind="firing", state="sent", reason=None, at=detected),
            _notification(
                open_id,
                channel="slack",
                kind="update",
                state="suppressed",
                reason="within the cooldown of 4 h",
                at=detected,
            ),
        ],
        "notification_attempts": [
            {
                "notification_id": content_hash(open_id, "firing"),
                "attempted_at": detected,
                "outcome": "retry",
                "http_status": 503,
                "error": "server said 503",
                "duration_s": 0.4,
            },
            {
                "notification_id": content_hash(open_id, "firing"),
                "attempted_at": detected + timedelta(seconds=8),
                "outcome": "sent",
                "http_status": 200,
                "error": None,
                "duration_s": 0.2,
            },
        ],
        "audit": [
            {
                "occurred_at": detected + timedelta(minutes=5),
                "actor": "chainwatch",
                "action": "incident.opened",
                "subject": open_id,
                "detail": json.dumps({"note": HOSTILE}),
            },
        ],
    }


def _incident(
    incident_id: str,
    *,
    component: str,
    cause: str,
    change: datetime,
    detected: datetime,
    resolved: datetime | None,
    updated: datetime,
    deploy_id: str | None,
    spans: list[Row],
) -> Row:
    affected = [s for s in spans if s["component"] == component and s["started_at"] >= change][:10]
    return {
        "incident_id": incident_id,
        "chain": CHAIN,
        "component": component,
        "cause": cause,
        "title": f"{component}: {cause} changed",
        "summary": f"The {cause} of {component} moved away from earlier production.",
        "severity": "page" if resolved is None else "ticket",
        "state": "open" if resolved is None else "resolved",
        "started_at": change,
        "started_at_low": change - timedelta(hours=2),
        "started_at_high": change + timedelta(hours=1),
        "detected_at": detected,
        "resolved_at": resolved,
        "updated_at": updated,
        "deploy_id": deploy_id,
        "owner": None,
        "acknowledged_by": None,
        "acknowledged_at": None,
        "evidence": json.dumps(
            {
                "examples": [
                    {
                        "trace_id": s["trace_id"],
                        "span_id": s["span_id"],
                        "why": "furthest from the reference",
                        "text": HOSTILE if i == 0 else ANSWERS[i % 5],
                        "score": 0.9 - i / 20,
                    }
                    for i, s in enumerate(affected)
                ],
                "path": [component, "generator", "assistant"],
                "why": f"{component} changed first and nothing before it did",
                "ruled_out": [
                    {"component": "router", "ruled_out": True, "reason": "unchanged: 4 streams were ok"},
                    {
                        "component": "generator",
                        "ruled_out": True,
                        "reason": "its output follows the retriever's",
                    },
                    {"component": "guardrail", "ruled_out": False, "reason": "not watched"},
                ],
                "before_after": {
                    "field": "output_text",
                    "before": {"mean score": 0.72, "p95": 0.36},
                    "after": {"mean score": 0.35, "p95": 0.62},
                },
            }
        ),
    }


def _alert(
    incident_id: str,
    *,
    check: str,
    component: str,
    field: str,
    concern: str,
    at: datetime,
    resolved: datetime | None,
) -> Row:
    window_end = at + timedelta(hours=3)
    return {
        "alert_id": content_hash("alert", incident_id, check, component),
        "fingerprint": content_hash(check, component, field),
        "incident_id": incident_id,
        "monitor": f"{check}/{CHAIN}/{component}/{field}/drift",
        "check_name": check,
        "chain": CHAIN,
        "component": component,
        "field": field,
        "reference_kind": "drift",
        "concern": concern,
        "severity": "page",
        "state": "firing" if resolved is None else "resolved",
        "value": 0.0117,
        "threshold": 0.009,
        "unit": "MMD^2" if check == "mmd" else "s",
        "reason": f"{field} moved away from the reference",
        "labels": json.dumps({"component": component, "concern": concern}),
        "started_at": at,
        "fired_at": window_end,
        "last_breach_at": window_end,
        "resolved_at": resolved,
        "result_id": content_hash("result", incident_id, check),
    }


def _notification(
    incident_id: str, *, channel: str, kind: str, state: str, reason: str | None, at: datetime
) -> Row:
    return {
        "notification_id": content_hash(incident_id, kind),
        "idempotency_key": f"{incident_id}/{kind}/{channel}",
        "incident_id": incident_id,
        "channel": channel,
        "kind": kind,
        "payload": json.dumps({"text": "retriever: output changed"}),
        "state": state,
        "reason": reason,
        "attempts": 2 if state == "sent" else 0,
        "next_attempt_at": at,
        "created_at": at,
        "sent_at": at + timedelta(seconds=8) if state == "sent" else None,
        "last_error": None,
    }
