"""One prune from end to end: what is due goes, its space is given back, and both are written down."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from filelock import FileLock, Timeout

from collectors.context import Context
from collectors.errors import ChainwatchError, WarehouseBusyError
from collectors.retention.config import RetentionConfig, limits, short_texts
from collectors.retention.prune import Plan, Progress, Removed, counted, execute, plan
from collectors.warehouse.compact import Space, Told, compact, remove_leftovers, space
from collectors.warehouse.connection import Connection, Warehouse
from collectors.warehouse.store import fetch, insert

# A file is written anew when this much of it is empty: less is soon filled with new data.
COMPACT_SHARE = 0.25
COMPACT_BYTES = 32 << 20
# At the end of a run, at most so often: a file that fills up again by itself must not be copied every hour.
_COMPACT_EVERY = timedelta(days=1)
_COMPACTED = "INSERT OR REPLACE INTO retention_state VALUES ('compact', ?, ?)"


@dataclass(frozen=True, kw_only=True)
class PruneReport:
    """What a prune did, or would do.

    Attributes:
        removed: rows deleted or emptied of their texts, by kind and table.
        cutoffs: by kind, the time before which data went.
        bytes_before, bytes_after: of the warehouse file.
        bytes_free: of it, empty and used for new data.
        compacted: whether the file was written anew.
        warnings: what somebody should know.
    """

    dry_run: bool
    removed: Removed = field(default_factory=dict)
    cutoffs: dict[str, datetime] = field(default_factory=dict)
    bytes_before: int = 0
    bytes_after: int = 0
    bytes_free: int = 0
    compacted: bool = False
    warnings: tuple[str, ...] = ()
    duration_s: float = 0.0

    @property
    def rows(self) -> int:
        """Rows deleted or changed."""
        return sum(n for tables in self.removed.values() for n in tables.values())

    def as_json(self) -> dict[str, Any]:
        """For --json."""
        return {**vars(self), "rows": self.rows, "warnings": list(self.warnings)}


@dataclass(frozen=True, kw_only=True)
class Reports:
    """Who is told how far the work is."""

    pruning: Progress | None = None
    compacting: Told | None = None


def prune(
    context: Context,
    *,
    now: datetime,
    dry_run: bool = False,
    compacting: bool | None = None,
    reports: Reports | None = None,
) -> PruneReport:
    """Apply [retention] as of `now`.

    compacting: whether the file is written anew; None does it when enough of it is empty.
    Raises ConfigError for a limit that the monitors cannot work with, WarehouseBusyError when another prune
    is at work or the warehouse stays busy; slices that were done stay done.
    """
    settings = limits(context.config)
    reports = reports or Reports()
    began = context.clock()
    warehouse = context.migrated()
    lock = FileLock(context.home.root / "prune.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise WarehouseBusyError("another prune is at work; this one leaves it to that") from error
    with lock:
        remove_leftovers(warehouse.path)
        before = warehouse.path.stat().st_size
        with warehouse.read() as con:
            due = plan(con, settings.cutoffs(now))
            removed = counted(con, due) if dry_run else {}
            size = space(con)
        warnings = [*_standing(context, settings), *due.warnings]
        compacted = False
        if not dry_run:
            removed = execute(warehouse, due, now=now, progress=reports.pruning)
            compacted = _reclaim(warehouse, compacting, removed, now, reports.compacting, warnings)
            if removed:
                _write_down(warehouse, removed, due, now)
            with warehouse.read() as con:
                size = space(con)
        return PruneReport(
            dry_run=dry_run,
            removed=removed,
            cutoffs=dict(due.cutoffs),
            bytes_before=before,
            bytes_after=warehouse.path.stat().st_size,
            bytes_free=size.free,
            compacted=compacted,
            warnings=tuple(warnings),
            duration_s=(context.clock() - began).total_seconds(),
        )


def prune_when_due(context: Context, *, now: datetime, say: Callable[[str], None]) -> PruneReport | None:
    """What `chainwatch run` does at its end: None when nothing is due. What fails is said and not raised.

    Without limits nothing is opened; with limits and nothing due, one short read.
    """
    try:
        if not limits(context.config).is_set:
            return None
        warehouse = context.migrated()
        with warehouse.read() as con:
            due = plan(con, limits(context.config).cutoffs(now))
            empty = _wants_compaction(space(con)) and _is_time_to_compact(con, now)
        if not due.slices and not due.remember and not empty:
            return None
        report = prune(context, now=now, compacting=None if empty or due.slices else False)
    except ChainwatchError as error:
        say(f"prune: {error}")
        return None
    for warning in report.warnings:
        say(f"prune: {warning}")
    return report


def _standing(context: Context, settings: RetentionConfig) -> list[str]:
    said = short_texts(context.config, settings)
    return [said] if said else []


def _reclaim(
    warehouse: Warehouse,
    compacting: bool | None,
    removed: Removed,
    now: datetime,
    told: Told | None,
    warnings: list[str],
) -> bool:
    """Write the file anew if that is asked for or worth it; whether it was. What fails is a warning."""
    if compacting is None:
        with warehouse.read() as con:
            compacting = _wants_compaction(space(con)) and (bool(removed) or _is_time_to_compact(con, now))
    if not compacting:
        return False
    try:
        compact(warehouse, progress=told)
    except ChainwatchError as error:
        # What was pruned is pruned; its space is used for new data until a later prune gives it back.
        warnings.append(str(error))
        return False
    with warehouse.write() as con:
        con.execute(_COMPACTED, [now, now])
    return True


def _wants_compaction(size: Space) -> bool:
    return size.share_free >= COMPACT_SHARE and size.free >= COMPACT_BYTES


def _is_time_to_compact(con: Connection, now: datetime) -> bool:
    rows = fetch(con, "SELECT pruned_at FROM retention_state WHERE kind = 'compact'")
    return not rows or now - rows[0]["pruned_at"] >= _COMPACT_EVERY


def _write_down(warehouse: Warehouse, removed: Removed, due: Plan, now: datetime) -> None:
    for_people = {kind: {"before": due.cutoffs[kind].isoformat(), **rows} for kind, rows in removed.items()}
    with warehouse.write() as con:
        audit(con, "prune", "retention", for_people, at=now)


def audit(con: Connection, action: str, subject: str, detail: dict[str, Any], *, at: datetime) -> None:
    """One line of the audit log, by the user of this process."""
    try:
        actor = getpass.getuser()
    except (OSError, KeyError):
        actor = "unknown"
    row = {
        "occurred_at": at,
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": json.dumps(detail, ensure_ascii=False, default=str),
    }
    insert(con, "audit", [row])
