"""The upkeep of an installation: how long data is kept, how full the disk is, how its commands went."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from collectors.retention.config import KINDS, RetentionConfig
from collectors.warehouse.compact import space
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import Row
from dashboard.data import select

# How far back calls of commands are counted.
CALLS_WITHIN = timedelta(days=30)
# What every installation calls; the rest is shown where it was called.
EXPECTED = ("run", "prune")
_MIN_TRAFFIC = timedelta(hours=1)
# Age limits by kind; None keeps everything. A tuple, so that it can be a part of a cache's key.
Limits = tuple[tuple[str, timedelta | None], ...]


@dataclass(frozen=True, kw_only=True)
class KeptRow:
    """One kind of data: its limit (None keeps it all), its oldest row, and when that is due to go.

    `due_at` is None where nothing is stored or nothing goes; a time in the past waits for the next prune.
    """

    kind: str
    limit: timedelta | None
    oldest_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Disk:
    """Sizes in bytes.

    Attributes:
        warehouse: the file and its log. empty: of the file, free for new rows.
        free, total: of the disk that holds it. growth_a_day: bytes that the traffic of the last week adds
            each day; None without an hour of traffic.
    """

    warehouse: int
    empty: int
    free: int
    total: int
    growth_a_day: float | None

    @property
    def free_share(self) -> float:
        """Of the disk, from 0 to 1."""
        return self.free / self.total if self.total else 0.0

    @property
    def days_left(self) -> float | None:
        """Until the disk is full at that growth; None where nothing grows."""
        return (self.free + self.empty) / self.growth_a_day if self.growth_a_day else None


@dataclass(frozen=True, kw_only=True)
class CommandRow:
    """The last call of one command.

    Attributes:
        last_at: None when it was never called. state: ok | failed | stopped | running | never.
        note: why it failed, as it was recorded. calls, failed: within CALLS_WITHIN; None is not recorded.
    """

    command: str
    last_at: datetime | None
    state: str
    took_s: float | None
    note: str
    calls: int | None
    failed: int | None


@dataclass(frozen=True, kw_only=True)
class UpkeepView:
    """Retention, disk and commands."""

    kept: tuple[KeptRow, ...]
    disk: Disk
    commands: tuple[CommandRow, ...]


def upkeep_view(
    warehouse: Warehouse, now: datetime, newest_at: datetime | None, spans: int, limits: Limits
) -> UpkeepView:
    """What is kept and how the commands went; `spans` in all, the newest production one at `newest_at`."""
    with warehouse.read() as con:
        oldest = {row["kind"]: row["oldest_at"] for row in select(con, "oldest")}
        traffic = select(con, "traffic", {"newest_at": newest_at})[0]
        called = select(con, "commands", {"since": now - CALLS_WITHIN})
        size = space(con)
    ages = dict(limits)
    return UpkeepView(
        kept=tuple(_kept(kind, ages.get(kind), oldest.get(kind)) for kind in KINDS),
        disk=_disk(warehouse.path, size.free, size.total - size.free, spans, traffic),
        commands=_commands(called),
    )


def limits_of(settings: RetentionConfig) -> Limits:
    """The age limits of [retention], in the order in which they are pruned."""
    return tuple((kind, getattr(settings, kind)) for kind in KINDS)


def _kept(kind: str, limit: timedelta | None, oldest_at: datetime | None) -> KeptRow:
    due_at = None
    if limit is not None and oldest_at is not None:
        # A row goes with the whole of its day in UTC, once all of that day is past the limit.
        midnight = oldest_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        due_at = midnight + timedelta(days=1) + limit
    return KeptRow(kind=kind, limit=limit, oldest_at=oldest_at, due_at=due_at)


def _disk(path: Path, empty: int, used: int, spans: int, traffic: Row) -> Disk:
    disk = shutil.disk_usage(path.parent)
    log = path.with_name(path.name + ".wal")
    growth = None
    if spans and traffic["spans"] and traffic["last_at"] - traffic["first_at"] >= _MIN_TRAFFIC:
        days = (traffic["last_at"] - traffic["first_at"]) / timedelta(days=1)
        growth = used / spans * traffic["spans"] / days
    return Disk(
        warehouse=path.stat().st_size + (log.stat().st_size if log.exists() else 0),
        empty=empty,
        free=disk.free,
        total=disk.total,
        growth_a_day=growth,
    )


def _commands(called: list[Row]) -> tuple[CommandRow, ...]:
    rows = {row["command"]: row for row in called if row["last_at"] is not None}
    names = [*EXPECTED, *(name for name in rows if name not in EXPECTED)]
    return tuple(_command(name, rows.get(name)) for name in names)


def _command(name: str, row: Row | None) -> CommandRow:
    if row is None:
        known: dict[str, Any] = dict.fromkeys(("last_at", "took_s", "calls", "failed"))
        return CommandRow(command=name, state="never", note="", **known)
    took_s = row["took_s"]
    return CommandRow(
        command=name,
        last_at=row["last_at"],
        state=row["state"],
        took_s=None if took_s is None or took_s < 0 else took_s,
        note=row["note"],
        calls=row["calls"],
        failed=row["failed"],
    )
