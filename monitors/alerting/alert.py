"""An alert, and the stream it comes from. The words are Alertmanager's."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from collectors.model import content_hash
from monitors.alerting.labels import STREAM_LABELS
from monitors.result import Concern, ReferenceKind, Result

StreamState = Literal["ok", "pending", "firing", "no_data"]
AlertState = Literal["firing", "resolved"]
Severity = Literal["page", "ticket"]


def labels_of(result: Result) -> dict[str, str]:
    """What makes an alert the same alert. Checks of one stream share it; each rule has its own."""
    return {**{name: getattr(result, name) for name in STREAM_LABELS}, **result.labels}


def fingerprint(labels: Mapping[str, str]) -> str:
    """Identifies the labels, whatever their order.

    >>> fingerprint({"a": "1", "b": "2"}) == fingerprint({"b": "2", "a": "1"})
    True
    """
    return content_hash("alert", *(part for name in sorted(labels) for part in (name, labels[name])))


@dataclass(frozen=True, kw_only=True)
class StreamTrack:
    """Where the count of windows of one stream stands: a row of `alert_state`.

    Attributes:
        state: ok, pending (in breach, not for long enough yet), firing, or no_data.
        since: end of the window in which this state began.
        last_window_end: windows up to here were counted; stepping one of them again changes nothing.
        breach_windows, ok_windows: consecutive windows, up to the last one with data.
        breach_started_at: start of the first window of the present breach.
        labels: what a rule added to the labels of the stream; empty for checks.
        alert_id: the latest alert of this stream, firing or resolved.
    """

    fingerprint: str
    chain: str
    component: str
    field: str
    concern: Concern
    reference_kind: ReferenceKind
    state: StreamState
    reason: str
    since: datetime
    last_window_end: datetime
    last_data_at: datetime | None = None
    last_ok_at: datetime | None = None
    breach_windows: int = 0
    ok_windows: int = 0
    breach_started_at: datetime | None = None
    alert_id: str | None = None
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One row of `alerts`.

    Attributes:
        monitor, check_name, value, threshold, unit, evidence: of the strongest breach so far.
        started_at: best estimate of the change, between onset_low and onset_high.
        fired_at: end of the window that fired; last_breach_at: end of the latest window in breach.
    """

    alert_id: str
    fingerprint: str
    incident_id: str | None = None
    monitor: str
    check_name: str
    chain: str
    component: str
    field: str
    reference_kind: ReferenceKind
    concern: Concern
    severity: Severity
    state: AlertState
    value: float | None
    threshold: float | None
    unit: str | None
    reason: str
    labels: Mapping[str, str]
    started_at: datetime
    fired_at: datetime
    last_breach_at: datetime
    resolved_at: datetime | None = None
    result_id: str
    onset_low: datetime
    onset_high: datetime
    strength: float
    evidence: Mapping[str, Any] = dataclasses.field(default_factory=dict)
