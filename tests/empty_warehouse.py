"""A migrated, empty warehouse for a test, as a copy: the migrations run once a process and not once a test.

The copy is what a migration makes, byte for byte. How it is made is the matter of test_migrate.py.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from collectors.warehouse.connection import DEFAULT_WAIT_S, Warehouse
from collectors.warehouse.migrate import migrate


def empty_warehouse(path: Path, *, wait_s: float = DEFAULT_WAIT_S) -> Warehouse:
    """Put a migrated, empty warehouse at `path`; FileExistsError when a file is there already."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("xb") as file:
        file.write(_migrated())
    return Warehouse(path, wait_s=wait_s)


@functools.cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        made = Warehouse(Path(folder) / "warehouse.duckdb")
        migrate(made)
        return made.path.read_bytes()
