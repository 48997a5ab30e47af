"""What was queued before of incidents and groups, read for all of them at once: storms come in thousands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from collectors.warehouse.store import Row, fetch
from monitors.alerting.pipeline.message import Message, Situation
from monitors.alerting.pipeline.stored import query

# What a message is about, and the channel it goes to.
Place = tuple[str, str | None]


def place_of(message: Message) -> Place:
    """Where a message belongs."""
    return message.subject, message.channel


def history(messages: Iterable[Message], now: Situation) -> Mapping[Place, list[Row]]:
    """The stored messages by place, oldest first, of everything that `messages` are about."""
    found: dict[Place, list[Row]] = {}
    subjects = sorted({message.subject for message in messages})
    if subjects:
        for row in fetch(now.con, query("told"), {"subjects": subjects}):
            found.setdefault((row["incident_id"], row["channel"]), []).append(row)
    return found
