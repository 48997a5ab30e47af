"""What an incident tells: title, summary and evidence, from its alerts and the blame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from collectors.model import Deploy
from monitors.alerting import words
from monitors.alerting.alert import Alert, Severity, StreamTrack
from monitors.alerting.config import AlertsConfig
from monitors.alerting.flow import Flow
from monitors.alerting.incident import Incident
from monitors.alerting.onset import Onset
from monitors.alerting.root_cause import Blame
from monitors.alerting.ruled_out import ruled_out

_EXAMPLES = 10
_HISTORY = 50


def describe(
    incident: Incident,
    alerts: Sequence[Alert],
    found: Blame,
    *,
    flow: Flow,
    tracks: Sequence[StreamTrack],
    deploys: Sequence[Deploy],
    settings: AlertsConfig,
    at: datetime,
) -> Incident:
    """The incident told anew; `at` is the end of the window that brought the news."""
    alerts = sorted(alerts, key=lambda a: (flow.rank(a), a.field, a.reference_kind, a.alert_id))
    severity: Severity = "page" if any(a.severity == "page" for a in alerts) else "ticket"
    path = [name for name in flow.components() if any(a.component == name for a in alerts)]
    # The path starts at the culprit: a caller is entered before what it calls, but is told of it last.
    path = [found.component, *(name for name in path if name != found.component)]
    evidence: dict[str, Any] = {
        **incident.evidence,
        "why": found.why,
        "path": path,
        "alerts": [_figure(alert, found) for alert in alerts],
        "before_after": _before_after(found.lead),
        "examples": examples_of(found.lead.alert_id, found.component, alerts),
        "ranking": found.lead.evidence.get("ranking"),
        "ruled_out": ruled_out(found, alerts, flow=flow, tracks=tracks, deploys=deploys, settings=settings),
        "deploy": _deploy(found, at),
        "explained": words.explained(found.lead.evidence),
        "lead": _figure(found.lead, found),
        "history": _history(incident, found, severity, at),
        "labels": {**found.lead.labels, **_rule(found.lead)},
        "runbook": _handling(found.lead).get("runbook"),
    }
    return replace(
        incident,
        component=found.component,
        cause=found.cause,
        title=words.title(found.component, found.cause, found.lead),
        summary=_summary(found, alerts, path),
        severity=severity,
        started_at=found.onset.at,
        started_at_low=found.onset.low,
        started_at_high=found.onset.high,
        updated_at=at,
        deploy_id=found.deploy.deploy_id if found.deploy else None,
        owner=incident.owner or _handling(found.lead).get("owner") or settings.owners.get(found.component),
        evidence=evidence,
    )


def _handling(lead: Alert) -> Mapping[str, Any]:
    """What the rule of an alert says: its name, owner and runbook, where it has them."""
    found = lead.evidence.get("handling")
    return found if isinstance(found, Mapping) else {}


def _rule(lead: Alert) -> dict[str, str]:
    rule = _handling(lead).get("rule")
    return {"rule": str(rule)} if rule else {}


def _summary(found: Blame, alerts: Sequence[Alert], path: Sequence[str]) -> str:
    lead = found.lead
    first = (
        f"{found.component}: {words.field_words(lead.field)} {words.direction(lead)}"
        f" ({words.measured(lead) or lead.reason}) since about {words.clock(found.onset.at)}."
    )
    others = len({a.component for a in alerts if a.component != found.component})
    shown = f" It shows in {', '.join(path[1:4])}{' and more' if others > 3 else ''} too." if others else ""
    return f"{first}{shown} {deploy_sentence(found.deploy, found.onset)}"


def deploy_sentence(deploy: Deploy | None, began: Onset) -> str:
    """The last deploy before the change, or that there was none."""
    if deploy is None:
        return "No deploy explains this."
    gap = began.at - deploy.deployed_at
    # The change point is an estimate: a deploy inside of its interval may seem to come after it, and is no
    # less likely to be why.
    when = (
        f"{words.span(gap)} before it"
        if gap.total_seconds() >= 0
        else f"at {words.clock(deploy.deployed_at)}, within the time in which it began"
    )
    was = f" (was {deploy.previous_value})" if deploy.previous_value else ""
    return f"{deploy.component} {deploy.field} {deploy.value}{was} was deployed {when}."


def _deploy(found: Blame, at: datetime) -> Mapping[str, Any] | None:
    deploy = found.deploy
    if deploy is None:
        return None
    return {
        "deploy_id": deploy.deploy_id,
        "component": deploy.component,
        "field": deploy.field,
        "value": deploy.value,
        "previous_value": deploy.previous_value,
        "deployed_at": deploy.deployed_at.isoformat(),
        "source": deploy.source,
        "seconds_before": (found.onset.at - deploy.deployed_at).total_seconds(),
        "sentence": deploy_sentence(found.deploy, found.onset),
    }


def _figure(alert: Alert, found: Blame) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "component": alert.component,
        "field": alert.field,
        "concern": alert.concern,
        "reference_kind": alert.reference_kind,
        "check": alert.check_name,
        "monitor": alert.monitor,
        "state": alert.state,
        "value": alert.value,
        "threshold": alert.threshold,
        "unit": alert.unit,
        "measured": words.measured(alert),
        "reason": alert.reason,
        "started_at": alert.started_at.isoformat(),
        "fired_at": alert.fired_at.isoformat(),
        "explained_by": found.explained_by.get(alert.alert_id),
    }


def _before_after(lead: Alert) -> dict[str, Any]:
    now, before = lead.evidence.get("current"), lead.evidence.get("reference")
    return {
        "field": lead.field,
        "before": dict(before) if isinstance(before, Mapping) else {},
        "after": dict(now) if isinstance(now, Mapping) else {},
    }


def examples_of(lead: str, component: str, alerts: Sequence[Alert]) -> list[Any]:
    """Examples of the leading alert and of the culprit first; the texts stay raw, whoever shows them escapes
    them. lead: id of the alert that the incident is told by; component: what is to blame.
    """
    ordered = sorted(alerts, key=lambda a: (a.alert_id != lead, a.component != component))
    shown: list[Any] = []
    for alert in ordered:
        given = alert.evidence.get("examples")
        shown.extend(
            {**example, "component": alert.component, "field": alert.field}
            for example in (given if isinstance(given, list) else ())
            if isinstance(example, Mapping) and example.get("text")
        )
    return shown[:_EXAMPLES]


def _history(incident: Incident, found: Blame, severity: str, at: datetime) -> list[Any]:
    """What was thought when: one entry for each change of blame or severity."""
    known = list(incident.evidence.get("history", ()))
    entry = {"component": found.component, "cause": found.cause, "severity": severity}
    if known and all(known[-1].get(key) == value for key, value in entry.items()):
        return known
    return [*known, {"at": at.isoformat(), **entry, "why": found.why}][-_HISTORY:]
