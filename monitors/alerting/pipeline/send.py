"""Step 5: what may go out, and when. It goes out after the transaction, see `monitors.notify.deliver`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from collectors.model import utc
from collectors.warehouse.store import fetch
from monitors.alerting.pipeline.message import Message, Situation
from monitors.alerting.pipeline.stored import query
from monitors.alerting.words import clock, span

STEP = "send"


def send(messages: Sequence[Message], now: Situation) -> list[Message]:
    """Stops what is no news any more, and says of the rest when it may go out."""
    return [_sent(m, now) for m in messages]


def _sent(message: Message, now: Situation) -> Message:
    if message.over:
        return message.stopped(STEP, "resolved before it was sent", for_good=True)
    if now.is_too_old(message):
        age = span(now.notify.max_age)
        return message.stopped(
            STEP, f"older than {age} when it was found: a catch-up is no news", for_good=True
        )
    if message.stopped_by is not None:
        return message
    at = max(message.not_before or now.now, _after_cooldown(message, now))
    when = "at once" if at <= now.now else f"not before {clock(at)}"
    return replace(message, not_before=at).passed(STEP, f"{when}, to {message.channel}")


def _after_cooldown(message: Message, now: Situation) -> datetime:
    """Now; but changes of mind and relapses wait until the cooldown after the last message is over."""
    if message.incident is None or message.kind == "resolved" or message.number == 1:
        return now.now
    place = {"incident_id": message.subject, "channel": message.channel}
    heard = [utc(r["created_at"]) for r in fetch(now.con, query("told"), place) if r["state"] != "suppressed"]
    return max([now.now, *(at + now.settings.cooldown for at in heard[-1:])])
