"""A scratch warehouse over the real one: what happened is read there, what is decided stays here.

Whatever works on a warehouse works on this one unchanged, so history is decided on again with the code that
decides live. The real file is attached read-only, for as short as any other reader holds it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from collectors.errors import WarehouseBusyError, WarehouseError
from collectors.warehouse.connection import Connection, Warehouse, prepare
from collectors.warehouse.damage import damage
from collectors.warehouse.lock import FairLock
from collectors.warehouse.migrate import migrate

# The name under which statements of ours find the real one.
HISTORY = "history"
# What happened, and what people said and did: read where it is. Every other table begins empty.
RECORD = (
    "spans",
    "span_contents",
    "feedback",
    "annotations",
    "drawn_spans",
    "silences",
    "retention_state",
    "forgotten_users",
    "forgotten_traces",
)
# A long write of a live run must not end a replay of an hour.
_WAIT_S = 300.0
_RETRY_S = 0.05


class Overlay(Warehouse):
    """A warehouse in `folder` whose record is that of `history`, which is never written to.

    For one process: it has no lock of its own.
    """

    def __init__(self, folder: Path, history: Warehouse, *, wait_s: float = _WAIT_S) -> None:
        super().__init__(folder / "scratch.duckdb", wait_s=wait_s)
        self._history = history.path
        self._readers = FairLock(history.path)
        if not history.exists():
            raise WarehouseError(f"there is no warehouse at {history.path}")

    def prepare(self) -> None:
        """Make the scratch file: the tables of a warehouse, the record's as views of the real ones."""
        migrate(Warehouse(self.path))
        with self.write() as con:
            for table in RECORD:
                con.execute(f"DROP TABLE {table}")
                con.execute(f"CREATE VIEW {table} AS SELECT * FROM {HISTORY}.main.{table}")  # noqa: S608

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read from."""
        with self._opened() as con:
            yield con

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection inside one transaction, which goes to the scratch file."""
        with self._opened() as con:
            con.begin()
            try:
                yield con
            except BaseException:
                con.rollback()
                raise
            con.commit()

    @contextmanager
    def _opened(self) -> Iterator[Connection]:
        with self._readers.hold(write=False, wait_s=self._wait_s):
            con = duckdb.connect(
                str(self.path),
                config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"},
            )
            try:
                prepare(con)
                self._attach(con)
                # From here on log text reaches no file, as with every other connection.
                con.execute("SET enable_external_access = false")
                yield con
            except duckdb.Error as error:
                if (found := damage(self._history, error)) is not None:
                    raise found from error
                raise
            finally:
                con.close()

    def _attach(self, con: Connection) -> None:
        deadline = time.monotonic() + self._wait_s
        place = str(self._history).replace("'", "''")
        while True:
            try:
                con.execute(f"ATTACH '{place}' AS {HISTORY} (READ_ONLY)")
            except duckdb.IOException as error:
                if "set lock on file" not in str(error):
                    raise
                if time.monotonic() >= deadline:
                    raise WarehouseBusyError(f"{self._history} is open in another program") from error
                time.sleep(_RETRY_S)
            else:
                return
