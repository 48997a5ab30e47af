"""What a run reads before it begins: what is pending, and what earlier runs left for it."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.model import Deploy
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch, replace
from monitors.alerting.book import AlertBook
from monitors.alerting.config import AlertsConfig
from monitors.config import WindowsConfig
from monitors.deploys import Place, Running, read_deploys, read_running
from monitors.pools import EvaluationSets, read_sets
from monitors.result import Result, Window
from monitors.run_log import code_version
from monitors.sketches.store import SketchKey, stored_texts
from monitors.sql import query
from monitors.summaries import Sample, read_samples, with_sketch
from monitors.topology import Topology, read_topology
from monitors.window import Pending, horizon, pending_windows, window_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DEPLOYS_SINCE = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class RunState:
    """Everything that a run starts from.

    Attributes:
        pending: the windows to evaluate.
        counts, stamps: production spans by start of window, since the horizon of the pending windows: how
            many, and a number that changes with every one that comes or is completed.
        warm: earlier windows that have spans and no samples yet; they are a reference, not evaluated.
        evaluated_until: the end of the last window that was evaluated. sketched: which of the samples of
            texts have a stored sketch.
        breaches: starts of windows in breach by monitor.
        explained: evidence of the breaches of the last window, which may go on.
    """

    pending: Pending
    counts: Mapping[datetime, int]
    stamps: Mapping[datetime, int]
    warm: tuple[Window, ...]
    samples: list[Sample]
    evaluated_until: datetime | None
    sketched: Collection[SketchKey]
    breaches: Mapping[str, set[datetime]]
    explained: Mapping[str, Mapping[str, Any]]
    topology: Topology
    running: Mapping[Place, Running]
    deploys: list[Deploy]
    sets: EvaluationSets
    book: AlertBook


def read_state(
    con: Connection,
    *,
    windows: WindowsConfig,
    alerts: AlertsConfig,
    now: datetime,
    since: datetime | None,
    scales: int,
    sketches: bool = False,
) -> RunState:
    """The state of the installation at the start of a run. sketches: whether a check asks for stored ones."""
    watermark = _one(con, "SELECT max(window_start) FROM evaluated_windows")
    first = _one(con, "SELECT min(started_at) FROM spans WHERE dataset = 'production'")
    starts = [at for at in (watermark, since) if at is not None] or ([first] if first is not None else [])
    book = AlertBook.load(con, alerts)
    if first is None or not starts:
        return RunState(
            pending=Pending(new=(), changed=()),
            counts={},
            stamps={},
            warm=(),
            samples=[],
            evaluated_until=None,
            sketched=(),
            breaches={},
            explained={},
            topology=Topology(),
            running={},
            deploys=[],
            sets=EvaluationSets(),
            book=book,
        )
    from_ = horizon(window_of(min(starts), windows.length), windows, scales=scales)
    counts, stamps = _counts(con, from_, now, windows.length)
    sql = "SELECT window_start, spans, stamp FROM evaluated_windows WHERE window_start >= ?"
    evaluated = {row["window_start"]: row for row in fetch(con, sql, [from_])}
    pending = pending_windows(
        counts,
        {start: row["spans"] for start, row in evaluated.items()},
        config=windows,
        now=now,
        since=since,
        completed={
            start
            for start, row in evaluated.items()
            if row["stamp"] is not None and row["stamp"] != stamps.get(start)
        },
    )
    from_ = horizon(pending.all[0], windows, scales=scales) if len(pending) else now
    samples = read_samples(con, from_, now) if len(pending) else []
    whole = Window(start=from_, end=max(now, from_ + windows.length))
    sketched = stored_texts(con, whole, windows.length, whole=sketches) if samples else {}
    samples = [with_sketch(s, sketched.get((s.stream, s.window.start, s.basis))) for s in samples]
    sampled = {s.window.start for s in samples}
    warm = tuple(
        Window(start=start, end=start + windows.length)
        for start in sorted(counts)
        if len(pending) and from_ <= start < pending.all[0].start and start not in sampled
    )
    return RunState(
        pending=pending,
        counts=counts,
        stamps=stamps,
        warm=warm,
        samples=samples,
        evaluated_until=watermark + windows.length if watermark is not None else None,
        sketched=sketched,
        breaches=_breaches(con, from_),
        explained=_explained(con, watermark),
        topology=read_topology(con),
        running=read_running(con),
        deploys=read_deploys(con, from_ - _DEPLOYS_SINCE),
        sets=read_sets(con, windows.evaluation_set) if len(pending) else EvaluationSets(),
        book=book,
    )


def write_results(
    con: Connection, results: list[Result], *, run_id: str, config_hash: str, at: datetime
) -> None:
    """Store results; those of a window that was evaluated before are replaced."""
    rows = [_row(r) | {"run_id": run_id, "config_hash": config_hash, "computed_at": at} for r in results]
    replace(con, "results", "result_id", rows)


def write_evaluated(con: Connection, windows: Sequence[Window], state: RunState, run_id: str) -> None:
    """Store which windows were evaluated, and what they held."""
    rows: list[Row] = [
        {
            "window_start": w.start,
            "window_end": w.end,
            "spans": state.counts.get(w.start, 0),
            "stamp": state.stamps.get(w.start),
            "run_id": run_id,
        }
        for w in windows
    ]
    replace(con, "evaluated_windows", "window_end", rows)


def _counts(
    con: Connection, start: datetime, now: datetime, length: timedelta
) -> tuple[dict[datetime, int], dict[datetime, int]]:
    """How many spans, and their stamp, by start of window."""
    bounds = {"start": start, "end": now, "length_us": length // _MICROSECOND}
    rows = {_EPOCH + row["bucket"] * length: row for row in fetch(con, query("window_counts"), bounds)}
    return (
        {start: row["spans"] for start, row in rows.items()},
        {start: row["stamp"] for start, row in rows.items()},
    )


def _breaches(con: Connection, since: datetime) -> dict[str, set[datetime]]:
    sql = "SELECT monitor, window_start FROM results WHERE status = 'breach' AND window_start >= ?"
    found: dict[str, set[datetime]] = {}
    for row in fetch(con, sql, [since]):
        found.setdefault(row["monitor"], set()).add(row["window_start"])
    return found


def _explained(con: Connection, watermark: datetime | None) -> dict[str, Mapping[str, Any]]:
    """The evidence of what was in breach in the last window."""
    if watermark is None:
        return {}
    sql = "SELECT monitor, evidence FROM results WHERE status = 'breach' AND window_start = ?"
    return {
        row["monitor"]: json.loads(row["evidence"]) for row in fetch(con, sql, [watermark]) if row["evidence"]
    }


def _row(result: Result) -> Row:
    return {
        "result_id": result.result_id,
        "monitor": result.monitor,
        "check_name": result.check_name,
        "chain": result.chain,
        "component": result.component,
        "field": result.field,
        "reference_kind": result.reference_kind,
        "concern": result.concern,
        "window_start": result.window.start,
        "window_end": result.window.end,
        "reference_start": result.reference.start if result.reference else None,
        "reference_end": result.reference.end if result.reference else None,
        "reference_name": result.reference_name,
        "status": result.status,
        "value": result.value,
        "threshold": result.threshold,
        "unit": result.unit,
        "p_value": result.p_value,
        "effect": result.effect,
        "effect_unit": result.effect_unit,
        "n_current": result.n_current,
        "n_reference": result.n_reference,
        "n_sampled": result.n_sampled,
        "reason": result.reason,
        "evidence": json.dumps(_plain(result.evidence), ensure_ascii=False) if result.evidence else None,
        "labels": json.dumps(dict(result.labels), ensure_ascii=False) if result.labels else None,
        "seed": result.seed,
        "code_version": code_version(),
    }


def _plain(value: Any) -> Any:
    """Evidence as JSON has it: plain numbers, ISO times, and null for what is not a finite number."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, bool, int)) else str(value)


def _one(con: Connection, sql: str) -> datetime | None:
    row = con.execute(sql).fetchone()
    at: datetime | None = row[0] if row else None
    return at.astimezone(UTC) if at is not None else None
