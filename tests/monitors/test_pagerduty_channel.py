"""PagerDuty's Events API v2 against a local listener: what is sent, and what its answers mean."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from channel_receivers import ROUTING_KEY
from slack_listener import Answer, Listener, listening
from test_slack_payload import RESOLVED, firing

from monitors.notify.base import Notifier
from monitors.notify.channels.pagerduty import CHANNEL

TAKEN = Answer(202, b'{"status": "success", "message": "Event processed", "dedup_key": "x"}')


def opened(listener: Listener) -> Notifier:
    environ = {
        "CHAINWATCH_PAGERDUTY_ROUTING_KEY": ROUTING_KEY,
        "CHAINWATCH_PAGERDUTY_URL": listener.url,
    }
    notifier = CHANNEL.open(environ, timeout=timedelta(seconds=5))
    assert notifier is not None
    return notifier


def event(**changes: Any) -> dict[str, Any]:
    with listening([TAKEN]) as listener:
        assert opened(listener).send(firing(**changes), key="k").outcome == "sent"
    return listener.bodies[0]


def test_a_firing_incident_triggers() -> None:
    sent = event()
    assert sent["routing_key"] == ROUTING_KEY
    assert (sent["event_action"], sent["dedup_key"]) == ("trigger", "0123456789ab")
    payload = sent["payload"]
    assert "Generator latency rose: p95 4.1 s against 1.9 s" in payload["summary"]
    assert payload["source"] == "support"
    assert (payload["component"], payload["group"], payload["class"]) == ("generator", "support", "latency")
    assert payload["timestamp"] == "2026-03-02T14:00:00+00:00"
    assert "2.16 against a threshold of 1.25" in json.dumps(payload["custom_details"])
    assert sent["links"][0] == {
        "href": "http://localhost:8501/incident?incident=0123456789ab",
        "text": "Open the incident",
    }


@pytest.mark.parametrize(("ours", "theirs"), [("page", "critical"), ("ticket", "warning")])
def test_severities(ours: str, theirs: str) -> None:
    assert event(severity=ours)["payload"]["severity"] == theirs


def test_an_update_keeps_the_alert_and_the_end_resolves_it() -> None:
    assert event(kind="update")["dedup_key"] == "0123456789ab"
    sent = event(**RESOLVED)
    assert (sent["event_action"], sent["dedup_key"]) == ("resolve", "0123456789ab")
    assert set(sent) == {"routing_key", "event_action", "dedup_key"}


def test_long_texts_stay_within_the_limits() -> None:
    payload = event(title="t" * 5000, chain="c" * 5000)["payload"]
    assert len(payload["summary"]) <= 1024
    assert len(json.dumps(payload)) < 512 * 1024


def test_a_test_is_triggered_and_resolved_at_once() -> None:
    with listening([TAKEN]) as listener:
        notice = {"kind": "test", "title": "Test", "summary": "Nothing is wrong.", "links": {}}
        assert opened(listener).send(notice, key="k").outcome == "sent"
    assert [b["event_action"] for b in listener.bodies] == ["trigger", "resolve"]
    assert listener.bodies[0]["dedup_key"] == listener.bodies[1]["dedup_key"]
    assert listener.bodies[0]["payload"]["severity"] == "info"


def test_a_refusal_says_what_pagerduty_says() -> None:
    said = {
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": ["'payload.severity' is invalid", f"no {ROUTING_KEY}"],
    }
    with listening([Answer(400, json.dumps(said).encode())]) as listener:
        delivery = opened(listener).send(firing(), key="k")
    assert (delivery.outcome, delivery.http_status) == ("dead", 400)
    assert delivery.error == (
        "PagerDuty answered 400: Event object is invalid: 'payload.severity' is invalid; no [hidden]"
    )


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (Answer(429, b"", {"Retry-After": "30"}), 30.0),
        (Answer(429, b"slow down"), None),
        (Answer(500, b"[1, 2]"), None),
        (Answer(503, b"", {"Retry-After": "soon"}), None),
        (Answer(200, b"<html>Please log in</html>"), None),
        (Answer(302, b"", {"Location": "http://127.0.0.1:9/"}), None),
    ],
)
def test_what_it_did_not_take_is_tried_again(answer: Answer, wait: float | None) -> None:
    with listening([answer]) as listener:
        delivery = opened(listener).send(firing(), key="k")
    assert (delivery.outcome, delivery.retry_after_s) == ("retry", wait)


def test_without_an_address_it_is_pagerduty_itself() -> None:
    notifier = CHANNEL.open({"CHAINWATCH_PAGERDUTY_ROUTING_KEY": ROUTING_KEY}, timeout=timedelta(seconds=5))
    assert vars(notifier)["_url"] == "https://events.pagerduty.com/v2/enqueue"
    assert CHANNEL.open({}, timeout=timedelta(seconds=5)) is None
