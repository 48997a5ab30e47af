"""Where a message goes: the channels of its route, and those that heard of the incident before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from collectors.warehouse.store import fetch
from monitors.alerting.pipeline.message import NO_CHANNEL, Message, Situation
from monitors.alerting.pipeline.stored import query


@dataclass(frozen=True, kw_only=True)
class Target:
    """A message for one channel; `told_with` is the group in which people heard of its incident there."""

    message: Message
    told_with: str | None = None


# Of an incident: the channels on which people heard of it, each with the group that they heard of it in.
Heard = Mapping[str, str | None]


def targets(messages: Sequence[Message], now: Situation) -> list[Target]:
    """Each channel that these go to, and as what.

    Who heard of an incident hears how it goes on, even when it takes another route by now; a channel that it
    comes to only now, because its severity or component changed, hears of it for the first time.
    """
    known = _heard([m.subject for m in messages if m.kind != "firing"], now)
    return [target for m in messages for target in _of(m, known.get(m.subject, {}), now)]


def _heard(incident_ids: Sequence[str], now: Situation) -> Mapping[str, Heard]:
    """Where people heard of these incidents, by incident."""
    found: dict[str, dict[str, str | None]] = {}
    if incident_ids:
        for row in fetch(now.con, query("heard_where"), {"incident_ids": list(incident_ids)}):
            group = row["group_id"] if row["is_grouped"] else None
            found.setdefault(row["incident_id"], {})[row["channel"]] = group
    return found


def _of(message: Message, heard: Heard, now: Situation) -> list[Target]:
    incident = message.incident
    assert incident is not None
    routed = now.notify.channels_for(incident.labels, now.channels)
    if message.kind == "firing":
        return [Target(message=replace(message, channel=channel)) for channel in routed or (NO_CHANNEL,)]
    before = now.notify.channels_for(message.previous.labels, now.channels) if message.previous else routed
    first = replace(message, kind="firing", number=incident.times_opened, previous=None)
    found = [
        Target(
            message=replace(first if channel not in (*heard, *before) else message, channel=channel),
            told_with=heard.get(channel),
        )
        for channel in now.channels
        if channel in routed or channel in heard
    ]
    return found or [Target(message=replace(message, channel=NO_CHANNEL))]
