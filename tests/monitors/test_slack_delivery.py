"""Delivery against a real HTTP listener: nothing lost, nothing sent twice, and no secret anywhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from delivering import NOW, Time, deliver, queue, slack, stored
from slack_listener import OK, Answer, listening

from collectors.warehouse import Warehouse
from monitors.alerting.config import NotifyConfig
from monitors.notify.deliver import DeliveryReport


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
