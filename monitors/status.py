"""The state of an installation: what is stored, what ran last, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from filelock import FileLock, Timeout

from collectors.context import Context
from collectors.model import PRODUCTION
from collectors.retention.config import limits
from collectors.retention.storage import Storage, read_storage
from collectors.spool_frame import HEADER_BYTES
from collectors.spool_segments import readable
from collectors.warehouse.store import Row, fetch
from monitors.alerting.config import AlertsConfig
from monitors.config import WindowsConfig
from monitors.sql import query
from monitors.window import window_of


@dataclass(frozen=True, kw_only=True)
class ChainStatus:
    """One chain's production, or one evaluation set of it."""

    chain: str
    dataset: str
    spans: int
    first_at: datetime
    last_at: datetime
    ingested_at: datetime


@dataclass(frozen=True, kw_only=True)
class LastRun:
    """The run that began last. `running` is shown as `failed` when no process holds the run lock."""

    status: str
    started_at: datetime
    finished_at: datetime | None
    windows: int | None
    error: str | None


@dataclass(frozen=True, kw_only=True)
class Status:
    """Everything `chainwatch status` says.

    Attributes:
        spool_bytes: received and not yet stored. overdue_since: when the oldest window that
            no run has evaluated could have been, if that is more than a window ago; or when the run was due
            that `alerts.did_not_run.run_every` expects.
        problems: sentences; the installation is healthy when there are none.
    """

    home: str
    warehouse_bytes: int
    storage: Storage
    chains: tuple[ChainStatus, ...]
    spool_bytes: int
    last_run: LastRun | None
    evaluated_until: datetime | None
    overdue_since: datetime | None
    firing_alerts: int
    open_incidents: int
    waiting_messages: int
    dead_messages: int
    quarantined: int
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return asdict(self)


def read_status(context: Context, *, now: datetime) -> Status:
    """Look at the warehouse, the spool and the run lock; nothing is changed.

    Raises WarehouseError when there is no warehouse.
    """
    windows = context.config.section("windows", WindowsConfig)
    run_every = context.config.section("alerts", AlertsConfig).did_not_run.run_every
    with context.warehouse.read() as con:
        storage = read_storage(con, context.home.warehouse, limits(context.config))
        chains = tuple(ChainStatus(**row) for row in fetch(con, query("status_spans")))
        runs = fetch(
            con,
            "SELECT status, started_at, finished_at, windows_evaluated AS windows, error "
            "FROM monitor_runs ORDER BY started_at DESC LIMIT 1",
        )
        counts = fetch(con, query("status_counts"))[0]
        until = fetch(con, "SELECT max(window_end) AS at FROM evaluated_windows")[0]["at"]
        # A window's run may come a window later, as cron has it; after that it is overdue.
        cutoff = now - windows.grace - windows.length
        end = window_of(cutoff, windows.length).start
        cursors = {row["segment"]: row["position"] for row in fetch(con, "SELECT * FROM spool_cursors")}
        not_running = fetch(con, query("not_running"))
        left = fetch(con, query("overdue"), {"cutoff": cutoff, "until": until, "end": end})[0]["at"]
    last_run = _seen(LastRun(**runs[0]), context) if runs else None
    due = [window_of(left, windows.length).end + windows.grace] if left else []
    if run_every is not None and runs and now > _started(runs[0]) + 2 * run_every:
        due.append(_started(runs[0]) + run_every)
    overdue = min(due, default=None)
    waiting = [
        max(0, segment.size - cursors.get(segment.name, HEADER_BYTES))
        for segment, _ in (readable(context.home.spool) if context.home.spool.exists() else [])
    ]
    return Status(
        home=str(context.home.root),
        warehouse_bytes=context.home.warehouse.stat().st_size,
        storage=storage,
        chains=chains,
        spool_bytes=sum(waiting),
        last_run=last_run,
        evaluated_until=until.astimezone(UTC) if until else None,
        overdue_since=overdue,
        problems=(
            *_problems(last_run, overdue, counts, chains),
            *(f"{row['component']} does not run: {row['reason']}" for row in not_running),
        ),
        **counts,
    )


def _started(run: Row) -> datetime:
    at: datetime = run["started_at"]
    return at.astimezone(UTC)


def _seen(run: LastRun, context: Context) -> LastRun:
    """A run that says `running` although nobody holds the run lock was killed."""
    if run.status != "running":
        return run
    lock = FileLock(context.home.run_lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return run
    lock.release()
    return replace(run, status="failed", error="it was killed")


def _problems(
    run: LastRun | None, overdue: datetime | None, counts: Mapping[str, int], chains: Sequence[ChainStatus]
) -> Iterator[str]:
    """What makes `status` exit with 1: runs that fail or do not come, and messages that nobody got."""
    if run is not None and run.status == "failed":
        yield f"the last run failed: {run.error}"
    if overdue is not None:
        yield f"a run is overdue since {overdue:%Y-%m-%d %H:%M} UTC; call `chainwatch run`, or look at cron"
    if counts["dead_messages"]:
        yield f"{counts['dead_messages']} messages could not be delivered and were given up"
    if not any(c.dataset == PRODUCTION for c in chains):
        yield "no production span is stored; `chainwatch ingest PATH` or `chainwatch serve` brings some"
