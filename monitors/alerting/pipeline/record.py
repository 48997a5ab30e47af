"""Step 6: every message is stored, sent or not, with what each step said of it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from collectors.model import content_hash
from collectors.warehouse.store import Row, insert
from monitors.alerting.pipeline.message import Message, Situation
from monitors.alerting.pipeline.payload import payload_of


def record(messages: Sequence[Message], now: Situation) -> list[Message]:
    """Writes the messages into the outbox: pending, or suppressed with the reason."""
    insert(now.con, "notifications", [_row(m, now) for m in messages])
    return list(messages)


def _row(message: Message, now: Situation) -> Row:
    decisions = [{"step": d.step, "reason": d.reason, "at": now.now.isoformat()} for d in message.decisions]
    return {
        "notification_id": content_hash("notification", message.key)[:16],
        "idempotency_key": message.key,
        "incident_id": message.subject,
        "group_id": message.group_id,
        "channel": message.channel,
        "kind": message.kind,
        "payload": payload_of(message, now),
        "state": "pending" if message.stopped_by is None else "suppressed",
        "stopped_by": message.stopped_by,
        "reason": message.reason,
        "decisions": json.dumps(decisions, ensure_ascii=False),
        "attempts": 0,
        "next_attempt_at": message.not_before or now.now,
        "created_at": now.now,
    }
