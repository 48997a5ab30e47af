"""What every page reads: ranges of time, chains, components, runs. Pages draw; the reads are here.

Each function opens the warehouse for one short read, fetches everything and closes it. The SQL stands in
`sql/NAME.sql` with named parameters. What is unknown is None; a bucket of time without rows is absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any, TypeVar

from collectors.rollups.read import Rolled
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import Row, fetch

T = TypeVar("T")
_PARAMETER = re.compile(r"\$(\w+)")

# How long back a viewer can look, and into how many steps it is cut: about a hundred points a chart.
RANGES: Mapping[str, tuple[timedelta, timedelta]] = {
    "6h": (timedelta(hours=6), timedelta(minutes=5)),
    "24h": (timedelta(days=1), timedelta(minutes=15)),
    "3d": (timedelta(days=3), timedelta(hours=1)),
    "7d": (timedelta(days=7), timedelta(hours=2)),
    "14d": (timedelta(days=14), timedelta(hours=3)),
    "30d": (timedelta(days=30), timedelta(hours=6)),
    "90d": (timedelta(days=90), timedelta(days=1)),
}
DEFAULT_RANGE = "7d"


@dataclass(frozen=True, kw_only=True)
class TimeRange:
    """A half-open interval, cut into buckets of `bucket_s` seconds that start at `start`."""

    start: datetime
    end: datetime
    bucket_s: int

    @property
    def parameters(self) -> dict[str, Any]:
        """As SQL parameters; `previous_start` opens the equally long range before."""
        return {
            "start": self.start,
            "end": self.end,
            "previous_start": self.start - (self.end - self.start),
            "bucket_s": self.bucket_s,
        }

    def buckets(self) -> list[datetime]:
        """The start of every bucket, in order: the time axis on which absent buckets are gaps."""
        step = timedelta(seconds=self.bucket_s)
        count = -(-(self.end - self.start) // step)
        return [self.start + step * index for index in range(count)]


def range_until(end: datetime, name: str) -> TimeRange:
    """The range called `name` up to `end`, aligned to its buckets; an unknown name gives the default.

    >>> from datetime import UTC
    >>> range_until(datetime(2026, 3, 2, 10, 7, tzinfo=UTC), "24h").start.isoformat()
    '2026-03-01T10:15:00+00:00'
    """
    length, bucket = RANGES.get(name, RANGES[DEFAULT_RANGE])
    bucket_s = int(bucket.total_seconds())
    stamp = int(end.timestamp()) // bucket_s * bucket_s + bucket_s
    aligned = datetime.fromtimestamp(stamp, tz=end.tzinfo)
    return TimeRange(start=aligned - length, end=aligned, bucket_s=bucket_s)


@dataclass(frozen=True, kw_only=True)
class Only:
    """Which spans figures are of; None is any. version: one of a span's version markers, or its model."""

    environment: str | None = None
    version: str | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """As SQL parameters."""
        return {"environment": self.environment, "version": self.version}


EVERY = Only()


@dataclass(frozen=True, kw_only=True)
class Extent:
    """From when to when a chain has production spans."""

    first_at: datetime
    last_at: datetime
    spans: int


@dataclass(frozen=True, kw_only=True)
class ComponentRow:
    """One component of a chain and where it stands in it."""

    component: str
    kind: str
    is_application: bool
    parent_component: str | None
    position: int
    last_seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class Run:
    """One monitor run."""

    run_id: str
    status: str
    started_at: datetime
    finished_at: datetime | None
    duration_s: float | None
    now_at: datetime
    windows_evaluated: int | None
    results_written: int | None
    breaches: int | None
    monitor_errors: int | None
    spans_seen: int | None
    code_version: str
    config_hash: str
    host: str | None
    error: str | None


@dataclass(frozen=True, kw_only=True)
class DeployRow:
    """A version marker."""

    deploy_id: str
    component: str
    field: str
    value: str
    previous_value: str | None
    deployed_at: datetime
    source: str
    note: str | None

    @property
    def change(self) -> str:
        """What changed, in words: `index_version 2026-02-20 → 2026-03-05`."""
        before = f"{self.previous_value} → " if self.previous_value else ""
        return f"{self.field} {before}{self.value}"


@dataclass(frozen=True, kw_only=True)
class Landing:
    """What the first look needs to choose a page: is anything there, and does anything burn."""

    spans: int
    runs: int
    results: int
    quarantined: int
    chains: tuple[str, ...]
    open_incident_id: str | None
    open_incident_chain: str | None


@cache
def sql(name: str) -> str:
    """The text of `sql/NAME.sql`."""
    return (resources.files("dashboard") / "sql" / f"{name}.sql").read_text("utf-8")


def select(con: Any, name: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """Run `sql/NAME.sql` on an open connection; parameters that it does not name are left out."""
    text = sql(name)
    wanted = set(_PARAMETER.findall(text))
    return fetch(con, text, {k: v for k, v in (parameters or {}).items() if k in wanted})


def half_width(spread: float | None, n: int) -> float | None:
    """Half of the 95 % interval of a mean, by the standard deviation of its n values; None without one."""
    return None if spread is None else 1.96 * spread / n**0.5


def records(kind: type[T], rows: Iterable[Row]) -> tuple[T, ...]:
    """Rows as frozen records; columns that the record does not have are dropped."""
    names = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    return tuple(kind(**{name: row[name] for name in names}) for row in rows)


def landing(warehouse: Warehouse) -> Landing:
    """What is stored, the chains (newest first), and the incident to open on, if one is open."""
    with warehouse.read() as con:
        return landing_of(con)


def landing_of(con: Any) -> Landing:
    """As `landing`, on an open connection."""
    stored = select(con, "stored")[0]
    chains = tuple(row["chain"] for row in select(con, "chains"))
    incidents = select(con, "incidents", {"chain": None})
    burning = next((row for row in incidents if row["state"] == "open"), None)
    return Landing(
        **stored,
        chains=chains,
        open_incident_id=burning["incident_id"] if burning else None,
        # A check that does not run is an incident of no chain.
        open_incident_chain=burning["chain"] if burning and burning["chain"] in chains else None,
    )


def extent_of(con: Any, rolled: Rolled, chain: str) -> Extent | None:
    """From when to when `chain` has production spans; None when it has none."""
    if not rolled.exists:
        row = select(con, "extent", {"chain": chain})[0]
        return Extent(**row) if row["spans"] else None
    found = rolled.extent(chain)
    return Extent(first_at=found.first_at, last_at=found.last_at, spans=found.spans) if found else None


def chain_components(con: Any, chain: str, span: TimeRange) -> tuple[ComponentRow, ...]:
    """The chain's components, the application first; read off the spans before the first monitor run."""
    rows = select(con, "components", {"chain": chain})
    return records(
        ComponentRow, rows or select(con, "components_from_spans", {"chain": chain, **span.parameters})
    )


def components(warehouse: Warehouse, chain: str, span: TimeRange) -> tuple[ComponentRow, ...]:
    """As `chain_components`, with its own short connection."""
    with warehouse.read() as con:
        return chain_components(con, chain, span)


def runs(warehouse: Warehouse, limit: int) -> tuple[Run, ...]:
    """The last monitor runs, newest first."""
    with warehouse.read() as con:
        return records(Run, select(con, "runs", {"limit": limit}))
