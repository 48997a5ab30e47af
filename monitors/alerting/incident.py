"""An incident: the record for people over the alerts of one cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from collectors.model import content_hash
from monitors.alerting.alert import Alert, Severity
from monitors.result import Concern

IncidentState = Literal["open", "acknowledged", "resolved"]


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One row of `incidents`.

    Attributes:
        component, cause: what is to blame, as far as is known now; `evidence.history` has what was thought
            before.
        started_at: best estimate of the change point, between the low and the high one.
        detected_at: end of the window in which its first alert fired.
        times_opened: 1, and one more for each time that it came back after it was resolved.
        merged_into: the incident whose cause turned out to explain this one.
        closed_by: who resolved it by hand; it does not come back by itself.
    """

    incident_id: str
    chain: str
    component: str
    cause: Concern
    title: str
    summary: str
    severity: Severity
    state: IncidentState
    started_at: datetime
    started_at_low: datetime | None
    started_at_high: datetime | None
    detected_at: datetime
    resolved_at: datetime | None = None
    updated_at: datetime
    deploy_id: str | None = None
    owner: str | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    times_opened: int = 1
    merged_into: str | None = None
    closed_by: str | None = None
    noise: bool | None = None

    @property
    def is_open(self) -> bool:
        """Open or acknowledged: not over yet."""
        return self.state != "resolved"

    @property
    def labels(self) -> dict[str, str]:
        """What silences and routes match."""
        lead = self.evidence.get("labels")
        return {
            **(lead if isinstance(lead, Mapping) else {}),
            "incident": self.incident_id,
            "chain": self.chain,
            "component": self.component,
            "cause": self.cause,
            "severity": self.severity,
            "owner": self.owner or "",
        }


def incident_id_of(first: Alert) -> str:
    """Twelve hex digits, short enough to type; the same in every replay."""
    return content_hash("incident", first.chain, first.alert_id)[:12]
