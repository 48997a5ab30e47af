"""A message that tells of many incidents, in every channel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from channel_receivers import RECEIVERS
from test_channel_conformance import every_channel, opened
from test_slack_payload import HOSTILE

from monitors.alerting.pipeline.group_notice import group_notice

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def member(number: int, **more: Any) -> dict[str, Any]:
    """A row of `incidents`."""
    return {
        "incident_id": f"i{number:02}",
        "chain": "support",
        "component": f"c{number:02}",
        "cause": "latency",
        "severity": "ticket",
        "owner": None,
        "title": f"C{number:02} latency rose",
        "state": "open",
        "started_at": NOON,
        "detected_at": NOON + timedelta(minutes=number),
        "resolved_at": None,
    } | more


def told(members: list[dict[str, Any]], kind: str = "firing") -> dict[str, Any]:
    return group_notice("g123", "support", members, kind, at=NOON, dashboard_url="http://here/")


def test_what_incidents_have_in_common_is_said_once_and_pages_come_first() -> None:
    notice = told([member(1), member(2, severity="page", component="c01"), member(3, state="resolved")])
    assert notice["title"] == "3 incidents in support"
    assert notice["summary"] == "3 incidents in support, 2 of them open."
    assert (notice["chain"], notice["component"], notice["severity"]) == ("support", None, "page")
    assert [m["incident_id"] for m in notice["members"]] == ["i02", "i01", "i03"]
    assert notice["members"][0]["link"] == "http://here/incident?incident=i02"
    assert notice["resolved_at"] is None
    elsewhere = told([member(1), member(2, chain="sales")])
    assert (elsewhere["title"], elsewhere["chain"]) == ("2 incidents in 2 chains", None)


def test_a_group_of_a_thousand_stays_small() -> None:
    notice = told([member(n) for n in range(1000)])
    assert (notice["incidents"], len(notice["members"])) == (1000, 100)


@every_channel
def test_every_channel_tells_of_the_first_ten_and_counts_the_rest(name: str) -> None:
    with RECEIVERS[name](["ok"]) as receiver:
        notifier = opened(name, receiver)
        assert notifier.send(told([member(n) for n in range(37)]), key="k").outcome == "sent"
        [text] = receiver.texts()
    assert "37 incidents in support" in text
    assert "C09 latency rose" in text
    if name != "webhook":
        assert "C10 latency rose" not in text
        assert "and 27 more" in text
        assert "None" not in text


@every_channel
def test_a_group_that_is_over_and_one_with_hostile_names(name: str) -> None:
    over = [member(n, state="resolved", resolved_at=NOON + timedelta(hours=1)) for n in range(3)]
    hostile = [member(0, title=HOSTILE, component=HOSTILE, chain=HOSTILE)]
    with RECEIVERS[name](["ok"]) as receiver:
        notifier = opened(name, receiver)
        assert notifier.send(told(over, "resolved"), key="a").outcome == "sent"
        assert notifier.send(told(hostile), key="b").outcome == "sent"
        ended, said = receiver.texts()
    if name != "pagerduty":
        assert "3 incidents in support" in ended
    for sign in ("https://evil", "@here", "\u202e", "\x1b"):
        assert sign not in said
