"""The alert book in the warehouse: load what can still matter, save what changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar

from collectors.model import utc
from collectors.warehouse.store import Row, fetch, to_row
from collectors.warehouse.store import replace as store_replace
from monitors.alerting.alert import Alert, StreamTrack
from monitors.alerting.config import AlertsConfig, NotifyConfig
from monitors.alerting.incident import Incident
from monitors.alerting.outbox import queue

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """Streams by fingerprint, alerts and incidents by id."""

    tracks: Mapping[str, StreamTrack]
    alerts: Mapping[str, Alert]
    incidents: Mapping[str, Incident]


def load_stored(con: Connection, settings: AlertsConfig) -> Stored:
    """Every stream; what is firing or open; and what ended so recently that it may come back."""
    tracks = [record(StreamTrack, row) for row in fetch(con, "SELECT * FROM alert_state")]
    horizon = max(settings.join_gap, settings.cooldown)
    last = max((t.last_window_end for t in tracks), default=None)
    since = last - 2 * horizon if last is not None else None
    incidents = [record(Incident, row) for row in fetch(con, _sql("load_incidents"), {"since": since})]
    alerts = [record(Alert, row) for row in fetch(con, _sql("load_alerts"), {"since": since})]
    return Stored(
        tracks={t.fingerprint: t for t in tracks},
        alerts={a.alert_id: a for a in alerts},
        incidents={i.incident_id: i for i in incidents},
    )


def save(
    con: Connection,
    before: Stored,
    book: Stored,
    *,
    now: datetime,
    channels: Sequence[str],
    notify: NotifyConfig,
    settings: AlertsConfig,
    dashboard_url: str,
) -> Stored:
    """Write the difference between `before` and `book`, and queue its news; returns what is stored now.

    People may have acknowledged or closed an incident since it was loaded: what they did stays.
    """
    changed = [i for key, i in book.incidents.items() if before.incidents.get(key) is not i]
    current = {i.incident_id: i for i in read_incidents(con, [i.incident_id for i in changed])}
    merged = [
        _keep_decisions(i, before.incidents.get(i.incident_id), current.get(i.incident_id)) for i in changed
    ]
    incidents = {**book.incidents, **{i.incident_id: i for i in merged}}
    alerts = [a for key, a in book.alerts.items() if before.alerts.get(key) is not a]
    tracks = [t for key, t in book.tracks.items() if before.tracks.get(key) is not t]
    store_replace(con, "incidents", "incident_id", [to_row(i) for i in merged])
    store_replace(con, "alerts", "alert_id", [to_row(a) for a in alerts])
    store_replace(con, "alert_state", "fingerprint", [to_row(t) for t in tracks])
    stored = Stored(tracks=book.tracks, alerts=book.alerts, incidents=incidents)
    queue(
        con,
        before.incidents,
        merged,
        now=now,
        as_of=max((t.last_window_end for t in book.tracks.values()), default=None),
        channels=channels,
        notify=notify,
        settings=settings,
        dashboard_url=dashboard_url,
    )
    return stored


def read_incidents(con: Connection, ids: Sequence[str]) -> list[Incident]:
    """The stored incidents of these ids."""
    if not ids:
        return []
    rows = fetch(
        con, "SELECT * FROM incidents WHERE incident_id IN (SELECT unnest(?::VARCHAR[]))", [list(ids)]
    )
    return [record(Incident, row) for row in rows]


def record(kind: type[T], row: Row) -> T:
    """A row as the frozen record `kind`: times aware in UTC, JSON parsed, unknown columns left out."""
    values: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        value = row.get(field.name)
        if isinstance(value, datetime):
            value = utc(value)
        if field.name in ("evidence", "labels"):
            value = json.loads(str(value)) if value else {}
        values[field.name] = value
    return kind(**values)


def _keep_decisions(mine: Incident, loaded: Incident | None, current: Incident | None) -> Incident:
    if current is None:
        return mine
    kept = replace(mine, noise=current.noise, owner=current.owner or mine.owner)
    if current.closed_by is not None and (loaded is None or loaded.closed_by is None):
        return replace(kept, state="resolved", resolved_at=current.resolved_at, closed_by=current.closed_by)
    if current.acknowledged_at is not None and (loaded is None or loaded.acknowledged_at is None):
        return replace(
            kept,
            state="acknowledged" if mine.is_open else mine.state,
            acknowledged_by=current.acknowledged_by,
            acknowledged_at=current.acknowledged_at,
        )
    return kept


def _sql(name: str) -> str:
    return (resources.files("monitors.alerting") / f"{name}.sql").read_text("utf-8")
