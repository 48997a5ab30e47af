"""An incident as Markdown: what happened, the evidence, who did what, and room for what people add."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from collectors.model import utc
from collectors.warehouse.store import Row, fetch
from monitors.alerting.actions import find_incident
from monitors.alerting.by_version import VersionFigures, by_version
from monitors.alerting.feedback import FalseAlarms, false_alarms
from monitors.alerting.incident import Incident
from monitors.alerting.markdown import code, flat, table
from monitors.alerting.words import clock, number, span

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection

_EXAMPLES = 10
_OPEN_QUESTIONS = """\
- Impact on users:
- Root cause:
- What went well, and what did not:
- What is done about it, by whom:"""


@dataclass(frozen=True, kw_only=True)
class Story:
    """Everything that a postmortem tells."""

    incident: Incident
    parts: tuple[str, ...]
    versions: tuple[VersionFigures, ...]
    monitors: tuple[FalseAlarms, ...]
    audit: tuple[Row, ...]
    messages: tuple[Row, ...]


def read_story(con: Connection, incident_id: str) -> Story:
    """The incident of this id, or of the one id that begins so; ConfigError names others otherwise."""
    incident = find_incident(con, incident_id)
    scope = [incident.incident_id]
    names = {entry.get("monitor") for entry in _listed(incident.evidence.get("alerts"))}
    return Story(
        incident=incident,
        parts=tuple(
            row["incident_id"]
            for row in fetch(con, "SELECT incident_id FROM incidents WHERE merged_into = ? ORDER BY 1", scope)
        ),
        versions=by_version(
            con,
            incident.chain,
            incident.component,
            low=incident.started_at_low or incident.started_at,
            high=incident.started_at_high or incident.started_at,
            end=incident.resolved_at or incident.updated_at,
        ),
        monitors=tuple(m for m in false_alarms(con, incident.chain) if m.monitor in names),
        audit=tuple(fetch(con, "SELECT * FROM audit WHERE subject = ? ORDER BY occurred_at", scope)),
        messages=tuple(
            fetch(
                con,
                "SELECT channel, kind, state, reason, created_at, sent_at FROM notifications "
                "WHERE incident_id = ? ORDER BY created_at, channel",
                scope,
            )
        ),
    )


def postmortem(story: Story, *, at: datetime) -> str:
    """The Markdown. Log texts stand in code fences and names without markup: nothing in them is rendered."""
    incident = story.incident
    sections = [
        f"# {flat(incident.title)}",
        f"Incident {incident.incident_id} in chain {flat(incident.chain)}, exported {clock(at)}.",
        _facts(incident, story),
        "## What happened",
        flat(incident.summary),
        "## Why this component",
        flat(str(incident.evidence.get("why") or "Nothing was recorded.")),
        *_path(incident),
        "## When it began, and which deploy came before",
        *_onset(incident),
        *_versions(story.versions),
        "## Evidence",
        _evidence(incident, story.monitors),
        *_before_after(incident),
        *_examples(incident),
        "## Timeline",
        _timeline(story),
        "## For people to fill in",
        _OPEN_QUESTIONS,
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _facts(incident: Incident, story: Story) -> str:
    ended = clock(incident.resolved_at) if incident.resolved_at else "still open"
    lasted = f", after {span(incident.resolved_at - incident.started_at)}" if incident.resolved_at else ""
    verdict = {None: "nobody said", True: "noise: a false alarm", False: "real"}[incident.noise]
    rows = [
        ("Component to blame", flat(incident.component)),
        ("Cause", incident.cause),
        ("Severity", incident.severity),
        ("Began", f"about {clock(incident.started_at)}"),
        (
            "Detected",
            f"{clock(incident.detected_at)}, after {span(incident.detected_at - incident.started_at)}",
        ),
        ("Ended", ended + lasted),
        ("Opened", f"{incident.times_opened} times"),
        ("Owner", flat(incident.owner or "nobody")),
        ("Acknowledged by", flat(incident.acknowledged_by or "nobody")),
        ("Closed by", flat(incident.closed_by or ("itself" if incident.resolved_at else "nobody"))),
        ("Verdict", verdict),
    ]
    if story.parts:
        rows.append(("Merged into it", ", ".join(story.parts)))
    if incident.merged_into:
        rows.append(("Merged into", incident.merged_into))
    return table(("", ""), rows)


def _path(incident: Incident) -> Iterable[str]:
    path = [flat(str(name)) for name in incident.evidence.get("path") or ()]
    if len(path) > 1:
        yield f"It shows in {' → '.join(path)}."
    others = _listed(incident.evidence.get("ruled_out"))
    if others:
        yield table(
            ("component", "verdict", "why"),
            [
                (
                    flat(str(e.get("component"))),
                    "ruled out" if e.get("ruled_out", True) else "not known",
                    flat(str(e.get("reason") or "")),
                )
                for e in others
            ],
        )


def _onset(incident: Incident) -> Iterable[str]:
    low, high = incident.started_at_low, incident.started_at_high
    if low and high and low != high:
        yield f"Between {clock(low)} and {clock(high)}, most likely {clock(incident.started_at)}."
    else:
        yield f"Most likely {clock(incident.started_at)}."
    deploy = incident.evidence.get("deploy")
    yield flat(str(deploy.get("sentence"))) if isinstance(deploy, Mapping) else "No deploy explains this."


def _versions(figures: Sequence[VersionFigures]) -> Iterable[str]:
    if not figures:
        yield "The spans of this time are no longer stored, so there are no figures by version."
        return
    criteria = sorted({name for one in figures for name in one.grades})
    head = ("version", "when", "requests", "errors", "p50", "p95", "output tokens", "cost a request")
    yield table(
        (*head, *(c.replace("_", " ") for c in criteria)),
        [
            (
                flat(one.version) or "none told",
                "after" if one.after else "before",
                f"{one.requests:,}",
                number(one.errors / one.requests, "share"),
                _told(one.p50_s, "s"),
                _told(one.p95_s, "s"),
                _told(one.output_tokens, None),
                _told(one.cost_usd, "USD"),
                *(_told(one.grades.get(c), None) for c in criteria),
            )
            for one in figures
        ],
    )


def _evidence(incident: Incident, monitors: Sequence[FalseAlarms]) -> str:
    known = {m.monitor: m.words for m in monitors}
    return table(
        ("monitor", "measured", "since", "in words", "so far"),
        [
            (
                flat(str(e.get("monitor"))),
                flat(str(e.get("measured") or "")),
                _clock(e.get("started_at")),
                flat(str(e.get("reason") or "")),
                known.get(str(e.get("monitor")), ""),
            )
            for e in _listed(incident.evidence.get("alerts"))
        ],
    )


def _before_after(incident: Incident) -> Iterable[str]:
    figures = incident.evidence.get("before_after")
    if not isinstance(figures, Mapping):
        return
    before, after = figures.get("before") or {}, figures.get("after") or {}
    rows = [
        (flat(str(name).replace("_", " ")), _told(before.get(name), None), _told(after[name], None))
        for name in after
        if isinstance(after[name], int | float) and not isinstance(after[name], bool)
    ]
    if rows:
        yield table((flat(str(figures.get("field"))), "before", "in the strongest breach"), rows)


def _examples(incident: Incident) -> Iterable[str]:
    shown = [e for e in _listed(incident.evidence.get("examples")) if e.get("text")][:_EXAMPLES]
    if shown:
        yield "## Texts that show it, as they stand in the log"
    for example in shown:
        where = f"{example.get('component', '')} {example.get('field', '')}: {example.get('why') or ''}"
        trace = f" (trace {example['trace_id']})" if example.get("trace_id") else ""
        yield f"{flat(where + trace)}\n\n{code(str(example['text']))}"


def _timeline(story: Story) -> str:
    incident = story.incident
    found: list[tuple[datetime | None, str]] = [
        (incident.started_at, "the change began, most likely"),
        (incident.detected_at, "detected"),
    ]
    for entry in _listed(incident.evidence.get("history")):
        blamed = f"{entry.get('component')} ({entry.get('cause')}, {entry.get('severity')})"
        found.append((_time(entry.get("at")), f"put down to {blamed}"))
    found += [(_time(e.get("at")), str(e.get("event"))) for e in _listed(incident.evidence.get("log"))]
    found += [
        (utc(row["occurred_at"]), f"{row['actor']}: {row['action']}{_comment(row['detail'])}")
        for row in story.audit
    ]
    for row in story.messages:
        sent = row["sent_at"]
        said = f"message to {row['channel']} ({row['kind']}): {row['state']}"
        found.append((utc(sent or row["created_at"]), said + (f", {row['reason']}" if row["reason"] else "")))
    ordered = sorted((at, said) for at, said in found if at is not None)
    return table(("when", "what"), [(clock(at), flat(said)) for at, said in ordered])


def _comment(detail: Any) -> str:
    told = json.loads(detail) if isinstance(detail, str) else detail
    comment = told.get("comment") if isinstance(told, Mapping) else None
    return f", {comment}" if comment else ""


def _told(value: Any, unit: str | None) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "unknown"
    return number(float(value), unit)


def _listed(value: Any) -> list[Mapping[str, Any]]:
    return [e for e in value if isinstance(e, Mapping)] if isinstance(value, list) else []


def _time(value: Any) -> datetime | None:
    try:
        return utc(datetime.fromisoformat(str(value)))
    except ValueError:
        return None


def _clock(value: Any) -> str:
    at = _time(value)
    return clock(at) if at is not None else ""
