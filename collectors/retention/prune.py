"""Deletes what is older than its limit, slice by slice, so that readers and writers get their turn between.

Each slice is one transaction: a prune that is killed has pruned the slices that it finished, and the next one
goes on from there. What is due is found from the time columns alone, so a prune with nothing to do costs the
same whatever is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.retention.targets import TARGETS, Target, sql
from collectors.rollups.refresh import roll_up_between
from collectors.warehouse.connection import Connection, Warehouse
from collectors.warehouse.store import fetch

# A slice takes a second or two; more rows than this are in one only where a single hour has more.
SLICE_ROWS = 50_000
_HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
# The clock may have stepped back since the last prune: what came this long before it is looked at again.
_SLACK = timedelta(days=1)
_DONE = "INSERT OR REPLACE INTO retention_state VALUES (?, ?, ?)"
_LATE_CONTENTS = (
    "SELECT min(logged_at) AS at FROM span_contents "
    "WHERE ingested_at >= $seen AND logged_at < $cutoff + INTERVAL 1 DAY"
)

# kind, rows done, rows due
Progress = Callable[[str, int, int], None]
Removed = dict[str, dict[str, int]]


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Rows of one target within [low, high): the work of one transaction."""

    kind: str
    target: Target
    low: datetime
    high: datetime
    rows: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is due now.

    Attributes:
        cutoffs: by kind, the time before which data goes.
        slices: in the order in which they are to be done.
        remember: by kind, how far it is pruned once the slices are done, where that is news.
        warnings: what somebody should know before it is gone.
    """

    cutoffs: Mapping[str, datetime]
    slices: tuple[Slice, ...]
    remember: Mapping[str, datetime] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows that are due, those of children not counted."""
        return sum(s.rows for s in self.slices)


def plan(con: Connection, cutoffs: Mapping[str, datetime]) -> Plan:
    """Find what is due; reads and changes nothing."""
    state = {row["kind"]: row for row in fetch(con, "SELECT * FROM retention_state")}
    slices: list[Slice] = []
    remember: dict[str, datetime] = {}
    old = _has_old_rows(con, cutoffs)
    for kind, cutoff in cutoffs.items():
        known = state.get(kind)
        since = known["pruned_before"].astimezone(UTC) if known else _NEVER
        seen = known["pruned_at"].astimezone(UTC) - _SLACK if known else _NEVER
        bounds = {"cutoff": cutoff, "since": since, "seen": seen, "floor": _NEVER}
        if any(target.arrived for target in TARGETS[kind]) and since < cutoff:
            remember[kind] = cutoff
        if kind == "texts":
            late = fetch(con, _LATE_CONTENTS, _used(_LATE_CONTENTS, bounds))[0]["at"]
            if late is not None and known:
                # The texts of spans that may have been pruned before: log records brought them again.
                bounds["since"] = min(since, late - _SLACK)
        for target in TARGETS[kind]:
            if (kind, target.table) not in old:
                continue
            goes = kind == "texts" and target.table in ("spans", "grades")
            floor = cutoffs.get("spans", _NEVER) if goes else _NEVER
            slices += _slices(con, kind, target, {**bounds, "floor": floor})
    warnings = tuple(_warnings(con, cutoffs)) if any(s.target.table == "spans" for s in slices) else ()
    return Plan(cutoffs=cutoffs, slices=tuple(slices), remember=remember, warnings=warnings)


def _has_old_rows(con: Connection, cutoffs: Mapping[str, datetime]) -> set[tuple[str, str]]:
    """Kinds and tables with any row before the limit, in one statement: most have none, most of the time."""
    looks = [
        f"SELECT '{kind}' AS kind, '{table}' AS name WHERE EXISTS "  # noqa: S608 - names are ours
        f"(SELECT 1 FROM {table} WHERE {time} < ${kind})"
        for kind in cutoffs
        for table, time in dict.fromkeys((t.table, t.time) for t in TARGETS[kind])
    ]
    if not looks:
        return set()
    return {(row["kind"], row["name"]) for row in fetch(con, " UNION ALL ".join(looks), dict(cutoffs))}


def counted(con: Connection, due: Plan) -> Removed:
    """What a prune would delete or empty, by kind and table; children included.

    A row that is past two limits is counted for both.
    """
    removed: Removed = {}
    for piece in due.slices:
        _add(removed, piece.kind, piece.target.table, piece.rows)
        bounds = {"low": piece.low, "high": piece.high, "cutoff": due.cutoffs[piece.kind]}
        own = {target.table: target.time for target in TARGETS[piece.kind]}
        for table, where in piece.target.children:
            # Children that are past the limit themselves are counted by the target of their own table.
            beyond = f" AND {own[table]} >= $cutoff" if table in own else ""
            statement = f"SELECT count(*) AS n FROM {table} WHERE ({where}){beyond}"  # noqa: S608 - ours
            _add(removed, piece.kind, table, fetch(con, statement, _used(statement, bounds))[0]["n"])
    return removed


def execute(warehouse: Warehouse, due: Plan, *, now: datetime, progress: Progress | None = None) -> Removed:
    """Do what is due, a transaction a slice; returns what was deleted or emptied, by kind and table.

    Raises WarehouseBusyError when others keep the warehouse; what was done until then stays done.
    """
    removed: Removed = {}
    done = 0
    for piece in due.slices:
        with warehouse.write() as con:
            # Where one slice fails, its children must not stay gone: they share its transaction.
            for table, n in _prune_slice(con, piece, due.cutoffs[piece.kind]):
                _add(removed, piece.kind, table, n)
            if piece.target.table == "spans" and piece.target.change is None:
                roll_up_between(con, piece.low, piece.high)
        done += piece.rows
        if progress is not None:
            progress(piece.kind, done, due.rows)
    if due.remember:
        with warehouse.write() as con:
            for kind, cutoff in due.remember.items():
                con.execute(_DONE, [kind, cutoff, now])
    return removed


def _slices(con: Connection, kind: str, target: Target, bounds: Mapping[str, datetime]) -> Iterator[Slice]:
    cutoff = bounds["cutoff"]
    if target.arrived is None:
        # Rows that go, and small tables: nothing that was done before is still there.
        bounds = {**bounds, "since": _NEVER, "seen": cutoff}
    statement = sql("due").format(
        table=target.table, time=target.time, where=target.where, arrived=target.arrived or target.time
    )
    hours = fetch(con, statement, _used(statement, bounds))
    low, rows = 0, 0
    for i, row in enumerate(hours):
        low = row["hour"] if rows == 0 else low
        rows += row["n"]
        if rows >= SLICE_ROWS or i == len(hours) - 1:
            yield Slice(
                kind=kind,
                target=target,
                low=_EPOCH + low * _HOUR,
                high=min(_EPOCH + (row["hour"] + 1) * _HOUR, cutoff),
                rows=rows,
            )
            rows = 0


def _prune_slice(con: Connection, piece: Slice, cutoff: datetime) -> Iterator[tuple[str, int]]:
    target = piece.target
    bounds = {"low": piece.low, "high": piece.high, "cutoff": cutoff}
    for table, where in target.children:
        yield table, _changed(con, f"DELETE FROM {table} WHERE {where}", bounds)  # noqa: S608 - ours
    inside = f"{target.time} >= $low AND {target.time} < $high AND ({target.where})"
    if target.change is None:
        yield target.table, _changed(con, f"DELETE FROM {target.table} WHERE {inside}", bounds)  # noqa: S608
    else:
        statement = f"UPDATE {target.table} SET {target.change} WHERE {inside}"  # noqa: S608 - ours
        yield target.table, _changed(con, statement, bounds)


def _changed(con: Connection, statement: str, bounds: Mapping[str, Any]) -> int:
    rows = con.execute(statement, _used(statement, bounds)).fetchall()
    return int(rows[0][0]) if rows else 0


def _used(statement: str, bounds: Mapping[str, Any]) -> dict[str, Any]:
    """DuckDB refuses a parameter that a statement does not name."""
    return {name: value for name, value in bounds.items() if f"${name}" in statement}


def _add(removed: Removed, kind: str, table: str, n: int) -> None:
    if n:
        tables = removed.setdefault(kind, {})
        tables[table] = tables.get(table, 0) + n


def _warnings(con: Connection, cutoffs: Mapping[str, datetime]) -> Sequence[str]:
    """Open incidents and windows that no run has seen, whose spans or texts are about to go."""
    at = max(cutoffs[kind] for kind in ("spans", "texts") if kind in cutoffs)
    said = [
        f"incident {row['incident_id']} ({row['title']}) is open since {row['started_at']:%Y-%m-%d}: its "
        "own examples stay, spans and texts from before the limit go"
        for row in fetch(con, sql("open_incidents"), {"cutoff": at})
    ]
    unseen = fetch(con, sql("unevaluated"), {"cutoff": at})[0]["spans"]
    if unseen:
        said.append(f"{unseen:,} spans past the limit lie in windows that no run has evaluated")
    return said
