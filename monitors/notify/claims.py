"""The outbox's rows while they are being sent: one short transaction a step.

A claimed row is `sending`, and its next_attempt_at is when the claim runs out; `attempts` is the token of the
claim: whoever records an outcome must still hold the number that it was given.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING

from collectors.model import utc
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import Row, fetch, insert
from monitors.alerting.config import NotifyConfig
from monitors.alerting.labels import incident_labels
from monitors.alerting.notice import Notice
from monitors.alerting.pipeline.release import release
from monitors.alerting.silence import read_silences, silenced
from monitors.alerting.words import span
from monitors.notify.base import Delivery

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection

# Far longer than a call may take, so that a claim runs out only when its holder is gone.
_CLAIM = timedelta(minutes=5)
# `timeout` holds for one answer, and a mail server gives a dozen before a message is through.
_STEPS = 20


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A message that is ours to send until the claim runs out."""

    notification_id: str
    idempotency_key: str
    channel: str
    notice: Notice
    attempt: int


def is_idle(warehouse: Warehouse, now: datetime) -> bool:
    """Whether nothing waits, asked without the writers' lock."""
    with warehouse.read() as con:
        return not fetch(con, _sql("anything_waiting"), {"now": now})


def sweep(warehouse: Warehouse, now: datetime, notify: NotifyConfig) -> None:
    """Tidy up: claims whose holder is gone, silences that are over, and what waited too long."""
    with warehouse.write() as con:
        for row in fetch(con, _sql("lost_claims"), {"now": now}):
            _log(con, row["notification_id"], now, "retry", error="the sender stopped before it could record")
            con.execute(
                "UPDATE notifications SET state = 'pending', last_error = 'the sender stopped' "
                "WHERE notification_id = ?",
                [row["notification_id"]],
            )
        reason = f"not delivered within {span(notify.max_age)}"
        con.execute(_sql("give_up_old"), {"reason": reason, "before": now - notify.max_age})
        release(con, now, notify)


def claim_next(
    warehouse: Warehouse, now: datetime, channels: Sequence[str], notify: NotifyConfig
) -> tuple[Claim | None, datetime | None]:
    """The next message that is due, claimed; else the time at which the next one will be."""
    with warehouse.write() as con:
        silences = read_silences(con, now)
        for row in fetch(con, _sql("due"), {"channels": list(channels), "now": now}):
            silence = silenced(silences, _labels(row), now) if row["kind"] != "resolved" else None
            if silence is not None:
                step = _step("silence", silence.sentence, now)
                held = {"id": row["notification_id"], "reason": silence.sentence, "step": step}
                con.execute(_sql("hold"), held)
                continue
            attempt = int(row["attempts"]) + 1
            lease = now + max(_CLAIM, notify.timeout * _STEPS)
            con.execute(
                "UPDATE notifications SET state = 'sending', attempts = ?, next_attempt_at = ? "
                "WHERE notification_id = ?",
                [attempt, lease, row["notification_id"]],
            )
            claim = Claim(
                notification_id=row["notification_id"],
                idempotency_key=row["idempotency_key"],
                channel=row["channel"],
                notice=json.loads(row["payload"]),
                attempt=attempt,
            )
            return claim, None
        [row] = fetch(con, _sql("next_due"), {"channels": list(channels)})
        return None, utc(row["next_at"]) if row["next_at"] else None


def record(
    warehouse: Warehouse,
    claim: Claim,
    delivery: Delivery,
    *,
    began: datetime,
    ended: datetime,
    retry_at: datetime,
    others_at: datetime,
) -> None:
    """Write what became of the attempt; after a failure the channel's other messages wait a little too."""
    state = {"sent": "sent", "retry": "pending", "dead": "dead"}[delivery.outcome]
    with warehouse.write() as con:
        _log(
            con,
            claim.notification_id,
            began,
            delivery.outcome,
            http_status=delivery.http_status,
            error=delivery.error,
            duration_s=(ended - began).total_seconds(),
        )
        con.execute(
            _sql("record"),
            {
                "id": claim.notification_id,
                "attempt": claim.attempt,
                "state": state,
                "reason": delivery.error if state == "dead" else None,
                "next_at": retry_at if state == "pending" else ended,
                "sent_at": ended if state == "sent" else None,
                "error": delivery.error,
            },
        )
        if delivery.outcome == "retry":
            con.execute(
                _sql("hold_channel"),
                {"channel": claim.channel, "id": claim.notification_id, "until": others_at},
            )


def _step(name: str, reason: str, at: datetime) -> str:
    """One more decision of a message, as JSON: see `decisions` in the table."""
    return json.dumps({"step": name, "reason": reason, "at": at.isoformat()}, ensure_ascii=False)


def _labels(row: Row) -> dict[str, str]:
    """The labels of the incident of a message; of a group those that all of its incidents have alike."""
    if row["state"] is not None:
        return incident_labels(row)
    told = json.loads(row["payload"])
    return incident_labels({**told, "incident_id": row["incident_id"]})


def _log(
    con: Connection,
    notification_id: str,
    at: datetime,
    outcome: str,
    *,
    http_status: int | None = None,
    error: str | None = None,
    duration_s: float | None = None,
) -> None:
    row: Row = {
        "notification_id": notification_id,
        "attempted_at": at,
        "outcome": outcome,
        "http_status": http_status,
        "error": error,
        "duration_s": duration_s,
    }
    insert(con, "notification_attempts", [row])


def _sql(name: str) -> str:
    return (resources.files("monitors.notify") / f"{name}.sql").read_text("utf-8")
