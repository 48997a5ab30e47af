"""For who reads many times a minute: a DuckDB that stays, to which the warehouse is attached for each read.

Starting DuckDB is four fifths of what opening a warehouse costs, for it registers thousands of functions each
time. What stays holds no file: between two reads the warehouse is detached, and others can write.
"""

from __future__ import annotations

import atexit
import itertools
import threading
from pathlib import Path

import duckdb

from collectors.warehouse.connection import Connection, Warehouse, sealed

_guard = threading.Lock()
_numbers = itertools.count()
# One at most: that of the warehouse that was read last.
_kept: dict[Path, Connection] = {}
# Else it outlives what it was made by, and a page of warnings is printed where Python ends.
atexit.register(_kept.clear)


class ResidentWarehouse(Warehouse):
    """A warehouse whose reads share one DuckDB of this process. It writes as every other does."""

    def _connect(self, *, read_only: bool) -> Connection:
        if not read_only:
            return super()._connect(read_only=False)
        with _guard:
            if self.path not in _kept:
                _kept.clear()
                _kept[self.path] = sealed(self.path)
            session = _kept[self.path].cursor()
        path = str(self.path).replace("'", "''")
        # Several reads may go on at once; none must detach what another one reads.
        name = f"warehouse_{next(_numbers)}"
        try:
            session.execute(f"ATTACH '{path}' AS {name} (READ_ONLY)")
        except duckdb.Error:
            session.close()
            raise
        session.execute(f"USE {name}")
        return session

    def _close(self, connection: Connection) -> None:
        try:
            (name,) = connection.execute("SELECT current_database()").fetchall()[0]
            connection.execute(f"USE memory; DETACH {name}")
        except duckdb.Error:
            # Unfit for more after an error that nothing recovers from. Its end lets go of the file.
            with _guard:
                _kept.pop(self.path, None)
        connection.close()
