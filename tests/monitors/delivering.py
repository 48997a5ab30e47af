"""Delivery with a clock of its own: messages in the queue, a listener's channels, and what was recorded."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from slack_listener import Listener
from test_slack_payload import firing

from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch, insert
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
