"""What a message says, before any channel puts it into its own form: the `payload` of the outbox.

Log text in it is raw and hostile; every notifier escapes for itself. No secret is ever part of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from monitors.alerting import words
from monitors.alerting.incident import Incident

Notice = dict[str, Any]
_EXAMPLES = 2
_LONGEST = 400


def notice(incident: Incident, kind: str, dashboard_url: str, previous: Incident | None = None) -> Notice:
    """The facts of one message about an incident, as JSON holds them."""
    evidence = incident.evidence
    lead = _mapping(evidence.get("lead"))
    deploy = _mapping(evidence.get("deploy"))
    content: Notice = {
        "kind": kind,
        "incident_id": incident.incident_id,
        "chain": incident.chain,
        "component": incident.component,
        "cause": incident.cause,
        "severity": incident.severity,
        "owner": incident.owner,
        "title": incident.title,
        "summary": incident.summary,
        "started_at": incident.started_at.isoformat(),
        "started_at_low": incident.started_at_low.isoformat() if incident.started_at_low else None,
        "started_at_high": incident.started_at_high.isoformat() if incident.started_at_high else None,
        "detected_at": incident.detected_at.isoformat(),
        "resolved_at": incident.resolved_at.isoformat() if incident.resolved_at else None,
        "times_opened": incident.times_opened,
        "merged_into": incident.merged_into,
        "closed_by": incident.closed_by,
        "monitor": lead.get("monitor"),
        "measured": lead.get("measured"),
        "against_threshold": words.against_threshold(
            lead.get("value"), lead.get("threshold"), lead.get("unit")
        ),
        "alerts": len(evidence.get("alerts", ())),
        "path": list(evidence.get("path", ())),
        "why": evidence.get("why"),
        "deploy": deploy.get("sentence") or "No deploy explains this.",
        "explained": str(evidence.get("explained") or ""),
        "ruled_out": _ruled_out(evidence),
        "examples": [
            {"text": str(e.get("text", ""))[:_LONGEST], "why": str(e.get("why") or "")[:_LONGEST]}
            for e in list(evidence.get("examples", ()))[:_EXAMPLES]
        ],
        "links": links(incident, dashboard_url),
    }
    if previous is not None:
        content["previous"] = {"component": previous.component, "severity": previous.severity}
    return content


def links(incident: Incident, dashboard_url: str) -> dict[str, str]:
    """The pages of the dashboard that a message leads to."""
    base = dashboard_url.rstrip("/")
    component = urlencode({"chain": incident.chain, "component": incident.component}, quote_via=quote)
    found = {
        "incident": incident_link(incident.incident_id, dashboard_url),
        "component": f"{base}/component?{component}",
    }
    if incident.cause == "monitoring":
        # Nothing of a chain: there is no page of such a component.
        found["component"] = f"{base}/monitors"
    runbook = incident.evidence.get("runbook")
    return found | {"runbook": str(runbook)} if runbook else found


def incident_link(incident_id: str, dashboard_url: str) -> str:
    """The page of an incident."""
    return f"{dashboard_url.rstrip('/')}/incident?{urlencode({'incident': incident_id})}"


def _ruled_out(evidence: Mapping[str, Any]) -> str:
    """One line: who it was not."""
    entries = [_mapping(e) for e in evidence.get("ruled_out", ())]
    out = [str(e.get("component")) for e in entries if e.get("ruled_out")]
    open_ = [str(e.get("component")) for e in entries if not e.get("ruled_out")]
    parts = [
        f"Ruled out: {', '.join(out)}." if out else "",
        f"Not known: {', '.join(open_)}." if open_ else "",
    ]
    return " ".join(p for p in parts if p)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
