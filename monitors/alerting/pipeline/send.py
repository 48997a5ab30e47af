"""Step 5: what may go out, and when. It goes out after the transaction, see `monitors.notify.deliver`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from collectors.model import utc
from collectors.warehouse.store import Row
from monitors.alerting.pipeline.history import Place, history, place_of
from monitors.alerting.pipeline.message import Message, Situation
from monitors.alerting.words import clock, span

STEP = "send"


def send(messages: Sequence[Message], now: Situation) -> list[Message]:
    """Stops what is no news any more, and says of the rest when it may go out."""
    again = history((m for m in messages if _may_wait(m)), now)
    return [_sent(m, again, now) for m in messages]


def _sent(message: Message, again: Mapping[Place, list[Row]], now: Situation) -> Message:
    if message.over:
        return message.stopped(STEP, "resolved before it was sent", for_good=True)
    if now.is_too_old(message):
        age = span(now.notify.max_age)
        return message.stopped(
            STEP, f"older than {age} when it was found: a catch-up is no news", for_good=True
        )
    if message.stopped_by is not None:
        return message
    at = max(message.not_before or now.now, _after_cooldown(message, again, now))
    when = "at once" if at <= now.now else f"not before {clock(at)}"
    return replace(message, not_before=at).passed(STEP, f"{when}, to {message.channel}")


def _may_wait(message: Message) -> bool:
    """Whether it is a change of mind or a relapse."""
    return message.incident is not None and message.kind != "resolved" and message.number != 1


def _after_cooldown(message: Message, again: Mapping[Place, list[Row]], now: Situation) -> datetime:
    """Now; but changes of mind and relapses wait until the cooldown after the last message is over."""
    if not _may_wait(message):
        return now.now
    heard = [utc(r["created_at"]) for r in again.get(place_of(message), ()) if r["state"] != "suppressed"]
    return max([now.now, *(at + now.settings.cooldown for at in heard[-1:])])
