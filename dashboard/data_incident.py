"""The incident page's reads: the incident, its alerts and their evidence, what was sent and done."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import Row
from dashboard.data import ComponentRow, DeployRow, TimeRange, chain_components, records, select
from monitors.alerting.by_version import VersionFigures, by_version
from monitors.alerting.labels import incident_labels
from monitors.alerting.rules.base import matches


@dataclass(frozen=True, kw_only=True)
class IncidentRow:
    """One incident as lists show it."""

    incident_id: str
    chain: str
    component: str
    cause: str
    title: str
    summary: str
    severity: str
    state: str
    started_at: datetime
    started_at_low: datetime | None
    started_at_high: datetime | None
    detected_at: datetime
    resolved_at: datetime | None
    updated_at: datetime
    deploy_id: str | None
    owner: str | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    times_opened: int | None
    merged_into: str | None
    closed_by: str | None
    noise: bool | None
    alerts: int


@dataclass(frozen=True, kw_only=True)
class AlertRow:
    """One alert of an incident with its latest result in breach."""

    monitor: str
    check_name: str
    component: str
    field: str
    reference_kind: str
    concern: str
    state: str
    started_at: datetime
    fired_at: datetime
    last_breach_at: datetime
    resolved_at: datetime | None
    value: float | None
    threshold: float | None
    unit: str | None
    reason: str
    p_value: float | None
    effect: float | None
    effect_unit: str | None
    n_current: int | None
    n_reference: int | None
    n_sampled: int | None
    reference_name: str | None
    evidence: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class MonitorPoint:
    """What one monitor said of one window."""

    window_start: datetime
    window_end: datetime
    status: str
    value: float | None
    threshold: float | None
    unit: str | None
    n_current: int | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class NotificationRow:
    """One message about the incident: sent, waiting, or not sent and why."""

    notification_id: str
    channel: str
    kind: str
    state: str
    reason: str | None
    attempts: int
    next_attempt_at: datetime
    created_at: datetime
    sent_at: datetime | None
    last_error: str | None
    decisions: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    """Who did what."""

    occurred_at: datetime
    actor: str
    action: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class SilenceRow:
    """A silence that holds now."""

    silence_id: str
    matchers: Mapping[str, Any]
    starts_at: datetime
    ends_at: datetime
    author: str
    comment: str


@dataclass(frozen=True, kw_only=True)
class IncidentView:
    """Everything the incident page draws."""

    incident: IncidentRow
    evidence: Mapping[str, Any]
    alerts: tuple[AlertRow, ...]
    deploy: DeployRow | None
    deploys: tuple[DeployRow, ...]
    components: tuple[ComponentRow, ...]
    notifications: tuple[NotificationRow, ...]
    audit: tuple[AuditRow, ...]
    silences: tuple[SilenceRow, ...]
    versions: tuple[VersionFigures, ...]
    span: TimeRange


def incidents(warehouse: Warehouse, chain: str | None) -> tuple[IncidentRow, ...]:
    """Incidents of one chain or of all, those that need somebody first."""
    with warehouse.read() as con:
        return records(IncidentRow, select(con, "incidents", {"chain": chain}))


@dataclass(frozen=True, kw_only=True)
class Affected:
    """Traces through a component, and how many of them failed there."""

    traces: int
    failed: int


def affected(warehouse: Warehouse, chain: str, component: str, span: TimeRange) -> Affected:
    """The traces through `component` in `span`: those that the traces page lists for the same."""
    with warehouse.read() as con:
        rows = select(con, "affected", {"chain": chain, "component": component, **span.parameters})
    return records(Affected, rows)[0]


def incident_view(warehouse: Warehouse, incident: IncidentRow, now: datetime) -> IncidentView:
    """Everything about one incident, in one connection; silences are those that hold at `now`."""
    span = incident_span(incident)
    by_id = {"incident_id": incident.incident_id}
    scope = {"chain": incident.chain, **span.parameters}
    with warehouse.read() as con:
        evidence = select(con, "incident_evidence", by_id)
        alerts = select(con, "incident_alerts", by_id)
        deploy = select(con, "deploy", {"deploy_id": incident.deploy_id}) if incident.deploy_id else []
        deploys = select(con, "deploys", scope)
        chain = chain_components(con, incident.chain, span)
        notifications = select(con, "notifications", by_id)
        audit = select(con, "audit", by_id)
        silences = select(con, "silences", {"now": now})
        versions = by_version(
            con,
            incident.chain,
            incident.component,
            low=incident.started_at_low or incident.started_at,
            high=incident.started_at_high or incident.started_at,
            end=incident.resolved_at or now,
        )
    told = as_mapping(evidence[0]["evidence"]) if evidence else {}
    labels = _labels(incident, told)
    return IncidentView(
        incident=incident,
        evidence=told,
        alerts=records(AlertRow, [_with_evidence(row) for row in alerts]),
        deploy=records(DeployRow, deploy)[0] if deploy else None,
        deploys=records(DeployRow, deploys),
        components=chain,
        notifications=records(NotificationRow, notifications),
        audit=records(AuditRow, [{**row, "detail": as_mapping(row["detail"])} for row in audit]),
        silences=tuple(
            s
            for s in records(
                SilenceRow, [{**row, "matchers": as_mapping(row["matchers"])} for row in silences]
            )
            if matches({name: str(value) for name, value in s.matchers.items()}, labels)
        ),
        versions=versions,
        span=span,
    )


def _with_evidence(row: Row) -> Row:
    """The row with the evidence of its latest breach, and what the alert kept of earlier ones beside it."""
    left = {name: value for name, value in row.items() if name != "kept"}
    return {**left, "evidence": {**as_mapping(row["kept"]), **as_mapping(row["evidence"])}}


def _labels(incident: IncidentRow, evidence: Mapping[str, Any]) -> dict[str, str]:
    """What silences match: the labels that alerting goes by."""
    return incident_labels({**vars(incident), "labels": evidence.get("labels") or {}})


def monitor_series(warehouse: Warehouse, monitor: str, span: TimeRange) -> tuple[MonitorPoint, ...]:
    """One monitor, window by window, in `span`."""
    with warehouse.read() as con:
        return records(MonitorPoint, select(con, "monitor_series", {"monitor": monitor, **span.parameters}))


def incident_span(incident: IncidentRow) -> TimeRange:
    """Three days of before, all of the incident, and a little after: what its charts show."""
    start = (incident.started_at_low or incident.started_at) - timedelta(days=3)
    end = incident.resolved_at or max(incident.updated_at, incident.detected_at)
    end += max((end - incident.started_at) / 10, timedelta(hours=3))
    return TimeRange(start=start, end=end, bucket_s=3600)


def as_mapping(value: Any) -> Mapping[str, Any]:
    """A JSON column as a mapping; anything else than an object is empty."""
    loaded = json.loads(value) if isinstance(value, str) else value
    return loaded if isinstance(loaded, Mapping) else {}
