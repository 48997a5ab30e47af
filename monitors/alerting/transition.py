"""How an incident ends, comes back, or turns out to be part of another."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from monitors.alerting.incident import Incident


def resolve(incident: Incident, at: datetime) -> Incident:
    """All its alerts are resolved."""
    return replace(
        incident,
        state="resolved",
        resolved_at=at,
        updated_at=at,
        evidence=_noted(incident, at, event="resolved"),
    )


def reopen(incident: Incident, at: datetime) -> Incident:
    """It came back before it was forgotten: the same incident, opened once more."""
    return replace(
        incident,
        state="acknowledged" if incident.acknowledged_by else "open",
        resolved_at=None,
        updated_at=at,
        times_opened=incident.times_opened + 1,
        evidence=_noted(incident, at, event="opened again"),
    )


def merge(incident: Incident, into: Incident, at: datetime) -> Incident:
    """A cause found later explains both: this one ends as a part of the older."""
    return replace(
        incident,
        state="resolved",
        resolved_at=at,
        updated_at=at,
        merged_into=into.incident_id,
        evidence=_noted(incident, at, event="merged", into=into.incident_id),
    )


def _noted(incident: Incident, at: datetime, **entry: Any) -> dict[str, Any]:
    """The evidence with one more line in its log; a flapping incident keeps the last fifty."""
    log = [*incident.evidence.get("log", ()), {"at": at.isoformat(), **entry}][-50:]
    return {**incident.evidence, "log": log}
