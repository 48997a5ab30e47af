"""How much is stored, how much room there is, and how long it is kept: what `status` says of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from collectors.retention.config import KINDS, RetentionConfig
from collectors.warehouse.compact import space
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import fetch

# The tables that each limit is about, the one that grows first.
_GROWING = ("spans", "span_contents", "grades", "samples", "results", "notifications", "quarantine")
_LAST = (
    "SELECT action, max(occurred_at) AS last FROM audit WHERE action IN ('prune', 'forget') GROUP BY action"
)


@dataclass(frozen=True, kw_only=True)
class Storage:
    """What is stored.

    Attributes:
        rows: of each table that grows. bytes_empty: of the warehouse file, for new data.
        disk_free_bytes: on the disk that holds it.
        limits: age in days by kind; None keeps everything.
        last_prune, last_forget: when data was last deleted by age, and of a user; None is never.
    """

    rows: Mapping[str, int]
    bytes_empty: int
    disk_free_bytes: int
    limits: Mapping[str, float | None]
    last_prune: datetime | None
    last_forget: datetime | None

    @property
    def told(self) -> str:
        """Two sentences for people."""
        rows = ", ".join(f"{n:,} {table}" for table, n in self.rows.items() if n) or "nothing"
        kept = ", ".join(f"{kind} {age:g}d" for kind, age in self.limits.items() if age is not None)
        lines = [
            f"stored: {rows}; {self.bytes_empty / 1e6:.1f} MB of the file empty, "
            f"{self.disk_free_bytes / 1e9:.1f} GB free on the disk",
            f"kept: {kept}; the rest without limit"
            if kept
            else "kept: everything, [retention] sets no limit",
        ]
        if self.last_prune:
            lines[-1] += f"; last pruned {self.last_prune:%Y-%m-%d %H:%M} UTC"
        if self.last_forget:
            lines[-1] += f"; last forgot a user {self.last_forget:%Y-%m-%d %H:%M} UTC"
        return "\n".join(lines)


def read_storage(con: Connection, path: Path, settings: RetentionConfig) -> Storage:
    """Look at sizes that DuckDB has ready; no table is read."""
    sizes = {
        row["name"]: row["n"]
        for row in fetch(con, "SELECT table_name AS name, estimated_size AS n FROM duckdb_tables()")
    }
    last = {row["action"]: row["last"].astimezone(UTC) for row in fetch(con, _LAST)}
    ages = {kind: getattr(settings, kind) for kind in KINDS}
    return Storage(
        rows={table: int(sizes.get(table, 0)) for table in _GROWING},
        bytes_empty=space(con).free,
        disk_free_bytes=shutil.disk_usage(path.parent).free,
        limits={kind: age / timedelta(days=1) if age else None for kind, age in ages.items()},
        last_prune=last.get("prune"),
        last_forget=last.get("forget"),
    )
