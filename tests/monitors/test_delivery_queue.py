"""Which message is sent, and when: in order, once, not when it is too late, and not during a silence."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

from alerting_world import new_warehouse
from delivering import NOW, Time, deliver, queue, slack, stored
from slack_listener import OK, Answer, listening

from collectors.warehouse import Warehouse
from collectors.warehouse.store import insert
from monitors.alerting import actions
from monitors.notify.deliver import DeliveryReport


def test_resolved_never_overtakes_firing(warehouse: Warehouse) -> None:
    queue(warehouse, "a")
    queue(warehouse, "a", "resolved", created=NOW + timedelta(seconds=1))
    time = Time()
    time.sleep(2)
    with listening([Answer(500), OK]) as listener:
        deliver(warehouse, slack(listener), time)
    assert ["Resolved" in b["text"] for b in listener.taken] == [False, True]


def test_two_deliverers_at_once_send_each_message_once(tmp_path: Path) -> None:
    warehouse = new_warehouse(tmp_path)
    for n in range(12):
        queue(warehouse, f"i{n:02}")
    with listening([Answer(200, b"ok", delay_s=0.02)]) as listener:
        threads = [
            threading.Thread(target=deliver, args=(Warehouse(warehouse.path), slack(listener), Time()))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    sent = [b["blocks"][1]["elements"][0]["text"].split()[-1] for b in listener.bodies]
    assert sorted(sent) == [f"i{n:02}" for n in range(12)]


def test_a_claim_whose_holder_died_runs_out(warehouse: Warehouse) -> None:
    queue(warehouse, "a")
    time = Time()
    with warehouse.write() as con:
        con.execute(
            "UPDATE notifications SET state = 'sending', attempts = 1, next_attempt_at = ?",
            [NOW + timedelta(minutes=5)],
        )
    with listening() as listener:
        assert deliver(warehouse, slack(listener), time) == DeliveryReport()
        time.sleep(301)
        assert deliver(warehouse, slack(listener), time).sent == 1
    outcomes = [(a["outcome"], a["error"]) for a in stored(warehouse, "notification_attempts")]
    assert outcomes == [("retry", "the sender stopped before it could record"), ("sent", None)]


def test_what_waited_too_long_is_dead_and_not_sent(warehouse: Warehouse) -> None:
    queue(warehouse, "a")
    time = Time()
    time.sleep(25 * 3600)
    with listening() as listener:
        deliver(warehouse, slack(listener), time)
    assert listener.bodies == []
    assert stored(warehouse)[0]["reason"] == "not delivered within 24 h"


def test_messages_of_other_channels_stay(warehouse: Warehouse) -> None:
    queue(warehouse, "a")
    with warehouse.write() as con:
        con.execute("UPDATE notifications SET channel = 'webhook'")
    with listening() as listener:
        deliver(warehouse, slack(listener), Time())
    assert listener.bodies == []
    assert stored(warehouse)[0]["state"] == "pending"


def _silenced_incident(warehouse: Warehouse, state: str) -> None:
    queue(warehouse, "a")
    incident = {
        "incident_id": "a",
        "chain": "support",
        "component": "generator",
        "cause": "latency",
        "title": "t",
        "summary": "s",
        "severity": "page",
        "state": state,
        "started_at": NOW,
        "detected_at": NOW,
        "updated_at": NOW,
    }
    with warehouse.write() as con:
        insert(con, "incidents", [incident])
    actions.add_silence(
        warehouse,
        {"component": "gen*"},
        duration=timedelta(hours=2),
        author="me",
        comment="load test",
        at=NOW - timedelta(minutes=1),
    )


def test_a_silence_made_after_queueing_stops_it_and_its_end_lets_it_go(warehouse: Warehouse) -> None:
    _silenced_incident(warehouse, "open")
    time = Time()
    with listening() as listener:
        deliver(warehouse, slack(listener), time)
        assert listener.bodies == []
        [row] = stored(warehouse)
        assert row["state"] == "suppressed"
        assert row["reason"] == "silenced by me until 2026-03-02 16:59 UTC: load test"
        time.sleep(2 * 3600)
        deliver(warehouse, slack(listener), time)
        deliver(warehouse, slack(listener), time)
    assert len(listener.taken) == 1


def test_what_ended_during_its_silence_is_not_told_later(warehouse: Warehouse) -> None:
    _silenced_incident(warehouse, "open")
    time = Time()
    with listening() as listener:
        deliver(warehouse, slack(listener), time)
        with warehouse.write() as con:
            con.execute("UPDATE incidents SET state = 'resolved'")
        time.sleep(3 * 3600)
        deliver(warehouse, slack(listener), time)
    assert listener.bodies == []
