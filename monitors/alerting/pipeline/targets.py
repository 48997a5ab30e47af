"""Where a message goes: the channels of its route, and those that heard of the incident before."""

from __future__ import annotations

from dataclasses import dataclass, replace

from collectors.warehouse.store import fetch
from monitors.alerting.pipeline.message import NO_CHANNEL, Message, Situation
from monitors.alerting.pipeline.stored import query


@dataclass(frozen=True, kw_only=True)
class Target:
    """A message for one channel; `told_with` is the group in which people heard of its incident there."""

    message: Message
    told_with: str | None = None


def targets(message: Message, now: Situation) -> list[Target]:
    """Each channel that this goes to, and as what.

    Who heard of an incident hears how it goes on, even when it takes another route by now; a channel that it
    comes to only now, because its severity or component changed, hears of it for the first time.
    """
    incident = message.incident
    assert incident is not None
    routed = now.notify.channels_for(incident.labels, now.channels)
    if message.kind == "firing":
        return [Target(message=replace(message, channel=channel)) for channel in routed or (NO_CHANNEL,)]
    rows = fetch(now.con, query("heard_where"), {"incident_id": incident.incident_id})
    heard = {row["channel"]: row["group_id"] if row["is_grouped"] else None for row in rows}
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
