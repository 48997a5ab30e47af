"""Incidents against the truth: which were found, at the right component, and what was a false alarm.

Used by the demo and the benchmark, where the truth is known because the faults were made on purpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class KnownFault:
    """A fault that was really there. `ended_at` None: it was still there at the end of the data.

    `component` None: nobody knows which one it was, and whoever is blamed is right.
    """

    fault_id: str
    component: str | None
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class FoundIncident:
    """What the monitors made of it."""

    incident_id: str
    component: str
    started_at: datetime
    detected_at: datetime


@dataclass(frozen=True, kw_only=True)
class Score:
    """Each incident stands in exactly one of matched, wrong_component, duplicates and false_alarms.

    Attributes:
        matched: fault id -> the incident that found it first, at the right component.
        missed: faults without such an incident.
        wrong_component: incidents during a fault that blame somebody else.
        duplicates: further incidents of a fault that was found already.
        false_alarms: incidents while nothing was wrong.
        delay_s: fault id -> seconds from its start to its detection.
    """

    matched: dict[str, str]
    missed: tuple[str, ...]
    wrong_component: tuple[str, ...]
    duplicates: tuple[str, ...]
    false_alarms: tuple[str, ...]
    delay_s: dict[str, float]


def score(
    faults: Sequence[KnownFault], incidents: Sequence[FoundIncident], *, tail: timedelta = timedelta(hours=6)
) -> Score:
    """Match incidents to faults.

    An incident belongs to a fault when it was detected between the fault's start and `tail` after its
    end: windows that end later still hold traffic of the fault.
    """
    matched: dict[str, str] = {}
    delay_s: dict[str, float] = {}
    wrong, duplicates, false_alarms = [], [], []
    for incident in sorted(incidents, key=lambda i: (i.detected_at, i.incident_id)):
        during = [f for f in faults if _during(f, incident.detected_at, tail)]
        right = [f for f in during if f.component in (None, incident.component)]
        fresh = [f for f in right if f.fault_id not in matched]
        if fresh:
            matched[fresh[0].fault_id] = incident.incident_id
            delay_s[fresh[0].fault_id] = (incident.detected_at - fresh[0].started_at).total_seconds()
        elif right:
            duplicates.append(incident.incident_id)
        elif during:
            wrong.append(incident.incident_id)
        else:
            false_alarms.append(incident.incident_id)
    return Score(
        matched=matched,
        missed=tuple(f.fault_id for f in faults if f.fault_id not in matched),
        wrong_component=tuple(wrong),
        duplicates=tuple(duplicates),
        false_alarms=tuple(false_alarms),
        delay_s=delay_s,
    )


def _during(fault: KnownFault, at: datetime, tail: timedelta) -> bool:
    return fault.started_at <= at and (fault.ended_at is None or at <= fault.ended_at + tail)
