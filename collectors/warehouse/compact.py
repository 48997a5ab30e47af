"""Gives the space of deleted rows back to the disk.

DuckDB keeps the blocks of deleted rows in the file and fills them with new rows; neither CHECKPOINT nor
VACUUM makes a file with free blocks in its middle smaller. So the file is written anew beside the old one and
takes its place in one rename. Most of it is copied in slices, each under the shared lock for a second or two;
then, under the exclusive lock, every slice is compared with what is stored by now, slices that changed are
copied again, and the small tables are copied. Whoever is killed at any point leaves the old file or the new
one, whole: before the rename nothing was touched, and what is left beside it is removed by the next call.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from collectors.errors import WarehouseBusyError, WarehouseError
from collectors.warehouse.connection import DEFAULT_WAIT_S, Warehouse, in_memory
from collectors.warehouse.lock import FairLock

# The tables that grow with the traffic, and the time that slices them; every other is copied in one go.
_SLICED = {
    "spans": "started_at",
    "span_contents": "logged_at",
    "grades": "span_started_at",
    "drawn_spans": "span_started_at",
    "feedback": "created_at",
    "annotations": "created_at",
    "samples": "window_end",
    "number_sketches": "window_end",
    "text_sketches": "window_end",
    "results": "window_end",
    "rollup_numbers": "bucket",
    "trace_hours": "bucket",
}
# DuckDB's row group: a slice of one takes a second or two, and fills whole groups of the new file.
_SLICE_ROWS = 122_880
# So many changed rows would hold the exclusive lock for too long; somebody is rewriting history.
_MOST_CHANGED_ROWS = 1_000_000
_ROOM = 1.25
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, tzinfo=UTC)

Told = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Space:
    """How full a warehouse file is, in bytes."""

    total: int
    free: int

    @property
    def share_free(self) -> float:
        """Free blocks, as a share of the file; rows that are deleted inside of a block are not counted."""
        return self.free / self.total if self.total else 0.0


def space(con: duckdb.DuckDBPyConnection) -> Space:
    """What of the file is in use; costs nothing."""
    row = con.execute("SELECT block_size, total_blocks, free_blocks FROM pragma_database_size()").fetchone()
    size, total, free = row or (0, 0, 0)
    return Space(total=size * total, free=size * free)


@dataclass
class _Slice:
    table: str
    column: str
    low: datetime
    high: datetime
    rows: int
    mark: int | None = None


def compact(warehouse: Warehouse, *, progress: Told | None = None, wait_s: float = DEFAULT_WAIT_S) -> None:
    """Write the file anew without what was deleted; `progress` is told rows done and rows in all.

    WarehouseBusyError when others keep the warehouse, or somebody is at it already; WarehouseError when the
    disk has no room for a second copy. The warehouse is as it was then.
    """
    path = warehouse.path.resolve()
    fresh = path.with_name(path.name + ".compact")
    only_one = FileLock(path.with_name(path.name + ".compacting"))
    try:
        only_one.acquire(timeout=0)
    except Timeout as error:
        raise WarehouseBusyError(f"{path} is being compacted by another process") from error
    with only_one:
        _remove(fresh)
        try:
            _Copy(path, fresh, progress, FairLock(warehouse.path), wait_s).run()
        except (duckdb.Error, OSError) as error:
            raise WarehouseError(f"cannot compact {path}: {error}; it is as it was") from error
        finally:
            _remove(fresh)


def remove_leftovers(path: Path) -> None:
    """Remove what a killed compaction left beside the warehouse, unless one is at work."""
    path = path.resolve()
    fresh = path.with_name(path.name + ".compact")
    if not fresh.exists():
        return
    only_one = FileLock(path.with_name(path.name + ".compacting"))
    try:
        with only_one.acquire(timeout=0):
            _remove(fresh)
    except Timeout:
        return


class _Copy:
    def __init__(self, path: Path, fresh: Path, progress: Told | None, lock: FairLock, wait_s: float) -> None:
        self._path = path
        self._fresh = fresh
        self._progress = progress
        self._lock = lock
        self._wait_s = wait_s
        self._slices: list[_Slice] = []
        self._done = 0
        self._con = in_memory()

    def run(self) -> None:
        try:
            with self._turn(write=False):
                self._begin()
            for piece in self._slices:
                with self._turn(write=False):
                    self._copy(piece)
                self._tell(piece.rows)
            with self._turn(write=True):
                self._finish()
        finally:
            self._con.close()

    @contextmanager
    def _turn(self, *, write: bool) -> Iterator[None]:
        """One turn at the warehouse, attached as `source`."""
        with self._lock.hold(write=write, wait_s=self._wait_s):
            mode = "" if write else " (READ_ONLY)"
            self._con.execute(f"ATTACH '{_quoted(self._path)}' AS source{mode}")
            try:
                yield
            finally:
                self._con.execute("DETACH source")

    def _begin(self) -> None:
        used = self._con.execute(
            "SELECT used_blocks * block_size FROM pragma_database_size() WHERE database_name = 'source'"
        ).fetchone()
        needed = int((used[0] if used else 0) * _ROOM)
        free = shutil.disk_usage(self._path.parent).free
        if free < needed:
            raise WarehouseError(
                f"compacting {self._path} needs {needed / 1e6:,.0f} MB beside it and {free / 1e6:,.0f} MB "
                "are free; what was deleted is used for new data meanwhile"
            )
        self._con.execute(f"ATTACH '{_quoted(self._fresh)}' AS fresh")
        os.chmod(self._fresh, self._path.stat().st_mode & 0o777)
        self._con.execute("COPY FROM DATABASE source TO fresh (SCHEMA)")
        for table, column in _SLICED.items():
            self._slices += self._planned(table, column)

    def _planned(self, table: str, column: str) -> Iterator[_Slice]:
        hours = self._con.execute(
            f"SELECT date_trunc('hour', {column}) AS hour, count(*) FROM source.{table} "  # noqa: S608 - ours
            "GROUP BY hour ORDER BY hour"
        ).fetchall()
        low, rows = _FIRST, 0
        for hour, n in hours:
            if rows and rows + n > _SLICE_ROWS:
                yield _Slice(table, column, low, hour, rows)
                low, rows = hour, 0
            rows += n
        yield _Slice(table, column, low, _LAST, rows)

    def _copy(self, piece: _Slice) -> None:
        where = f"WHERE {piece.column} >= ? AND {piece.column} < ?"
        bounds = [piece.low, piece.high]
        self._con.execute(
            f"INSERT INTO fresh.{piece.table} SELECT * FROM source.{piece.table} {where}",  # noqa: S608 - ours
            bounds,
        )
        piece.mark = self._mark(piece)

    def _mark(self, piece: _Slice) -> int:
        """Tells any two states of a slice apart: the sum of the hashes of its rows, and their number."""
        row = self._con.execute(
            f"SELECT count(*), coalesce(sum(hash(t)::HUGEINT), 0) FROM source.{piece.table} t "  # noqa: S608
            f"WHERE {piece.column} >= ? AND {piece.column} < ?",
            [piece.low, piece.high],
        ).fetchone()
        count, total = row or (0, 0)
        piece.rows = int(count)
        return (int(total) << 40) + int(count)

    def _finish(self) -> None:
        """Under the exclusive lock: catch up, prove, and put the new file in the place of the old one."""
        self._con.execute("FORCE CHECKPOINT source")
        changed = [piece for piece in self._slices if piece.mark != self._mark(piece)]
        if sum(piece.rows for piece in changed) > _MOST_CHANGED_ROWS:
            raise WarehouseBusyError(f"{self._path} changed too much while it was compacted; try again later")
        for piece in changed:
            self._con.execute(
                f"DELETE FROM fresh.{piece.table} "  # noqa: S608 - ours
                f"WHERE {piece.column} >= ? AND {piece.column} < ?",
                [piece.low, piece.high],
            )
            self._copy(piece)
        tables = self._tables("source")
        for table in tables:
            if table not in _SLICED:
                self._con.execute(f'INSERT INTO fresh."{table}" SELECT * FROM source."{table}"')  # noqa: S608
        self._prove(tables)
        self._con.execute("DETACH fresh")
        log = self._fresh.with_name(self._fresh.name + ".wal")
        old_log = self._path.with_name(self._path.name + ".wal")
        if log.exists() or old_log.exists():
            # A log beside the new file would be replayed into it.
            raise WarehouseError(f"{log if log.exists() else old_log} is not empty; nothing was replaced")
        _sync(self._fresh)
        # The source stays attached over the rename: no other program can write to it in between.
        os.replace(self._fresh, self._path)
        _sync(self._path.parent)

    def _tables(self, database: str) -> dict[str, str]:
        """The definition of each table; they must not have changed meanwhile."""
        return dict(
            self._con.execute(
                "SELECT table_name, sql FROM duckdb_tables() WHERE database_name = ? ORDER BY table_name",
                [database],
            ).fetchall()
        )

    def _prove(self, tables: dict[str, str]) -> None:
        if tables != self._tables("fresh"):
            raise WarehouseBusyError(f"the schema of {self._path} changed while it was compacted; try again")
        for table in tables:
            counts = [
                (self._con.execute(f'SELECT count(*) FROM {where}."{table}"').fetchone() or (None,))[0]  # noqa: S608
                for where in ("source", "fresh")
            ]
            if counts[0] != counts[1]:
                raise WarehouseError(
                    f"compacting {self._path}: {table} has {counts[0]} rows and its copy {counts[1]}; "
                    "nothing was replaced"
                )

    def _tell(self, rows: int) -> None:
        self._done += rows
        if self._progress is not None:
            self._progress(self._done, sum(piece.rows for piece in self._slices))


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _remove(fresh: Path) -> None:
    for path in (fresh, fresh.with_name(fresh.name + ".wal")):
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
