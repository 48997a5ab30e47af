"""What is queued, what is not, and why: one firing message per incident and channel, one resolved."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from alerting_world import at, play, stream, together

from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch
from monitors.alerting import actions
from monitors.alerting.book import AlertBook
from monitors.alerting.config import AlertsConfig, NotifyConfig


def run(
    warehouse: Warehouse,
    windows: dict[int, Any],
    *,
    now: datetime | None = None,
    channels: tuple[str, ...] = ("slack",),
    notify: NotifyConfig | None = None,
    settings: AlertsConfig | None = None,
) -> None:
    """One monitor run over these windows."""
    with warehouse.write() as con:
        book = play(AlertBook.load(con, settings), windows)
        book.flush(con, now=now or at(max(windows)), channels=channels, notify=notify)


def rows(warehouse: Warehouse) -> list[dict[str, Any]]:
    with warehouse.read() as con:
        return fetch(con, "SELECT * FROM notifications ORDER BY created_at, kind, channel")


def states(warehouse: Warehouse) -> list[tuple[str, str]]:
    return [(r["kind"], r["state"]) for r in rows(warehouse)]


def mark_sent(warehouse: Warehouse) -> None:
    with warehouse.write() as con:
        con.execute("UPDATE notifications SET state = 'sent', attempts = 1 WHERE state = 'pending'")


LATENCY = stream("generator", "duration_s", range(3, 6), range(1, 30))


def test_one_firing_and_one_resolved(warehouse: Warehouse) -> None:
    for hour in range(1, 12):
        run(warehouse, {hour: LATENCY[hour]})
        mark_sent(warehouse)
    assert states(warehouse) == [("firing", "sent"), ("resolved", "sent")]
    keys = [r["idempotency_key"] for r in rows(warehouse)]
    assert len(set(keys)) == 2
    payload = json.loads(rows(warehouse)[0]["payload"])
    assert payload["component"] == "generator"
    assert payload["links"]["incident"].startswith("http://localhost:8501/incident?incident=")


def test_each_channel_has_its_own(warehouse: Warehouse) -> None:
    run(warehouse, {3: LATENCY[3]}, channels=("slack", "webhook"))
    assert [(r["channel"], r["state"]) for r in rows(warehouse)] == [
        ("slack", "pending"),
        ("webhook", "pending"),
    ]


def test_without_a_channel_nothing_waits_for_one(warehouse: Warehouse) -> None:
    run(warehouse, {3: LATENCY[3]}, channels=())
    [row] = rows(warehouse)
    assert (row["state"], row["reason"]) == ("suppressed", "no channel configured")
    # Slack is configured now: neither the old incident nor its end is news there.
    run(warehouse, {h: LATENCY[h] for h in range(4, 12)})
    assert [(r["channel"], r["kind"], r["state"]) for r in rows(warehouse)] == [
        ("none", "firing", "suppressed"),
        ("slack", "resolved", "suppressed"),
    ]


def test_a_catch_up_over_history_sends_no_storm(warehouse: Warehouse) -> None:
    windows = stream("generator", "duration_s", [5, 50, 100, 150, 299, 300], range(1, 301))
    run(warehouse, windows)
    assert states(warehouse).count(("firing", "pending")) == 1
    assert states(warehouse).count(("firing", "suppressed")) == 4
    gone = [r["reason"] for r in rows(warehouse) if r["state"] == "suppressed"]
    assert set(gone) == {"resolved before it was sent"}


def test_old_history_is_recorded_and_not_sent(warehouse: Warehouse) -> None:
    run(warehouse, {3: LATENCY[3]}, now=at(3) + timedelta(hours=25))
    [row] = rows(warehouse)
    assert row["state"] == "suppressed"
    assert row["reason"] == "older than 24 h when it was found: a catch-up is no news"


def test_max_age_is_configurable(warehouse: Warehouse) -> None:
    run(warehouse, {3: LATENCY[3]}, now=at(28), notify=NotifyConfig(max_age=timedelta(hours=26)))
    assert states(warehouse) == [("firing", "pending")]


def test_what_resolves_before_anybody_tried_to_send_it_is_dropped(warehouse: Warehouse) -> None:
    run(warehouse, {3: LATENCY[3]})
    run(warehouse, {h: LATENCY[h] for h in range(4, 12)})
    assert states(warehouse) == [("firing", "suppressed"), ("resolved", "suppressed")]


def test_what_waited_for_a_failing_channel_is_still_told(warehouse: Warehouse) -> None:
    run(warehouse, {3: LATENCY[3]})
    with warehouse.write() as con:
        con.execute("UPDATE notifications SET last_error = 'waits: the channel is failing'")
    run(warehouse, {h: LATENCY[h] for h in range(4, 12)})
    assert states(warehouse) == [("firing", "pending"), ("resolved", "pending")]


@pytest.mark.parametrize("labels", [{"component": "generator"}, {"cause": "lat*", "chain": "support"}])
def test_a_silence_stops_the_message_and_says_so(warehouse: Warehouse, labels: dict[str, str]) -> None:
    actions.add_silence(
        warehouse, labels, duration=timedelta(hours=2), author="me", comment="load test", at=at(2)
    )
    run(warehouse, {3: LATENCY[3]})
    [row] = rows(warehouse)
    assert row["state"] == "suppressed"
    assert row["reason"] == "silenced by me until 2026-03-02 04:00 UTC: load test"


@pytest.mark.parametrize("labels", [{"component": "retriever"}, {"component": "generator", "cause": "cost"}])
def test_a_silence_that_does_not_match_stops_nothing(warehouse: Warehouse, labels: dict[str, str]) -> None:
    actions.add_silence(
        warehouse, labels, duration=timedelta(hours=2), author="me", comment="load test", at=at(2)
    )
    run(warehouse, {3: LATENCY[3]})
    assert states(warehouse) == [("firing", "pending")]


def test_a_silence_outside_of_its_time_stops_nothing(warehouse: Warehouse) -> None:
    silence = actions.add_silence(
        warehouse,
        {"component": "generator"},
        duration=timedelta(hours=9),
        author="me",
        comment="x",
        at=at(1),
    )
    actions.expire_silence(warehouse, silence.silence_id, "me", at(2))
    run(warehouse, {3: LATENCY[3]})
    assert states(warehouse) == [("firing", "pending")]


REBLAMED = together(
    stream("generator", "output_text", [3], range(1, 12), evidence={"scale_windows": 3}),
    stream("retriever", "output_text", [5], range(1, 12), evidence={"scale_windows": 4}),
)


def test_a_new_blame_is_told_once_and_not_before_the_cooldown(warehouse: Warehouse) -> None:
    run(warehouse, {h: REBLAMED[h] for h in (1, 2, 3)})
    mark_sent(warehouse)
    run(warehouse, {h: REBLAMED[h] for h in (4, 5)})
    firing, update = rows(warehouse)
    assert (update["kind"], update["state"]) == ("update", "pending")
    assert update["next_attempt_at"] == firing["created_at"] + timedelta(hours=4)
    payload = json.loads(update["payload"])
    assert payload["component"] == "retriever"
    assert payload["previous"] == {"component": "generator", "severity": "ticket"}


def test_a_new_blame_changes_the_message_that_still_waits(warehouse: Warehouse) -> None:
    run(warehouse, {h: REBLAMED[h] for h in (1, 2, 3)})
    run(warehouse, {h: REBLAMED[h] for h in (4, 5)})
    [row] = rows(warehouse)
    assert (row["kind"], row["state"]) == ("firing", "pending")
    assert json.loads(row["payload"])["component"] == "retriever"


def test_a_relapse_is_told_after_the_cooldown(warehouse: Warehouse, clock: Callable[[], datetime]) -> None:
    windows = stream("generator", "duration_s", [2, 8], range(1, 20))
    for hour in range(1, 9):
        run(warehouse, {hour: windows[hour]})
        mark_sent(warehouse)
    kinds = [(r["kind"], r["next_attempt_at"]) for r in rows(warehouse)]
    assert [k for k, _ in kinds] == ["firing", "resolved", "firing"]
    assert kinds[2][1] == at(5) + timedelta(hours=4)
