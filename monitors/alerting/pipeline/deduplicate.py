"""Step 4: nobody is told the same twice, and what still waits tells the latest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from collectors.warehouse.store import Row, fetch
from monitors.alerting.pipeline.message import PENDING, Message, Situation
from monitors.alerting.pipeline.payload import payload_of
from monitors.alerting.pipeline.stored import query

STEP = "deduplicate"


def deduplicate(messages: Sequence[Message], now: Situation) -> list[Message]:
    """Drops what was decided before; stops what nobody needs to hear; renews what waits."""
    return [kept for m in messages if (kept := _once(m, now)) is not None]


def _once(message: Message, now: Situation) -> Message | None:
    place = {"incident_id": message.subject, "channel": message.channel}
    told = fetch(now.con, query("told"), place)
    if any(row["idempotency_key"] == message.key for row in told):
        return None
    waiting = [row for row in told if row["state"] == "pending" and _untried(row)]
    if message.kind == "update" and waiting and message.stopped_by is None:
        is_first = any(row["kind"] == "firing" for row in waiting)
        latest = replace(message, kind="firing") if is_first else message
        now.con.execute(query("refresh_waiting"), {**place, "payload": payload_of(latest, now)})
        return None
    heard = [row for row in told if row["kind"] == "firing"][-1:]
    if message.kind != "firing" and message.stopped_by != "group" and not (heard and _reaches(heard[0])):
        reason = "people were not told of it on this channel, so they need not hear more"
        message = message.stopped(STEP, reason, for_good=True)
    else:
        message = message.passed(STEP, f"the first of its key; {len(told)} messages of it before")
    if message.kind == "resolved":
        now.con.execute(query("drop_unsent"), place)
    return message


def _reaches(row: Row) -> bool:
    """Whether people have heard of it or still will; what nobody tried before it was over is dropped."""
    return row["state"] in PENDING[1:] or (row["state"] == "pending" and not _untried(row))


def _untried(row: Row) -> bool:
    return int(row["attempts"]) == 0 and row["last_error"] is None
