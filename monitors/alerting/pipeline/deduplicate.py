"""Step 4: nobody is told the same twice, and what still waits tells the latest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from collectors.warehouse.store import Row
from monitors.alerting.pipeline.history import history, place_of
from monitors.alerting.pipeline.message import PENDING, Message, Situation
from monitors.alerting.pipeline.payload import payload_of
from monitors.alerting.pipeline.stored import query

STEP = "deduplicate"


def deduplicate(messages: Sequence[Message], now: Situation) -> list[Message]:
    """Drops what was decided before; stops what nobody needs to hear; renews what waits."""
    told = history(messages, now)
    kept: list[Message] = []
    renewed: dict[str, str] = {}
    over: list[str] = []
    for message in messages:
        before = told.get(place_of(message), [])
        # A run comes twice to what is stored when another one stored it meanwhile, or when late spans bring
        # back an incident that is too old for the book to hold.
        if any(row["idempotency_key"] == message.key for row in before):
            continue
        waiting = [row for row in before if _waits(row)]
        if message.kind == "update" and waiting and message.stopped_by is None:
            is_first = any(row["kind"] == "firing" for row in waiting)
            latest = payload_of(replace(message, kind="firing") if is_first else message, now)
            renewed.update((row["notification_id"], latest) for row in waiting if _is_of_opening(row))
            continue
        kept.append(_judged(message, before))
        if message.kind == "resolved":
            for row in filter(_is_of_opening, waiting):
                row["state"] = "suppressed"
                over.append(row["notification_id"])
    if renewed:
        now.con.execute(query("refresh_waiting"), {"ids": [*renewed], "payloads": [*renewed.values()]})
    if over:
        now.con.execute(query("drop_unsent"), {"ids": over})
    return kept


def _judged(message: Message, before: Sequence[Row]) -> Message:
    heard = [row for row in before if row["kind"] == "firing"][-1:]
    if message.kind != "firing" and message.stopped_by != "group" and not (heard and _reaches(heard[0])):
        reason = "people were not told of it on this channel, so they need not hear more"
        return message.stopped(STEP, reason, for_good=True)
    return message.passed(STEP, f"the first of its key; {len(before)} messages of it before")


def _reaches(row: Row) -> bool:
    """Whether people have heard of it or still will; what nobody tried before it was over is dropped."""
    return row["state"] in PENDING[1:] or (row["state"] == "pending" and not _untried(row))


def _waits(row: Row) -> bool:
    """Whether nobody tried to send it yet.

    A message that waited because its channel was down has an error and stays: people shall hear of what
    happened meanwhile.
    """
    return row["state"] == "pending" and _untried(row)


def _untried(row: Row) -> bool:
    return int(row["attempts"]) == 0 and row["last_error"] is None


def _is_of_opening(row: Row) -> bool:
    """Whether it tells that an incident is on, and not that it is over."""
    return row["kind"] in ("firing", "update")
