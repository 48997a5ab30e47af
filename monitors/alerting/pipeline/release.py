"""What a silence or another incident held back is told when that is over, as if it came now.

However much it is: the end of a silence over a whole chain is no reason for a storm.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from collectors.warehouse.store import Row, fetch
from monitors.alerting.config import AlertsConfig, NotifyConfig
from monitors.alerting.labels import incident_labels
from monitors.alerting.pipeline.deduplicate import deduplicate
from monitors.alerting.pipeline.group import news_of_groups, share_out
from monitors.alerting.pipeline.inhibit import inhibited, open_labels
from monitors.alerting.pipeline.message import Message, Situation
from monitors.alerting.pipeline.record import record
from monitors.alerting.pipeline.send import send
from monitors.alerting.pipeline.stored import query
from monitors.alerting.records import read_incidents
from monitors.alerting.silence import read_silences, silenced

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection


def release(con: Connection, now: datetime, notify: NotifyConfig) -> None:
    """Tells, in the caller's transaction, what nothing holds back any more."""
    held = fetch(con, query("held"))
    if not held:
        return
    silences, sources = read_silences(con, now), open_labels(con)
    free: dict[str, Row] = {}
    for row in held:
        labels = incident_labels(row)
        if silenced(silences, labels, now) is None and inhibited(notify.inhibit, labels, sources) is None:
            free[row["idempotency_key"]] = row
    if free:
        _tell(con, free, now, notify)


def _tell(con: Connection, free: dict[str, Row], now: datetime, notify: NotifyConfig) -> None:
    incidents = {i.incident_id: i for i in read_incidents(con, [r["incident_id"] for r in free.values()])}
    link = next(iter(free.values()))["link"] or ""
    situation = Situation(
        con=con,
        now=now,
        as_of=None,
        channels=sorted({row["channel"] for row in free.values()}),
        notify=notify,
        settings=AlertsConfig(),
        dashboard_url=link.partition("/incident?")[0],
    )
    fresh: dict[str, list[Message]] = {}
    for row in free.values():
        number = int(row["idempotency_key"].split("/")[2])
        message = Message(
            incident=incidents[row["incident_id"]], kind="firing", number=number, channel=row["channel"]
        )
        fresh.setdefault(row["channel"], []).append(message)
    shared = share_out(fresh, situation)
    _wake(con, [free[message.key] for message in shared.own], now)
    told = news_of_groups(shared, set(), incidents, situation)
    record(
        send(deduplicate([m for m in told if m.incident is None], situation), situation),
        situation,
    )
    _tell_together(con, [(m, free[m.key]) for m in told if m.incident is not None], now)


def _wake(con: Connection, rows: Sequence[Row], now: datetime) -> None:
    """These go out as messages of their own."""
    if rows:
        woken = {
            "ids": [row["notification_id"] for row in rows],
            "steps": [_step(row["stopped_by"], "it is over: told now", now) for row in rows],
        }
        con.execute(query("wake"), {**woken, "now": now})


def _tell_together(con: Connection, joined: Sequence[tuple[Message, Row]], now: datetime) -> None:
    """These are told in the message of a group."""
    if joined:
        told = {
            "ids": [row["notification_id"] for _, row in joined],
            "reasons": [message.reason for message, _ in joined],
            "groups": [message.group_id for message, _ in joined],
            "steps": [
                _step("group", f"it is no longer held back: {message.reason}", now) for message, _ in joined
            ],
        }
        con.execute(query("tell_together"), told)


def _step(name: str, reason: str, at: datetime) -> str:
    return json.dumps({"step": name, "reason": reason, "at": at.isoformat()}, ensure_ascii=False)
