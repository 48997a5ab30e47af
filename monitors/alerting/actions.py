"""What people do about incidents, each with its line in the audit log, for the CLI and the dashboard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from collectors.errors import ConfigError
from collectors.model import content_hash
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import fetch, insert
from monitors.alerting.incident import Incident
from monitors.alerting.labels import SILENCE_LABELS
from monitors.alerting.records import read_incidents
from monitors.alerting.silence import Silence, read_silences, unknown_label

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection

_SHOWN = 8


def acknowledge(
    warehouse: Warehouse, incident_id: str, actor: str, at: datetime, comment: str | None = None
) -> Incident:
    """Somebody has taken the incident; ConfigError when there is none of that id, or it is over."""
    actor = _name(actor)
    with warehouse.write() as con:
        incident = find_incident(con, incident_id)
        if not incident.is_open:
            raise ConfigError(f"incident {incident.incident_id} is resolved: there is nothing to acknowledge")
        con.execute(
            "UPDATE incidents SET state = 'acknowledged', acknowledged_by = ?, acknowledged_at = ? "
            "WHERE incident_id = ?",
            [actor, at, incident.incident_id],
        )
        _audit(con, actor, "acknowledge", incident.incident_id, at=at, detail={"comment": comment})
        return find_incident(con, incident.incident_id)


def assign(
    warehouse: Warehouse, incident_id: str, actor: str, owner: str, at: datetime, comment: str | None = None
) -> Incident:
    """Give the incident to somebody; ConfigError when there is none of that id, or it is over."""
    actor, owner = _name(actor), _name(owner)
    with warehouse.write() as con:
        incident = find_incident(con, incident_id)
        if not incident.is_open:
            raise ConfigError(f"incident {incident.incident_id} is resolved: there is nothing to assign")
        con.execute("UPDATE incidents SET owner = ? WHERE incident_id = ?", [owner, incident.incident_id])
        detail = {"to": owner, "from": incident.owner, "comment": comment}
        _audit(con, actor, "assign", incident.incident_id, at=at, detail=detail)
        return find_incident(con, incident.incident_id)


def resolve(
    warehouse: Warehouse, incident_id: str, actor: str, at: datetime, comment: str | None = None
) -> Incident:
    """Close an incident by hand. Its alerts may fire on, but it does not come back by itself."""
    return _close(warehouse, incident_id, _name(actor), at, {"comment": comment}, noise=None)


def mark_noise(
    warehouse: Warehouse, incident_id: str, actor: str, at: datetime, comment: str | None = None
) -> Incident:
    """Say that there was nothing to see: closes the incident and counts it as a false alarm."""
    return _close(warehouse, incident_id, _name(actor), at, {"comment": comment}, noise=True)


def mark_real(
    warehouse: Warehouse, incident_id: str, actor: str, at: datetime, comment: str | None = None
) -> Incident:
    """Say that it was rightly raised: closes the incident and counts it for its monitors."""
    return _close(warehouse, incident_id, _name(actor), at, {"comment": comment}, noise=False)


def add_silence(
    warehouse: Warehouse,
    matchers: Mapping[str, str],
    *,
    duration: timedelta,
    author: str,
    comment: str,
    at: datetime,
) -> Silence:
    """Stop the messages of incidents that match every label, from `at` on for `duration`."""
    author = _name(author)
    problems = [problem for name in sorted(matchers) if (problem := unknown_label(name)) is not None]
    if problems:
        raise ConfigError(problems[0])
    if not matchers:
        raise ConfigError(f"a silence must match something; labels: {', '.join(SILENCE_LABELS)}")
    if duration <= timedelta(0):
        raise ConfigError(f"a silence must last longer than nothing, not {duration}")
    if not comment.strip():
        raise ConfigError("a silence needs a comment: whoever wonders about it later will ask why")
    content = json.dumps(dict(matchers), sort_keys=True)
    silence = Silence(
        silence_id=content_hash("silence", content, author, at.isoformat(), str(duration))[:10],
        matchers=dict(matchers),
        starts_at=at,
        ends_at=at + duration,
        author=author,
        comment=comment.strip(),
        created_at=at,
    )
    row = {**vars(silence), "matchers": content}
    with warehouse.write() as con:
        insert(con, "silences", [row])
        detail = {"matchers": dict(matchers), "ends_at": silence.ends_at.isoformat(), "comment": comment}
        _audit(con, author, "silence", silence.silence_id, at=at, detail=detail)
    return silence


def expire_silence(warehouse: Warehouse, silence_id: str, actor: str, at: datetime) -> Silence:
    """End a silence now; ConfigError names the active ones when there is none of that id."""
    actor = _name(actor)
    with warehouse.write() as con:
        active = [s for s in read_silences(con, at) if s.expired_at is None]
        found = (
            [s for s in active if s.silence_id.startswith(silence_id.strip())] if silence_id.strip() else []
        )
        if len(found) != 1:
            choices = ", ".join(s.silence_id for s in active) or "none is active"
            raise ConfigError(f"no one active silence {silence_id!r}; choose one of: {choices}")
        con.execute("UPDATE silences SET expired_at = ? WHERE silence_id = ?", [at, found[0].silence_id])
        _audit(con, actor, "expire silence", found[0].silence_id, at=at, detail={})
        return next(s for s in read_silences(con) if s.silence_id == found[0].silence_id)


def find_incident(con: Connection, incident_id: str) -> Incident:
    """The incident of this id, or of the one id that begins so; ConfigError names open ones otherwise."""
    wanted = incident_id.strip().lower()
    rows = fetch(
        con,
        "SELECT incident_id, state, title FROM incidents ORDER BY state = 'resolved', detected_at DESC",
    )
    found = [row["incident_id"] for row in rows if wanted and row["incident_id"].startswith(wanted)]
    if len(found) != 1:
        choices = "; ".join(f"{r['incident_id']} ({r['title'][:60]})" for r in rows[:_SHOWN])
        problem = f"{len(found)} incidents begin with" if found else "there is no incident"
        raise ConfigError(f"{problem} {incident_id!r}; choose one of: {choices or 'there are none yet'}")
    return read_incidents(con, found)[0]


def _close(
    warehouse: Warehouse,
    incident_id: str,
    actor: str,
    at: datetime,
    detail: Mapping[str, Any],
    *,
    noise: bool | None,
) -> Incident:
    with warehouse.write() as con:
        incident = find_incident(con, incident_id)
        con.execute(
            "UPDATE incidents SET state = 'resolved', resolved_at = coalesce(resolved_at, ?), closed_by = ?, "
            "noise = coalesce(?, noise) WHERE incident_id = ?",
            [at, actor, noise, incident.incident_id],
        )
        action = {None: "resolve", True: "mark as noise", False: "mark as real"}[noise]
        _audit(con, actor, action, incident.incident_id, at=at, detail=detail)
        return find_incident(con, incident.incident_id)


def _name(actor: str) -> str:
    name = " ".join(actor.split())
    if not name:
        raise ConfigError("say who does this: a name, not an empty text")
    return name[:120]


def _audit(
    con: Connection, actor: str, action: str, subject: str, *, at: datetime, detail: Mapping[str, Any]
) -> None:
    kept = {key: value for key, value in detail.items() if value}
    insert(
        con,
        "audit",
        [
            {
                "occurred_at": at,
                "actor": actor,
                "action": action,
                "subject": subject,
                "detail": json.dumps(kept, ensure_ascii=False) if kept else None,
            }
        ],
    )
