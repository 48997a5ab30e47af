"""What a message says that tells of many incidents at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from collectors.model import utc
from monitors.alerting.incident import Incident
from monitors.alerting.notice import Notice, incident_link

# A webhook's receiver gets so many by name; `incidents` says how many there are.
_NAMED = 100
_COMMON = ("chain", "component", "cause", "owner")

Member = Mapping[str, Any]


def member_of(incident: Incident) -> Member:
    """An incident as `group_notice` takes it; a row of `incidents` has the same keys."""
    return vars(incident)


def group_notice(
    group_id: str, key: str, members: Sequence[Member], kind: str, *, at: datetime, dashboard_url: str
) -> Notice:
    """The facts of one message about `members`, of which there is at least one."""
    ordered = sorted(members, key=lambda m: (m["severity"], utc(m["detected_at"]), m["incident_id"]))
    open_ = [m for m in ordered if m["state"] != "resolved"]
    chains = sorted({m["chain"] for m in ordered})
    where = f"in {chains[0]}" if len(chains) == 1 else f"in {len(chains)} chains"
    count = f"{len(ordered)} incident{'s' if len(ordered) > 1 else ''}"
    ended = [utc(m["resolved_at"]) for m in ordered if m["resolved_at"]]
    common = {name: _common(ordered, name) for name in _COMMON}
    return {
        **common,
        "kind": kind,
        "incident_id": group_id,
        "group_key": key,
        "severity": "page" if any(m["severity"] == "page" for m in ordered) else "ticket",
        "title": f"{count} {where}",
        "summary": f"{count} {where}, {len(open_)} of them open.",
        "incidents": len(ordered),
        "members": [
            {
                "incident_id": m["incident_id"],
                "title": m["title"],
                "severity": m["severity"],
                "chain": m["chain"],
                "component": m["component"],
                "state": m["state"],
                "link": incident_link(m["incident_id"], dashboard_url),
            }
            for m in [*open_, *(m for m in ordered if m["state"] == "resolved")][:_NAMED]
        ],
        "started_at": min(utc(m["started_at"]) for m in ordered).isoformat(),
        "detected_at": min(utc(m["detected_at"]) for m in ordered).isoformat(),
        "resolved_at": max(ended, default=at).isoformat() if not open_ else None,
        "links": {"dashboard": dashboard_url.rstrip("/")},
    }


def _common(members: Sequence[Member], name: str) -> str | None:
    values = {m[name] for m in members}
    return values.pop() if len(values) == 1 else None
