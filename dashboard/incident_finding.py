"""What an incident's evidence comes to, in a line that is read before any chart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard import formats
from dashboard.data_incident import AlertRow, IncidentView
from monitors.alerting.words import field_words

_MOST_WORDS = 4
_MOST_TOPICS = 2


def lead_first(view: IncidentView) -> list[AlertRow]:
    """The alert that the incident is told by, then the others: inputs explain more than answers do."""
    lead = (view.evidence.get("lead") or {}).get("monitor")
    return sorted(view.alerts, key=lambda a: a.monitor != lead)


def finding(view: IncidentView) -> str:
    """Why this component is blamed, and what is said more and less than before.

    Of the leading alert's topics, else of its words; without evidence the summary that was stored.
    """
    why = str(view.evidence.get("why") or "").strip()
    moved = next((said for a in lead_first(view) if (said := _said(a))), "")
    told = [f"{why[:1].upper()}{why[1:]}." if why else "", moved]
    return " ".join(filter(None, told)) or view.incident.summary


def _said(alert: AlertRow) -> str:
    """More of these topics and less of those; where none moved, the words that came."""
    topics = [t for t in alert.evidence.get("topics") or () if _shares(t)]
    grew = [t for t in topics if t["now"] > t["before"]]
    shrank = [t for t in topics if t["now"] <= t["before"]]
    where = f"{field_words(alert.field).capitalize()} of {alert.component}"
    if grew or shrank:
        sides = [("more", grew), ("less", shrank)]
        parts = [
            f"{word} of {' and '.join(map(_topic, side[:_MOST_TOPICS]))}" for word, side in sides if side
        ]
        return f"{where}: {'; '.join(parts)}."
    terms = alert.evidence.get("terms")
    new = terms.get("new") if isinstance(terms, Mapping) else None
    words = [str(t["term"]) for t in new or () if isinstance(t, Mapping) and t.get("term")]
    return f"{where}: new words are {', '.join(words[:_MOST_WORDS])}." if words else ""


def _shares(topic: Any) -> bool:
    return isinstance(topic, Mapping) and all(
        isinstance(topic.get(k), int | float) for k in ("before", "now")
    )


def _topic(topic: Mapping[str, Any]) -> str:
    name = formats.clip(str(topic.get("name", "")), 60)
    return f"“{name}” ({formats.share(topic['before'])} → {formats.share(topic['now'])})"
