"""Is the warehouse file damaged, and what is to be done then.

DuckDB names no error class for damage; its texts do. A file that was cut short opens and takes writes as if
nothing were missing, so its length is looked at before a write.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from collectors.errors import WarehouseDamagedError

# Texts of DuckDB 2.0 about a file whose content is not what was written; a test provokes each.
_SIGNS = (
    "not a valid DuckDB database file",
    "Corrupt database file",
    "Corrupt WAL file",
    "Failure while replaying WAL file",
    "Could not read enough bytes",
    "Failed to deserialize",
)
# Three headers of 4,096 bytes, then blocks.
_HEADERS_BYTES = 3 * 4096
_USED = "SELECT used_blocks, block_size FROM pragma_database_size()"


def damage(path: Path, error: duckdb.Error) -> WarehouseDamagedError | None:
    """What to tell people about `error`, or None when it is no sign of damage."""
    text = str(error)
    if not any(sign in text for sign in _SIGNS):
        return None
    return told(path, text.partition("\n")[0].rstrip(".!"))


def check_length(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Raise WarehouseDamagedError when the file is shorter than the blocks in use."""
    used, block = connection.execute(_USED).fetchall()[0]
    needed = _HEADERS_BYTES + int(used) * int(block)
    size = os.stat(path).st_size
    if size < needed:
        raise told(path, f"it has {size} bytes and needs {needed}: it was cut short")


def told(path: Path, what: str) -> WarehouseDamagedError:
    """The error with what to do."""
    return WarehouseDamagedError(
        f"the warehouse {path} is damaged: {what}. What is acknowledged from now on is safe in the spool, up "
        f"to its cap. Put a backup in its place, or move it aside (`mv {path} {path}.damaged`, and "
        f"{path}.wal too if there is one): a new one is made and gets what the spool still holds. What was "
        "stored before is in the damaged file only; `chainwatch ingest` of the original logs brings it back."
    )
