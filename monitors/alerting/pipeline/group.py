"""Step 3: to each its channels, and many incidents at once as one message.

Incidents whose labels of `group_by` are alike are told together. And however many there are, a channel gets
at most `max_messages` of new ones within `storm_period`: pages first, the rest in one message that is renewed
as more come in. A group is over when all of its incidents are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from collectors.model import content_hash, utc
from collectors.warehouse.store import fetch
from monitors.alerting.incident import Incident
from monitors.alerting.pipeline.group_notice import Member, group_notice, member_of
from monitors.alerting.pipeline.message import NO_CHANNEL, Message, Situation
from monitors.alerting.pipeline.stored import query
from monitors.alerting.pipeline.targets import Target, targets
from monitors.alerting.routes import DEFAULT, route_of

STEP = "group"
# A group on a channel.
Place = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class OpenGroup:
    """A message that tells of many and is not over.

    Attributes:
        members: ids of their incidents. messages: that were queued of it. told_at: when the latest was.
    """

    group_id: str
    channel: str
    key: str
    members: tuple[str, ...] = ()
    messages: int = 0
    told_at: datetime | None = None


def group(messages: Sequence[Message], now: Situation) -> list[Message]:
    """One message a channel for each incident, and one for those that are told together."""
    touched: set[Place] = set()
    alone: list[Message] = []
    new: dict[str, list[Message]] = {}
    routed = targets(messages, now)
    for target in routed:
        message = target.message
        if message.channel == NO_CHANNEL:
            alone.append(message.stopped(STEP, _nowhere(message, now), for_good=True))
        elif message.kind != "firing":
            alone.append(_goes_on(target, touched))
        elif message.stopped_by is not None or message.over or now.is_too_old(message):
            alone.append(message.passed(STEP, "not grouped: it is not told now"))
        else:
            new.setdefault(message.channel or "", []).append(message)
    shared = share_out(new, now)
    alone += [m.passed(STEP, "a message of its own") for m in shared.own]
    changed = {m.incident.incident_id: m.incident for m in messages if m.incident is not None}
    order = {target.message.key: place for place, target in enumerate(routed)}
    told = news_of_groups(shared, touched, changed, now)
    return [*sorted(alone, key=lambda m: order[m.key]), *told]


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What is told on its own, every group that is not over, and what joins which."""

    own: Sequence[Message]
    groups: Mapping[Place, OpenGroup]
    joined: Mapping[Place, Sequence[Message]]


def share_out(new: Mapping[str, Sequence[Message]], now: Situation) -> Shared:
    """Which news of incidents, by channel, are messages of their own, and which are told together."""
    groups = {(g.group_id, g.channel): g for g in _open_groups(now)}
    joined: dict[Place, Sequence[Message]] = {}
    own: list[Message] = []
    room = _room(now) if new else {}
    for channel, fresh in new.items():
        alone, together = _shared_out(fresh, channel, list(groups.values()), room.get(channel, 0), now)
        own += alone
        for made, members in together:
            groups[made.group_id, channel] = made
            joined[made.group_id, channel] = members
    return Shared(own=own, groups=groups, joined=joined)


def news_of_groups(
    shared: Shared, touched: set[Place], changed: Mapping[str, Incident], now: Situation
) -> list[Message]:
    """The messages of groups of which there is news, and the records of the incidents that joined them.

    touched: groups with an incident that people must hear of anew. changed: incidents as they are now.
    """
    return [
        message
        for place, found in shared.groups.items()
        for message in _of_group(found, shared.joined.get(place, ()), place in touched, changed, now)
    ]


def _goes_on(target: Target, touched: set[Place]) -> Message:
    """How an incident goes on that people know of: told with the group that they heard of it in."""
    message, told_with = target.message, target.told_with
    if told_with is None or message.channel is None:
        return message.passed(STEP, "a message of its own, as the first was")
    if message.kind == "update":
        touched.add((told_with, message.channel))
    reason = f"told with others in message {told_with}, which ends when all of them are over"
    return replace(message.stopped(STEP, reason, for_good=True), group_id=told_with)


def _nowhere(message: Message, now: Situation) -> str:
    route = route_of(now.notify.routes, message.incident.labels if message.incident else {})
    return f"the route {route.name!r} goes to no channel" if route else "no channel configured"


def _room(now: Situation) -> Mapping[str, int]:
    """How many messages of new incidents each channel got of late."""
    since = now.now - now.notify.storm_period
    return {row["channel"]: row["messages"] for row in fetch(now.con, query("recent"), {"since": since})}


def _shared_out(
    fresh: Sequence[Message],
    channel: str,
    groups: Iterable[OpenGroup],
    sent: int,
    now: Situation,
) -> tuple[list[Message], list[tuple[OpenGroup, list[Message]]]]:
    """What is told on its own, and what together; `sent` messages of new incidents went out of late."""
    by_key = {g.key: g for g in groups if g.channel == channel}
    units: dict[str, list[Message]] = {}
    for message in sorted(fresh, key=_urgency):
        units.setdefault(_key_of(message, now), []).append(message)
    left = now.notify.max_messages - sent
    own: list[Message] = []
    together: list[tuple[OpenGroup, list[Message]]] = []
    rest: list[Message] = []
    for key, members in units.items():
        if key in by_key:
            together.append((by_key[key], members))
        elif left <= 0:
            rest += members
        else:
            left -= 1
            if key == members[0].subject:
                own += members
            else:
                together.append((_new_group(channel, key, members), members))
    if rest:
        key = f"beyond {now.notify.max_messages} messages"
        together.append((by_key.get(key) or _new_group(channel, key, rest), rest))
    return own, together


def _key_of(message: Message, now: Situation) -> str:
    """What an incident is grouped by; its own id where it is told on its own."""
    assert message.incident is not None
    labels = message.incident.labels
    route = route_of(now.notify.routes, labels)
    group_by = route.group_by if route is not None and route.group_by is not None else now.notify.group_by
    if not group_by:
        return message.subject
    name = route.name if route is not None else DEFAULT
    return f"{name}: " + ", ".join(f"{label}={labels.get(label, '')}" for label in group_by)


def _urgency(message: Message) -> tuple[bool, datetime, str]:
    assert message.incident is not None
    return message.incident.severity != "page", message.incident.detected_at, message.subject


def _new_group(channel: str, key: str, members: Sequence[Message]) -> OpenGroup:
    name = content_hash("group", channel, key, members[0].key)[:11]
    return OpenGroup(group_id=f"g{name}", channel=channel, key=key)


def _of_group(
    found: OpenGroup,
    joined: Sequence[Message],
    is_touched: bool,
    changed: Mapping[str, Incident],
    now: Situation,
) -> list[Message]:
    """The message of a group where there is news of it, and the records of those that it tells of."""
    reason = f"told with others in message {found.group_id} ({found.key})"
    records = [replace(m.stopped(STEP, reason, for_good=True), group_id=found.group_id) for m in joined]
    ids = dict.fromkeys([*found.members, *(m.subject for m in joined)])
    members = _members(list(ids), changed, now)
    is_over = bool(members) and all(m["state"] == "resolved" for m in members)
    if not joined and not is_touched and not is_over:
        return records
    kind = "resolved" if is_over and found.messages else "update" if found.messages else "firing"
    wait = found.told_at + now.notify.group_interval if found.told_at and kind == "update" else None
    payload = group_notice(
        found.group_id, found.key, members, kind, at=now.now, dashboard_url=now.dashboard_url
    )
    message = Message(
        incident=None,
        kind=kind,
        number=found.messages + 1,
        channel=found.channel,
        group_id=found.group_id,
        payload=payload,
        not_before=wait,
    )
    return [*records, message.passed(STEP, f"{len(members)} incidents: {found.key}")]


def _members(ids: Sequence[str], changed: Mapping[str, Incident], now: Situation) -> list[Member]:
    sql = "SELECT * EXCLUDE (evidence) FROM incidents WHERE incident_id IN (SELECT unnest(?::VARCHAR[]))"
    stored = {row["incident_id"]: row for row in fetch(now.con, sql, [list(ids)])}
    return [
        member_of(changed[name]) if name in changed else stored[name]
        for name in ids
        if name in changed or name in stored
    ]


def _open_groups(now: Situation) -> list[OpenGroup]:
    return [
        OpenGroup(
            group_id=row["group_id"],
            channel=row["channel"],
            key=row["group_key"],
            members=tuple(row["members"] or ()),
            messages=row["messages"],
            told_at=utc(row["told_at"]),
        )
        for row in fetch(now.con, query("open_groups"))
    ]
