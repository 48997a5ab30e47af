"""A storm: a thousand alerts in a minute, and Slack at its worst for ten minutes."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from alerting_world import HOUR, T0, result
from slack_listener import OK, Answer, listening
from test_slack_delivery import BAD

from collectors.model import Deploy
from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch
from monitors.alerting.book import AlertBook
from monitors.alerting.config import NotifyConfig
from monitors.notify.configured import configured
from monitors.notify.deliver import deliver_pending
from monitors.result import Result
from monitors.topology import Topology

ALERTS = 1000
MINUTE = timedelta(minutes=1)


def storm(hour: int, status: str = "breach") -> list[Result]:
    """A thousand streams of two hundred chains: five independent faults in each."""
    return [
        result(f"step{number % 5}", "duration_s", hour, status, chain=f"chain{number // 5:03}")
        for number in range(ALERTS)
    ]


def run(warehouse: Warehouse, results: list[Result], hour: int) -> None:
    """One monitor run of the window that ends at `hour`."""
    deploys: list[Deploy] = []
    with warehouse.write() as con:
        book = AlertBook.load(con)
        book.step(T0 + hour * HOUR, results, Topology(()), deploys)
        book.flush(con, now=T0 + hour * HOUR, channels=["slack"])


def stored(warehouse: Warehouse) -> list[dict[str, Any]]:
    with warehouse.read() as con:
        return fetch(con, "SELECT * FROM notifications")


def subject(body: dict[str, Any]) -> str:
    """The id of the incident or group that a Slack message is about: the end of its second line."""
    text: str = body["blocks"][1]["elements"][0]["text"]
    return text.rsplit(maxsplit=1)[-1]


@pytest.mark.slow
def test_a_thousand_alerts_in_a_minute_are_eleven_messages_whatever_slack_does(warehouse: Warehouse) -> None:
    """Ten on their own and one for the rest; after ten bad minutes each arrives once, and so do the ends."""
    run(warehouse, storm(1), 1)
    with warehouse.read() as con:
        [alerts] = fetch(con, "SELECT count(*) AS n, count(DISTINCT incident_id) AS incidents FROM alerts")
    assert (alerts["n"], alerts["incidents"]) == (ALERTS, ALERTS)
    rows = stored(warehouse)
    assert Counter(r["state"] for r in rows) == {"pending": 11, "suppressed": 990}
    told = {r["group_id"] for r in rows if r["group_id"]}
    assert len(told) == 1
    assert {r["stopped_by"] for r in rows if r["state"] == "suppressed"} == {"group"}
    assert all(r["decisions"] for r in rows)

    now = T0 + HOUR
    timeout = Answer(500, delay_s=1.5)
    bad = [*BAD.values(), timeout, Answer(429, b"", {"Retry-After": "30"})]
    with listening(bad) as listener:
        environ = {"CHAINWATCH_SLACK_WEBHOOK_URL": listener.url}
        notify = NotifyConfig(channels=("slack",), patience=timedelta(0), timeout=timedelta(seconds=1))
        [slack] = configured(notify, environ)

        def deliver() -> None:
            deliver_pending(
                warehouse, [slack], lambda: now, notify=notify, sleep=lambda _: None, random=Random(1)
            )

        while now < T0 + HOUR + 10 * MINUTE:
            deliver()
            now += MINUTE
        assert listener.taken == []
        assert {r["state"] for r in stored(warehouse) if r["stopped_by"] is None} == {"pending"}
        listener.script[:] = [OK]
        while now < T0 + 2 * HOUR:
            deliver()
            now += 5 * MINUTE
        firing = [subject(body) for body in listener.taken]
        assert (len(firing), len(set(firing))) == (11, 11)
        assert sum("990 incidents in " in body["text"] for body in listener.taken) == 1

        for hour in (2, 3, 4):
            run(warehouse, storm(hour, "ok"), hour)
        now = T0 + 4 * HOUR
        deliver()
        ends = listener.taken[11:]
        assert sorted(subject(body) for body in ends) == sorted(firing)
        assert all("Resolved" in body["text"] for body in ends)
    left = Counter((r["kind"], r["state"]) for r in stored(warehouse))
    assert left == {
        ("firing", "sent"): 11,
        ("resolved", "sent"): 11,
        ("firing", "suppressed"): 990,
        ("resolved", "suppressed"): 990,
    }
