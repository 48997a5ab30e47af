"""The only place that opens DuckDB.

Connections are short: open, read or write one transaction, close. Nobody holds one while
computing or drawing. Between our own processes a fair lock makes them take turns; against a
foreign process (a DuckDB shell, say) opening is retried until the bounded wait is over.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb

from collectors.errors import WarehouseBusyError, WarehouseError
from collectors.warehouse.damage import check_length, damage
from collectors.warehouse.lock import FairLock

# The type that other packages name, without importing duckdb.
Connection = duckdb.DuckDBPyConnection

DEFAULT_WAIT_S = 30.0
_RETRY_S = 0.05

# Everything needed is in the wheel; nothing may be fetched, and log text must not reach the file system.
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_CONFIG = {**_OFFLINE, "enable_external_access": "false"}


class Warehouse:
    """One DuckDB file, opened for as short as possible.

    `read()` and `write()` are context managers. `write()` is one transaction: it commits when
    the block ends and rolls back when it raises.
    """

    def __init__(
        self,
        path: Path,
        *,
        wait_s: float = DEFAULT_WAIT_S,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.path = path
        self._wait_s = wait_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = FairLock(path, monotonic=monotonic, sleep=sleep)

    def exists(self) -> bool:
        """Whether anything was ever stored."""
        return self.path.exists()

    @contextmanager
    def read(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-only connection. Fetch everything inside the block: results stream."""
        if not self.exists():
            raise WarehouseError(
                f"there is no warehouse at {self.path}; "
                "`chainwatch demo` or `chainwatch ingest PATH` makes one"
            )
        with self._lock.hold(write=False, wait_s=self._wait_s):
            connection = self._open(read_only=True)
            try:
                yield connection
            except duckdb.Error as error:
                if (found := damage(self.path, error)) is not None:
                    raise found from error
                raise
            finally:
                self._close(connection)

    @contextmanager
    def write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A read-write connection inside one transaction.

        WarehouseError when the file was moved or deleted meanwhile: what was written is not in its place.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _import_what_tables_need()
        with self._lock.hold(write=True, wait_s=self._wait_s):
            if not self.exists():
                self._create()
            before = self.identity()
            connection = self._open(read_only=False)
            try:
                check_length(connection, self.path)
                connection.begin()
                try:
                    yield connection
                except BaseException:
                    _roll_back(connection)
                    raise
                connection.commit()
            except duckdb.Error as error:
                if (found := damage(self.path, error)) is not None:
                    raise found from error
                raise
            finally:
                connection.close()
            if self.identity() != before:
                raise WarehouseError(f"the warehouse {self.path} was moved or deleted while it was written")

    def _create(self) -> None:
        """Make an empty file in one step: a death on the way leaves none, and not half of one."""
        made = self.path.with_name(self.path.name + ".new")
        if made.exists():
            made.unlink()
        log = self.path.with_name(self.path.name + ".wal")
        if log.exists():
            # Of a warehouse that was moved away without it: it must not be taken for the new one's.
            log.rename(log.with_name(f"{log.name}.orphan-{log.stat().st_ino}"))
        duckdb.connect(str(made), config=_CONFIG).close()
        made.rename(self.path)
        # A power cut must not take the name away after what is stored in it has left the spool.
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def identity(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _open(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        deadline = self._monotonic() + self._wait_s
        while True:
            try:
                connection = self._connect(read_only=read_only)
            except duckdb.IOException as error:
                if "set lock on file" not in str(error):
                    raise self._cannot_open(error) from error
                if self._monotonic() >= deadline:
                    raise WarehouseBusyError(
                        f"{self.path} is open in another program ({_holder(error)}); close it and try again"
                    ) from error
                self._sleep(_RETRY_S)
            except duckdb.Error as error:
                raise self._cannot_open(error) from error
            else:
                prepare(connection)
                return connection

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.path), read_only=read_only, config=_CONFIG)

    def _close(self, connection: duckdb.DuckDBPyConnection) -> None:
        """End what was opened to read."""
        connection.close()

    def _cannot_open(self, error: duckdb.Error) -> WarehouseError:
        return damage(self.path, error) or WarehouseError(f"cannot open the warehouse {self.path}: {error}")


@cache
def _import_what_tables_need() -> None:
    """Let DuckDB import what it imports when the first table is handed to it: pandas, 0.3 s of CPU.

    A writer hands tables to it, and would hold the lock for so much longer.
    """
    import pyarrow as pa

    with duckdb.connect(":memory:", config=_OFFLINE) as connection:
        connection.register("nothing", pa.table({"n": [0]}))


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    """Roll back, where a fatal error has not done so already: the first error is the one to be told."""
    try:
        connection.rollback()
    except duckdb.Error:
        return


def prepare(connection: Connection) -> None:
    """What every connection of ours is set to."""
    connection.execute("SET TimeZone = 'UTC'")
    # After two seconds a statement would draw a bar on standard output, in the middle of --json.
    connection.execute("SET enable_progress_bar = false")


@contextmanager
def scratch() -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory database that may read files: for parsing, never for storing."""
    connection = in_memory()
    try:
        yield connection
    finally:
        connection.close()


def sealed(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory database that can attach this warehouse, and reaches no other file."""
    connection = duckdb.connect(":memory:", config=_OFFLINE)
    own, log, spill = ("'" + f"{warehouse}{end}".replace("'", "''") + "'" for end in ("", ".wal", ".tmp"))
    connection.execute(f"SET allowed_paths = [{own}, {log}]")
    # What does not fit into memory goes where it goes when the file itself is opened.
    connection.execute(f"SET temp_directory = {spill}")
    connection.execute("SET enable_external_access = false")
    return connection


def in_memory() -> duckdb.DuckDBPyConnection:
    """An in-memory database that may read files and attach others; every statement in it must be our own."""
    connection = duckdb.connect(":memory:", config=_OFFLINE)
    prepare(connection)
    return connection


def _holder(error: Exception) -> str:
    """The part of DuckDB's message that names who holds the lock."""
    text = str(error)
    start = text.find("Conflicting lock")
    return text[start : start + 160].partition("\n")[0] if start >= 0 else "unknown holder"
