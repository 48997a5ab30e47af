"""What each channel says of a notice, in words; raw: every channel makes it harmless in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from monitors.alerting.notice import Notice
from monitors.alerting.words import span

_SIGNS: Mapping[str, str] = {"page": "🔴", "ticket": "🟠"}
_LABELS = (
    ("incident", "Open the incident"),
    ("runbook", "Runbook"),
    ("component", "Open the component"),
    ("dashboard", "Dashboard"),
)
_LONGEST_URL = 3000
_LISTED = 10


def headline(notice: Notice) -> str:
    """The first line: a sign that can be told apart without colour, and the title."""
    kind, title = notice.get("kind"), str(notice.get("title", ""))
    severity = str(notice.get("severity", ""))
    if kind == "resolved":
        return f"🔗 Merged: {title}" if notice.get("merged_into") else f"✅ Resolved: {title}"
    if kind == "test":
        return f"🔔 {title}"
    word = "Update" if kind == "update" else severity.capitalize()
    again = " (again)" if kind == "firing" and int(notice.get("times_opened") or 1) > 1 else ""
    return f"{_SIGNS.get(severity, '🔴')} {word}{again}: {title}"


def place(notice: Notice) -> str:
    """Where: component, chain, severity, owner, incident; of a group what its incidents have in common."""
    shared = [
        f"{name} {notice[name]}"
        for name in ("component", "chain", "severity")
        if notice.get(name) or not is_group(notice)
    ]
    parts = [shared[0][:1].upper() + shared[0][1:], *shared[1:]]
    if notice.get("owner"):
        parts.append(f"owner {notice['owner']}")
    parts.append(f"{'group' if is_group(notice) else 'incident'} {notice.get('incident_id')}")
    return " · ".join(parts)


def is_group(notice: Notice) -> bool:
    """Whether the message tells of many incidents."""
    return "members" in notice


def listed(notice: Notice) -> list[str]:
    """The incidents of a group, a line each: pages first, and how many more there are."""
    members = notice.get("members") or ()
    lines = [
        f"{_SIGNS.get(str(m.get('severity')), '🔴')} {m.get('title')} (incident {m.get('incident_id')})"
        if m.get("state") != "resolved"
        else f"✅ {m.get('title')} (incident {m.get('incident_id')}, over)"
        for m in members[:_LISTED]
    ]
    more = int(notice.get("incidents") or 0) - len(lines)
    return [*lines, f"and {more} more, on the dashboard"] if more > 0 else lines


def what(notice: Notice) -> str:
    """What changed: the figures, then the value that was judged and its threshold, then by which monitor."""
    measured, against = str(notice.get("measured") or ""), str(notice.get("against_threshold") or "")
    figures = "; ".join(dict.fromkeys(t for t in (measured, against) if t))
    monitor = f" Monitor: {notice['monitor']}." if notice.get("monitor") else ""
    path = [str(p) for p in notice.get("path", ())]
    shown = f" Seen in: {' → '.join(path[:6])}." if len(path) > 1 else ""
    return f"{figures or notice.get('summary', '')}.{monitor}{shown}"


def moved(notice: Notice) -> str:
    """Who was blamed before, and why it is another now; empty where nothing moved."""
    was = notice.get("previous")
    if not isinstance(was, Mapping):
        return ""
    now = f"now {notice.get('component')} ({notice.get('severity')}), because {notice.get('why')}"
    return f"It was put down to {was.get('component')} ({was.get('severity')}); {now}."


def ending(notice: Notice) -> str:
    """How long it lasted, and why it is over: all is well, a person said so, or it was another incident."""
    start, end = time(notice.get("started_at")), time(notice.get("resolved_at"))
    lasted = f"It lasted {span(end - start)}. " if start and end and not notice.get("merged_into") else ""
    return f"{lasted}{_why_over(notice)}"


def times(notice: Notice) -> tuple[datetime, timedelta | None, datetime | None] | None:
    """When it began, how sure that is (±; None where it is within half a minute), and when it was noticed."""
    start = time(notice.get("started_at"))
    if start is None:
        return None
    low, high = time(notice.get("started_at_low")), time(notice.get("started_at_high"))
    sure = (high - low) / 2 if low and high and high - low > timedelta(minutes=1) else None
    return start, sure, time(notice.get("detected_at"))


def links(notice: Notice) -> list[tuple[str, str, str]]:
    """Name, label and address of each page that the message leads to."""
    found = notice.get("links") or {}
    return [
        (name, label, found[name])
        for name, label in _LABELS
        if isinstance(found.get(name), str) and len(found[name]) <= _LONGEST_URL
    ]


def time(value: Any) -> datetime | None:
    """A time of a notice; None where it has none."""
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _why_over(notice: Notice) -> str:
    if notice.get("merged_into"):
        return f"It is not over: it is part of incident {notice['merged_into']}, whose cause explains it too."
    if notice.get("closed_by"):
        return f"Closed by {notice['closed_by']}."
    if is_group(notice):
        return f"All of its incidents are over: {notice.get('incidents', 0)}."
    return f"All of its alerts are resolved: {notice.get('alerts', 0)}."
