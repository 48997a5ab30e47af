"""What a replay comes to: its alerts, incidents and messages, held against what was known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

from collectors.warehouse.overlay import HISTORY, Overlay
from collectors.warehouse.store import Row, fetch
from monitors.alerting.words import clock, span
from monitors.backtest.replay import Question, Replayed
from monitors.judges.config import JudgeConfig
from monitors.scoring import FoundIncident, KnownFault, score

WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class KnownOutcome:
    """What became of one known incident. delay_s: from its start to its detection, None: it was missed."""

    id: str
    component: str | None
    started_at: datetime
    ended_at: datetime | None
    detected: bool
    incident_id: str | None
    delay_s: float | None


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that a backtest says.

    Attributes:
        alerts: each that would have fired, oldest first. incidents: what they were put together to; one that
            was merged into another is that one.
        messages: by state (sent, suppressed, ...), all channels together.
        known: those in the range, as given; None where none were given, and then the next three are None too.
        false_alarms, wrong_component, duplicates: ids of incidents.
        not_replayed: sentences; empty when all of it could be.
    """

    config: str
    config_hash: str
    seed: int
    start: datetime
    end: datetime
    windows: int
    monitors: tuple[str, ...]
    results: int
    breaches: int
    errors: int
    alerts: tuple[Row, ...]
    incidents: tuple[Row, ...]
    messages: Mapping[str, int]
    messages_a_week: float | None
    known: tuple[KnownOutcome, ...] | None
    false_alarms: tuple[str, ...] | None
    wrong_component: tuple[str, ...] | None
    duplicates: tuple[str, ...] | None
    not_replayed: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """For --json, and for the dashboard."""
        return asdict(self)


def report(
    overlay: Overlay, question: Question, done: Replayed, known: Sequence[KnownFault] | None
) -> Report:
    """Read what the replay left in the overlay; known incidents outside of the range are left out."""
    given = len(known or ())
    if known is not None:
        known = [
            f for f in known if f.started_at < question.end and (f.ended_at or question.end) > question.start
        ]
    with overlay.read() as con:
        alerts = fetch(con, _sql("alerts_fired"), {"start": question.start})
        incidents = fetch(con, _sql("incidents_found"), {"start": question.start})
        states = fetch(con, "SELECT state, count(*) AS n FROM notifications GROUP BY state ORDER BY state")
        pruned = fetch(
            con, "SELECT kind, pruned_before FROM retention_state WHERE pruned_before > ?", [done.low]
        )
        first = fetch(
            con,
            f"SELECT min(started_at) AS at FROM {HISTORY}.main.spans WHERE dataset = 'production'",  # noqa: S608
        )[0]["at"]
    messages = {row["state"]: row["n"] for row in states}
    found = score(known, [_found(row) for row in incidents]) if known is not None else None
    lasted = done.windows[-1].end - done.windows[0].start if done.windows else timedelta(0)
    return Report(
        config=question.config.origin,
        config_hash=question.config.hash,
        seed=question.seed,
        start=question.start,
        end=question.end,
        windows=len(done.windows),
        monitors=done.evaluated,
        results=done.totals.results,
        breaches=done.totals.breaches,
        errors=done.totals.errors,
        alerts=tuple(alerts),
        incidents=tuple(incidents),
        messages=messages,
        messages_a_week=messages.get("sent", 0) / (lasted / WEEK) if lasted else None,
        known=None
        if known is None or found is None
        else tuple(_outcome(f, found.matched, found.delay_s) for f in known),
        false_alarms=found.false_alarms if found else None,
        wrong_component=found.wrong_component if found else None,
        duplicates=found.duplicates if found else None,
        not_replayed=(
            *_not_replayed(question, done, pruned, first),
            *_outside(given - len(known or ())),
        ),
    )


def _outside(number: int) -> Sequence[str]:
    return [f"{number} known incidents: they lie outside of the range"] if number else []


def _found(row: Row) -> FoundIncident:
    return FoundIncident(
        incident_id=row["incident_id"],
        component=row["component"],
        started_at=row["started_at"],
        detected_at=row["detected_at"],
    )


def _outcome(fault: KnownFault, matched: Mapping[str, str], delay_s: Mapping[str, float]) -> KnownOutcome:
    return KnownOutcome(
        id=fault.fault_id,
        component=fault.component,
        started_at=fault.started_at,
        ended_at=fault.ended_at,
        detected=fault.fault_id in matched,
        incident_id=matched.get(fault.fault_id),
        delay_s=delay_s.get(fault.fault_id),
    )


def _not_replayed(
    question: Question, done: Replayed, pruned: Sequence[Row], first: datetime | None
) -> list[str]:
    """What the warehouse no longer holds, or never did, of what the replay needed."""
    said = []
    if first is None:
        return ["nothing: there are no spans of production"]
    if not done.windows:
        said.append(
            f"nothing: no complete window of the range holds spans; the first span is of {clock(first)}"
        )
    elif first >= done.windows[0].start > question.start:
        said.append(f"nothing before {clock(done.windows[0].start)}: there are no earlier spans")
    if first > done.low and done.windows:
        said.append(
            f"references that reach back to {clock(done.low)} begin at {clock(first)}: monitors without "
            "enough of one say no data"
        )
    for row in pruned:
        if row["kind"] in ("texts", "spans"):
            until = min(row["pruned_before"], question.end)
            place = "in the range" if row["pruned_before"] > question.start else "in the references"
            said.append(f"{row['kind']} before {clock(until)} were pruned; they are missing {place}")
    if done.lost:
        said.append(
            f"{done.lost} windows hold fewer spans than when they were evaluated live (pruned or forgotten)"
        )
    if question.config.section("judge", JudgeConfig).enabled:
        said.append("the LLM judge is not asked again: monitors of its grades see those that are stored")
    return said


def table(told: Report) -> str:
    """The report in lines for people."""
    lasted = span(told.end - told.start)
    lines = [
        f"{clock(told.start)} .. {clock(told.end)} ({lasted}), {told.windows:,} windows, "
        f"{len(told.monitors):,} monitors, {told.results:,} results, {told.breaches:,} in breach, "
        f"{told.errors:,} failed checks",
        f"configuration: {told.config}",
        f"would have fired: {len(told.alerts)} alerts in {len(told.incidents)} incidents; "
        f"messages: {_messages(told)}",
    ]
    for incident in told.incidents:
        lines += [
            "",
            *_incident(incident, [a for a in told.alerts if a["incident_id"] == incident["incident_id"]]),
        ]
    if told.known is not None:
        lines += ["", *_against_known(told)]
    if told.not_replayed:
        lines += ["", "not replayed:", *(f"  {sentence}" for sentence in told.not_replayed)]
    return "\n".join(lines)


def _messages(told: Report) -> str:
    states = ", ".join(f"{n} {state}" for state, n in told.messages.items()) or "none"
    return states if told.messages_a_week is None else f"{states} ({told.messages_a_week:.1f} sent a week)"


def _incident(incident: Row, alerts: Sequence[Row]) -> list[str]:
    ended = (
        f"resolved {clock(incident['resolved_at'])}" if incident["resolved_at"] else "still open at the end"
    )
    lines = [
        f"{clock(incident['detected_at'])}  {incident['severity']:6}  {incident['incident_id']}  "
        f"{incident['title']}",
        f"    since about {clock(incident['started_at'])}, {ended}; chain {incident['chain']}",
    ]
    for alert in alerts:
        value = f"{alert['value']:.4g}" if alert["value"] is not None else "-"
        limit = f"{alert['threshold']:.4g}" if alert["threshold"] is not None else "-"
        lines.append(f"    fired {clock(alert['fired_at'])}  {alert['monitor']}  {value} against {limit}")
    return lines


def _against_known(told: Report) -> list[str]:
    known = told.known or ()
    found = [k for k in known if k.detected]
    lines = [f"known incidents: {len(found)} of {len(known)} detected"]
    for one in known:
        who = f" ({one.component})" if one.component else ""
        said = (
            f"detected after {span(timedelta(seconds=one.delay_s))} as {one.incident_id}"
            if one.delay_s is not None
            else "missed"
        )
        lines.append(f"  {one.id}{who}: {said}")
    for name, ids in (
        ("false alarms", told.false_alarms),
        ("during a known incident, at another component", told.wrong_component),
        ("once more for a known incident", told.duplicates),
    ):
        lines.append(f"{name}: {len(ids or ())}" + (f" ({', '.join(ids)})" if ids else ""))
    return lines


def _sql(name: str) -> str:
    return (resources.files("monitors.backtest") / f"{name}.sql").read_text("utf-8")
