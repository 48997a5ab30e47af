"""The outbox: what people must hear of an incident, queued in the transaction that decided it.

One `firing` per incident and channel (and one more for a relapse), an `update` when the blame or the severity
changes, one `resolved`. What is not sent is stored as suppressed, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import resources
from typing import TYPE_CHECKING

from collectors.model import content_hash, utc
from collectors.warehouse.store import Row, fetch, insert
from monitors.alerting.config import AlertsConfig, NotifyConfig
from monitors.alerting.incident import Incident
from monitors.alerting.notice import notice
from monitors.alerting.routes import route_of
from monitors.alerting.silence import Silence, read_silences, silenced
from monitors.alerting.words import span

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection

NO_CHANNEL = "none"


@dataclass(frozen=True, kw_only=True)
class News:
    """One thing to tell of an incident; `number` tells the first time from the second."""

    incident: Incident
    kind: str
    number: int
    previous: Incident | None = None
    over: bool = False


def news(before: Mapping[str, Incident], changed: Iterable[Incident]) -> list[News]:
    """What changed for people since the book was loaded, an incident at a time."""
    found: list[News] = []
    for now in sorted(changed, key=lambda i: (i.detected_at, i.incident_id)):
        was = before.get(now.incident_id)
        opened = was is None or now.times_opened > was.times_opened
        if opened:
            found.append(News(incident=now, kind="firing", number=now.times_opened, over=not now.is_open))
        elif was is not None and was.is_open and not now.is_open:
            found.append(News(incident=now, kind="resolved", number=now.times_opened))
        elif was is not None and now.is_open and _is_other(was, now):
            changes = len(now.evidence.get("history", ()))
            found.append(News(incident=now, kind="update", number=changes, previous=was))
    return found


def _is_other(was: Incident, now: Incident) -> bool:
    """Whether what people were told of it no longer holds."""
    return (was.component, was.severity) != (now.component, now.severity)


def queue(
    con: Connection,
    before: Mapping[str, Incident],
    changed: Sequence[Incident],
    *,
    now: datetime,
    as_of: datetime | None,
    channels: Sequence[str],
    notify: NotifyConfig,
    settings: AlertsConfig,
    dashboard_url: str,
) -> None:
    """Queue the news of `changed` incidents for every channel; nothing is queued twice.

    `as_of` is the end of the last window that was stepped, `now` the clock of the run.
    """
    items = news(before, changed)
    if not items:
        return
    rules = _Rules(
        silences=tuple(read_silences(con, now)), now=now, as_of=as_of, notify=notify, settings=settings
    )
    for item in items:
        for channel, told in _targets(con, item, channels, notify):
            payload = json.dumps(
                notice(told.incident, told.kind, dashboard_url, told.previous), ensure_ascii=False
            )
            _queue_one(con, told, channel, payload, rules)


@dataclass(frozen=True, kw_only=True)
class _Rules:
    silences: tuple[Silence, ...]
    now: datetime
    as_of: datetime | None
    notify: NotifyConfig
    settings: AlertsConfig


def _targets(
    con: Connection, item: News, channels: Sequence[str], notify: NotifyConfig
) -> list[tuple[str, News]]:
    """Each channel that this goes to, and as what.

    Who heard of an incident hears how it goes on, even when it takes another route by now; a channel that it
    comes to only now, because its severity or component changed, hears of it for the first time.
    """
    incident = item.incident
    routed = notify.channels_for(incident.labels, channels)
    if item.kind == "firing":
        return [(channel, item) for channel in routed or (NO_CHANNEL,)]
    rows = fetch(con, _sql("heard_where"), {"incident_id": incident.incident_id})
    heard = {row["channel"] for row in rows}
    before = notify.channels_for(item.previous.labels, channels) if item.previous else routed
    first = replace(item, kind="firing", number=incident.times_opened, previous=None)
    targets = [
        (channel, first if channel not in (*heard, *before) else item)
        for channel in channels
        if channel in routed or channel in heard
    ]
    return targets or [(NO_CHANNEL, item)]


def _queue_one(con: Connection, item: News, channel: str, payload: str, rules: _Rules) -> None:
    incident_id = item.incident.incident_id
    key = f"{incident_id}/{item.kind}/{item.number}/{channel}"
    place = {"incident_id": incident_id, "channel": channel}
    told = fetch(con, _sql("told"), place)
    if any(row["idempotency_key"] == key for row in told):
        return
    waiting = [row for row in told if row["state"] == "pending" and _untried(row)]
    if item.kind == "update" and waiting:
        # What waits to be sent tells the news instead.
        con.execute(_sql("refresh_waiting"), {**place, "payload": payload})
        return
    reason = _why_not(item, told, channel, rules)
    if item.kind == "resolved":
        con.execute(_sql("drop_unsent"), place)
    row: Row = {
        "notification_id": content_hash("notification", key)[:16],
        "idempotency_key": key,
        "incident_id": incident_id,
        "channel": channel,
        "kind": item.kind,
        "payload": payload,
        "state": "pending" if reason is None else "suppressed",
        "reason": reason,
        "attempts": 0,
        "next_attempt_at": _not_before(item, told, rules),
        "created_at": rules.now,
    }
    insert(con, "notifications", [row])


def _why_not(item: News, told: Sequence[Row], channel: str, rules: _Rules) -> str | None:
    """The reason not to send, None to send."""
    if channel == NO_CHANNEL:
        route = route_of(rules.notify.routes, item.incident.labels)
        return f"the route {route.name!r} goes to no channel" if route else "no channel configured"
    if item.over:
        return "resolved before it was sent"
    heard = [row for row in told if row["kind"] == "firing"][-1:]
    if item.kind != "firing" and not (heard and _reaches(heard[0])):
        return "people were not told of it on this channel, so they need not hear more"
    return _too_old(item, rules) or _silenced(item, rules)


def _too_old(item: News, rules: _Rules) -> str | None:
    # What still fires is news however long ago it began, if the data reach up to now.
    since = item.incident.resolved_at if item.kind == "resolved" else rules.as_of
    if since is None or rules.now - since <= rules.notify.max_age:
        return None
    return f"older than {span(rules.notify.max_age)} when it was found: a catch-up is no news"


def _silenced(item: News, rules: _Rules) -> str | None:
    # The end of what people heard of is always told: a silence must not leave them waiting.
    if item.kind == "resolved":
        return None
    silence = silenced(rules.silences, item.incident.labels, rules.now)
    return silence.sentence if silence is not None else None


def _not_before(item: News, told: Sequence[Row], rules: _Rules) -> datetime:
    """Now; but changes of mind and relapses wait until the cooldown after the last message is over."""
    heard = [utc(row["created_at"]) for row in told if row["state"] != "suppressed"]
    if item.kind == "resolved" or item.number == 1 or not heard:
        return rules.now
    return max(rules.now, max(heard) + rules.settings.cooldown)


def _reaches(row: Row) -> bool:
    """Whether people have heard of it or still will; what nobody tried before it was over is dropped."""
    return row["state"] in ("sending", "sent") or (row["state"] == "pending" and not _untried(row))


def _untried(row: Row) -> bool:
    return int(row["attempts"]) == 0 and row["last_error"] is None


def _sql(name: str) -> str:
    return (resources.files("monitors.alerting") / f"{name}.sql").read_text("utf-8")
