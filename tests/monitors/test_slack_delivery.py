"""Delivery against a real HTTP listener: nothing lost, nothing sent twice, and no secret anywhere."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from alerting_world import new_warehouse
from slack_listener import OK, Answer, Listener, listening
from test_slack_payload import firing

from collectors.errors import ConfigError
from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch, insert
from monitors.alerting import actions
from monitors.alerting.config import NotifyConfig
from monitors.notify.base import Notifier
from monitors.notify.configured import configured
from monitors.notify.deliver import DeliveryReport, deliver_pending

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def environ_of(listener: Listener) -> dict[str, str]:
    return {
        "CHAINWATCH_SLACK_WEBHOOK_URL": listener.url,
        "CHAINWATCH_WEBHOOK_URL": listener.url,
        "CHAINWATCH_WEBHOOK_SECRET": "hush-SECRET-hush",
    }


def slack(listener: Listener, *, timeout: timedelta = timedelta(seconds=5)) -> list[Notifier]:
    return configured(NotifyConfig(channels=("slack",), timeout=timeout), environ_of(listener))


def queue(warehouse: Warehouse, incident: str, kind: str = "firing", *, created: datetime = NOW) -> str:
    row = {
        "notification_id": f"{incident}-{kind}",
        "idempotency_key": f"{incident}/{kind}/1/slack",
        "incident_id": incident,
        "channel": "slack",
        "kind": kind,
        "payload": json.dumps(firing(kind=kind, incident_id=incident)),
        "state": "pending",
        "attempts": 0,
        "next_attempt_at": created,
        "created_at": created,
    }
    with warehouse.write() as con:
        insert(con, "notifications", [row])
    return f"{incident}-{kind}"


def stored(warehouse: Warehouse, table: str = "notifications") -> list[dict[str, Any]]:
    order = {"notifications": "created_at, notification_id", "notification_attempts": "attempted_at"}[table]
    with warehouse.read() as con:
        return fetch(con, f"SELECT * FROM {table} ORDER BY {order}")


def deliver(
    warehouse: Warehouse, notifiers: list[Notifier], time: Time, notify: NotifyConfig | None = None
) -> DeliveryReport:
    return deliver_pending(
        warehouse, notifiers, time, notify=notify or NotifyConfig(), sleep=time.sleep, random=Random(1)
    )


def test_a_message_is_sent_once_and_recorded(warehouse: Warehouse) -> None:
    queue(warehouse, "a")
    time = Time()
    with listening() as listener:
        report = deliver(warehouse, slack(listener), time)
        deliver(warehouse, slack(listener), time)
    assert report == DeliveryReport(sent=1)
    assert len(listener.taken) == 1
    assert "Generator latency rose" in listener.taken[0]["text"]
    [row] = stored(warehouse)
    assert (row["state"], row["attempts"], row["sent_at"]) == ("sent", 1, NOW)
    [attempt] = stored(warehouse, "notification_attempts")
    assert (attempt["outcome"], attempt["http_status"]) == ("sent", 200)


def test_retry_after_is_honoured_for_every_message_of_the_channel(warehouse: Warehouse) -> None:
    queue(warehouse, "a")
    queue(warehouse, "b", created=NOW + timedelta(microseconds=1))
    time = Time()
    time.sleep(1)
    with listening([Answer(429, b"rate_limited", {"Retry-After": "7"}), OK]) as listener:
        report = deliver(warehouse, slack(listener), time, NotifyConfig(first_retry=timedelta(seconds=1)))
    assert (report.sent, report.retried) == (2, 1)
    assert len(listener.taken) == 2
    assert time.now >= NOW + timedelta(seconds=8)
    attempts = stored(warehouse, "notification_attempts")
    assert [a["outcome"] for a in attempts] == ["retry", "sent", "sent"]
    assert attempts[1]["attempted_at"] - attempts[0]["attempted_at"] >= timedelta(seconds=7)


BAD = {
    "429 without a wait": Answer(429, b"rate_limited"),
    "429 with nonsense": Answer(429, b"", {"Retry-After": "soon"}),
    "500": Answer(500, b"<html>oops</html>"),
    "503": Answer(503, b"", {"Retry-After": "1"}),
    "404 of a revoked webhook": Answer(404, b"no_service"),
    "a login page": Answer(200, b"<html>Please log in</html>"),
    "a redirect": Answer(302, b"", {"Location": "http://127.0.0.1:9/"}),
    "not HTTP": Answer(garbage=b"\x00\xff\xfenonsense\r\n\r\n"),
    "bytes that are no text": Answer(200, b"\xff\xfe\x80"),
    "an error that is no text": Answer(500, b"\xff\xfe\x80"),
    "nothing": Answer(garbage=b""),
    "a broken length": Answer(garbage=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nok"),
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
def test_what_slack_did_not_take_is_sent_again(warehouse: Warehouse, answer: Answer) -> None:
    queue(warehouse, "a")
    with listening([answer, answer, OK]) as listener:
        report = deliver(warehouse, slack(listener), Time())
    assert (report.sent, report.retried, report.dead) == (1, 2, 0)
    assert len(listener.taken) == 1
    errors = " ".join(str(a["error"]) for a in stored(warehouse, "notification_attempts"))
    assert "SECRET" not in errors


def test_a_timeout_is_sent_again(warehouse: Warehouse) -> None:
    queue(warehouse, "a")
    with listening([Answer(500, delay_s=1.6), OK]) as listener:
        report = deliver(warehouse, slack(listener, timeout=timedelta(seconds=1)), Time())
    assert (report.sent, report.retried) == (1, 1)


def test_nobody_listens_and_later_somebody_does(warehouse: Warehouse) -> None:
    queue(warehouse, "a")
    time = Time()
    with listening() as listener:
        pass
    report = deliver(warehouse, slack(listener), time)
    assert report.sent == 0
    assert report.is_waiting
    assert stored(warehouse)[0]["state"] == "pending"
    time.sleep(3600)
    with listening() as again:
        assert deliver(warehouse, slack(again), time).sent == 1
    assert len(again.taken) == 1


def test_ten_bad_minutes_lose_nothing_and_send_nothing_twice(warehouse: Warehouse) -> None:
    """A run every minute, an incident every third, and Slack answers with all that is bad."""
    time = Time()
    bad = [a for a in BAD.values() if a.delay_s == 0]
    with listening(bad) as listener:
        for minute in range(10):
            if minute % 3 == 0:
                queue(warehouse, f"i{minute}", created=time.now)
            deliver(warehouse, slack(listener), time, NotifyConfig(patience=timedelta(0)))
            time.now = max(time.now, NOW + timedelta(minutes=minute + 1))
        assert listener.taken == []
        listener.script[:] = [OK]
        for _ in range(8):
            deliver(warehouse, slack(listener), time, NotifyConfig(patience=timedelta(0)))
            time.sleep(1800)
    assert {r["state"] for r in stored(warehouse)} == {"sent"}
    sent = [b["blocks"][1]["elements"][0]["text"].split()[-1] for b in listener.taken]
    assert sorted(sent) == ["i0", "i3", "i6", "i9"]


def test_what_slack_will_never_take_is_dead_at_once(warehouse: Warehouse) -> None:
    queue(warehouse, "a")
    with listening([Answer(400, b"invalid_blocks")]) as listener:
        report = deliver(warehouse, slack(listener), Time())
    assert report.dead == 1
    [row] = stored(warehouse)
    assert (row["state"], row["attempts"]) == ("dead", 1)
    assert "invalid_blocks" in row["reason"]


def test_after_too_many_attempts_it_is_dead_with_the_reason(warehouse: Warehouse) -> None:
    queue(warehouse, "a")
    notify = NotifyConfig(max_attempts=3, patience=timedelta(minutes=5))
    with listening([Answer(500)]) as listener:
        report = deliver(warehouse, slack(listener), Time(), notify)
    assert (report.retried, report.dead) == (2, 1)
    assert len(listener.bodies) == 3
    assert stored(warehouse)[0]["reason"].startswith("given up after 3 attempts: Slack answered 500")


def test_waits_grow_and_are_jittered(warehouse: Warehouse) -> None:
    queue(warehouse, "a")
    time = Time()
    notify = NotifyConfig(max_attempts=6, patience=timedelta(hours=5))
    with listening([Answer(500)]) as listener:
        deliver(warehouse, slack(listener), time, notify)
    assert len(time.slept) == 5
    for n, slept in enumerate(time.slept):
        assert 2.5 * 2**n <= slept <= 5.0 * 2**n
    assert len({round(s / 2**n, 6) for n, s in enumerate(time.slept)}) == 5


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


def test_channels_follow_the_environment_and_the_configuration() -> None:
    assert configured(NotifyConfig(), {}) == []
    environ = {"CHAINWATCH_SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/x"}
    assert [n.name for n in configured(NotifyConfig(), environ)] == ["slack"]
    assert configured(NotifyConfig(channels=()), environ) == []
    with pytest.raises(ConfigError, match="CHAINWATCH_SLACK_WEBHOOK_URL is not set"):
        configured(NotifyConfig(channels=("slack",)), {})
    with pytest.raises(ConfigError, match="choose one of: apprise, email, pagerduty, slack, webhook"):
        configured(NotifyConfig(channels=("slak",)), {})


def _webhook(listener: Listener) -> Notifier:
    notify = NotifyConfig(channels=("webhook",), timeout=timedelta(seconds=5))
    [notifier] = configured(notify, environ_of(listener))
    return notifier


def test_the_webhook_is_signed_and_names_the_message() -> None:
    with listening() as listener:
        notifier = _webhook(listener)
        notifier.send(firing(), key="incident/firing/1/webhook")
    headers = listener.headers[0]
    assert headers["idempotency-key"] == "incident/firing/1/webhook"
    stamp, signature = (part.partition("=")[2] for part in headers["x-chainwatch-signature"].split(","))
    expected = hmac.new(b"hush-SECRET-hush", stamp.encode() + b"." + listener.raw[0], hashlib.sha256)
    assert signature == expected.hexdigest()


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


def test_the_documented_way_to_verify_a_signature_holds() -> None:
    page = (Path(__file__).parents[2] / "docs" / "alerts" / "notifications.md").read_text("utf-8")
    [code] = [b for b in page.split("```python\n")[1:] if "def is_ours" in b]
    names: dict[str, Any] = {}
    exec(code.split("```")[0], names)
    with listening() as listener:
        _webhook(listener).send(firing(), key="k")
    [body], signature = listener.raw, listener.headers[0]["x-chainwatch-signature"]
    is_ours = names["is_ours"]
    assert is_ours(body, signature, "hush-SECRET-hush")
    assert not is_ours(body + b" ", signature, "hush-SECRET-hush")
    assert not is_ours(body, signature, "another secret")
    assert not is_ours(body, signature, "hush-SECRET-hush", longest_s=-1)
    assert not is_ours(body, "nonsense", "hush-SECRET-hush")
