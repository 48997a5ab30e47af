"""What the incident page says of messages: why not sent, and what each step decided."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from collectors.warehouse import Warehouse
from collectors.warehouse.store import insert
from dashboard.data import landing, records, select
from dashboard.data_incident import NotificationRow, incidents
from dashboard.incident_messages import why

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def stored(warehouse: Warehouse, **more: Any) -> NotificationRow:
    row = {
        "notification_id": "n",
        "idempotency_key": "k",
        "incident_id": "i",
        "channel": "slack",
        "kind": "firing",
        "payload": "{}",
        "state": "sent",
        "attempts": 2,
        "next_attempt_at": NOON,
        "created_at": NOON,
    } | more
    with warehouse.write() as con:
        insert(con, "notifications", [row])
    with warehouse.read() as con:
        [found] = records(NotificationRow, select(con, "notifications", {"incident_id": "i"}))
    return found


def test_what_was_not_sent_says_why_and_each_step_what_it_decided(warehouse: Warehouse) -> None:
    decisions = (
        '[{"step": "inhibit", "reason": "no inhibition is configured", "at": "2026-03-02T12:00:00+00:00"},'
        ' {"step": "silence", "reason": "silenced by ada until 13:00: load test: again", "at": ""}]'
    )
    silenced = "silenced by ada until 13:00: load test: again"
    row = stored(warehouse, state="suppressed", reason=silenced, decisions=decisions)
    assert why(row) == f"not sent: {silenced}"
    assert list(row.decisions) == ["inhibit: no inhibition is configured", f"silence: {silenced}"]


def test_a_message_of_an_older_version_has_no_decisions(warehouse: Warehouse) -> None:
    row = stored(warehouse)
    assert why(row) == "delivered at attempt 2"
    assert list(row.decisions) == []


def test_what_waits_says_what_went_wrong_so_far(warehouse: Warehouse) -> None:
    assert why(stored(warehouse, state="pending", last_error="Slack answered 500")) == "Slack answered 500"


def test_a_check_that_does_not_run_is_shown_with_every_chain_and_is_the_chain_of_none(
    warehouse: Warehouse,
) -> None:
    row = {
        "incident_id": "i",
        "chain": "chainwatch",
        "component": "check mmd",
        "cause": "monitoring",
        "title": "Check mmd did not run",
        "summary": "s",
        "severity": "ticket",
        "state": "open",
        "started_at": NOON,
        "detected_at": NOON,
        "updated_at": NOON,
        "times_opened": 1,
    }
    with warehouse.write() as con:
        insert(con, "incidents", [row])
    assert [i.incident_id for i in incidents(warehouse, "support")] == ["i"]
    found = landing(warehouse)
    assert (found.open_incident_id, found.open_incident_chain) == ("i", None)
