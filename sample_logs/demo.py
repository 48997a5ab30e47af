"""The demo: sample logs through the product's own commands, and the outcome against the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from collectors.context import Context
from collectors.errors import ConfigError
from collectors.ingest import Ingest
from collectors.ingest_rules import rules_spec
from collectors.warehouse import Warehouse
from collectors.warehouse.store import fetch
from monitors.scoring import FoundIncident, KnownFault, Score, score
from sample_logs.generate import generate
from sample_logs.incidents import ALL
from sample_logs.truth import CHAIN, TruthIncident
from sample_logs.write import FILES, read_truth, truth_json, write

Progress = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class DemoReport:
    """What the demo found, beside what was there to be found."""

    spans: int
    results: int
    incidents: list[dict[str, Any]]
    truth: dict[str, Any]
    score: Score
    quiet_hours: float
    quiet_alarms: int

    def as_json(self) -> dict[str, Any]:
        """The answer of `chainwatch demo --json`."""
        matched = {incident: fault for fault, incident in self.score.matched.items()}
        return {
            "spans": self.spans,
            "results": self.results,
            "incidents": [
                {**incident, "truth": matched.get(incident["incident_id"])} for incident in self.incidents
            ],
            "truth": self.truth["incidents"],
            "quiet": self.truth["quiet"],
            "matched_incidents": len(self.score.matched),
            "matched": self.score.matched,
            "missed": list(self.score.missed),
            "wrong_component": list(self.score.wrong_component),
            "duplicates": list(self.score.duplicates),
            "false_alarms": len(self.score.false_alarms),
            "false_alarms_on_quiet_days": self.quiet_alarms,
            "quiet_hours": round(self.quiet_hours, 1),
            "delay_hours": {fault: round(delay / 3600, 2) for fault, delay in self.score.delay_s.items()},
        }


def prepare(
    context: Context,
    *,
    seed: int,
    start: datetime,
    days: int,
    requests_per_day: int,
    say: Progress,
    incidents: tuple[str, ...] = ALL,
) -> Path:
    """Generate the logs and ingest them; a second call with the same arguments finds them there.

    Raises ConfigError when the warehouse holds other people's spans: sample traffic must never mix with them.
    """
    warehouse = context.migrated()
    folder = context.home.root / "sample_logs" / f"seed-{seed}-{days}d"
    others = _other_chains(warehouse)
    if others:
        raise ConfigError(
            f"{context.home.root} already holds spans of {', '.join(others)}; the demo does not mix with "
            "real logs. Set CHAINWATCH_HOME to an empty folder: CHAINWATCH_HOME=./demo chainwatch demo"
        )
    loaded = folder / "loaded"
    if loaded.exists():
        return folder
    if _spans(warehouse) and not (folder / "truth.json").exists():
        raise ConfigError(
            f"{context.home.root} holds a demo with another seed or length; "
            f"delete that folder, or set CHAINWATCH_HOME to an empty one"
        )
    # truth.json is written last: with it there, an earlier call was stopped while it loaded, and goes on.
    if not (folder / "truth.json").exists():
        say(f"generating {days} days of traffic (seed {seed})")
        write(
            generate(
                seed=seed, start=start, days=days, requests_per_day=requests_per_day, incidents=incidents
            ),
            folder,
        )
    paths = [folder / name for name in FILES]
    say("ingesting")
    ingest = Ingest(warehouse, rules_spec(context), context.clock)
    for path in paths[: len(FILES) - 1]:
        report = ingest.file(path)
        if report.error or report.quarantined:
            raise ConfigError(f"the sample logs did not load: {report.error or report.first_bad}")
    loaded.touch()
    return folder


def default_start(now: datetime, days: int) -> datetime:
    """The data end at the last full hour, so that the last fault is still there when the dashboard opens."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=days)


def end_of_data(folder: Path) -> datetime:
    """Where the clock of the demo stands: the last window is complete, and nothing is overdue."""
    return read_truth(folder / "truth.json").period.end + timedelta(minutes=10)


def outcome(warehouse: Warehouse, folder: Path) -> DemoReport:
    """Read what the monitors made of it, and score it against the truth."""
    truth = read_truth(folder / "truth.json")
    with warehouse.read() as con:
        incidents = fetch(
            con,
            "SELECT incident_id, chain, component, cause, title, summary, severity, state, "
            "started_at, detected_at, resolved_at FROM incidents "
            # What was merged into another incident is that incident.
            "WHERE merged_into IS NULL ORDER BY detected_at, incident_id",
        )
        results = fetch(con, "SELECT count(*) AS n FROM results")[0]["n"]
    result = score(
        [_fault(t) for t in truth.incidents],
        [
            FoundIncident(
                incident_id=i["incident_id"],
                component=i["component"],
                started_at=i["started_at"],
                detected_at=i["detected_at"],
            )
            for i in incidents
        ],
    )
    false = [i for i in incidents if i["incident_id"] in result.false_alarms]
    return DemoReport(
        spans=_spans(warehouse),
        results=results,
        incidents=incidents,
        truth=truth_json(truth),
        score=result,
        quiet_hours=sum((w.end - w.start).total_seconds() for w in truth.quiet) / 3600,
        quiet_alarms=sum(any(w.start <= i["detected_at"] < w.end for w in truth.quiet) for i in false),
    )


def _fault(truth: TruthIncident) -> KnownFault:
    return KnownFault(
        fault_id=truth.id, component=truth.component, started_at=truth.started_at, ended_at=truth.ended_at
    )


def _spans(warehouse: Warehouse) -> int:
    with warehouse.read() as con:
        count: int = fetch(con, "SELECT count(*) AS n FROM spans")[0]["n"]
    return count


def _other_chains(warehouse: Warehouse) -> list[str]:
    with warehouse.read() as con:
        rows = fetch(con, "SELECT DISTINCT chain FROM spans WHERE chain <> ? ORDER BY chain LIMIT 5", [CHAIN])
    return [row["chain"] for row in rows]
