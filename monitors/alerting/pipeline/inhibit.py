"""Step 1: an incident that another one stands for is not told, while that one is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from collectors.warehouse.store import fetch
from monitors.alerting.incident import Incident
from monitors.alerting.labels import incident_labels
from monitors.alerting.pipeline.message import Message, Situation
from monitors.alerting.rules.base import matches
from monitors.alerting.rules.config import Inhibition

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection

STEP = "inhibit"
Labels = Mapping[str, str]


def inhibit(messages: Sequence[Message], now: Situation) -> list[Message]:
    """Stops news of incidents that match the `target` of an inhibition with an open `source`."""
    rules = now.notify.inhibit
    if not rules:
        return [m.passed(STEP, "no inhibition is configured") for m in messages]
    changed = {m.incident.incident_id: m.incident for m in messages if m.incident is not None}
    sources = [s for s in open_labels(now.con) if s["incident"] not in changed]
    sources += [{**i.labels, "title": i.title} for i in changed.values() if i.is_open]
    return [_inhibited(m, rules, sources) for m in messages]


def _inhibited(message: Message, rules: Sequence[Inhibition], sources: Sequence[Labels]) -> Message:
    incident: Incident | None = message.incident
    # The end of what people heard of is always told.
    if incident is None or message.kind == "resolved":
        return message.passed(STEP, "the end of an incident is always told")
    reason = inhibited(rules, incident.labels, sources)
    if reason is None:
        return message.passed(STEP, "no open incident inhibits it")
    return message.stopped(STEP, reason, for_good=False)


def inhibited(rules: Sequence[Inhibition], labels: Labels, sources: Sequence[Labels]) -> str | None:
    """Why an incident with these labels is not told; None when no open incident stands for it.

    As in Alertmanager, what is a source and a target alike is not inhibited by what is both too: else two
    incidents could inhibit each other, and nobody would hear of either.
    """
    for rule in rules:
        if not matches(rule.target, labels):
            continue
        for source in sources:
            both = matches(rule.source, labels) and matches(rule.target, source)
            if (
                source["incident"] != labels["incident"]
                and matches(rule.source, source)
                and not both
                and all(source.get(name, "") == labels.get(name, "") for name in rule.equal)
            ):
                told = f"{source['incident']} ({source.get('title', '')})"
                return f"inhibited by incident {told} while it is open: rule {rule.name}"
    return None


def open_labels(con: Connection) -> list[dict[str, str]]:
    """The labels of every open incident, and its title."""
    sql = "SELECT * FROM incidents WHERE state <> 'resolved' ORDER BY detected_at, incident_id"
    return [{**incident_labels(row), "title": row["title"]} for row in fetch(con, sql)]
