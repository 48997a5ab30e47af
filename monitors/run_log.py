"""The table monitor_runs: what ran, with what, and how it ended."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from collectors.warehouse.connection import Connection, Warehouse
from collectors.warehouse.migrate import is_newest, migrate
from collectors.warehouse.store import Row, insert

_ERROR_LENGTH = 500


@cache
def code_version() -> str:
    """The version of Chainwatch that decides; `source` when it runs without having been installed."""
    try:
        return version("chainwatch")
    except PackageNotFoundError:
        return "source"


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What a run has done so far."""

    windows: int = 0
    results: int = 0
    breaches: int = 0
    errors: int = 0
    spans: int = 0

    def plus(self, other: Totals) -> Totals:
        """Both together."""
        return Totals(
            windows=self.windows + other.windows,
            results=self.results + other.results,
            breaches=self.breaches + other.breaches,
            errors=self.errors + other.errors,
            spans=self.spans + other.spans,
        )


class RunLog:
    """The row of one run: `running` from the start, so that a run that was killed can be seen."""

    def __init__(
        self, *, run_id: str, started_at: datetime, now: datetime, seed: int, config_hash: str
    ) -> None:
        self.run_id = run_id
        self.started_at = started_at
        self.now = now
        self.seed = seed
        self.config_hash = config_hash
        self._row: Row = {
            "run_id": self.run_id,
            "status": "running",
            "started_at": started_at,
            "now_at": now,
            "seed": seed,
            "code_version": code_version(),
            "config_hash": config_hash,
            "host": socket.gethostname(),
        }

    def begin(self, warehouse: Warehouse) -> None:
        """Say that the run has begun; the warehouse is made, or brought to the newest schema, where need be.

        A run that says `running` by now was killed: the lock is ours.
        """
        with warehouse.write() as con:
            if is_newest(con):
                self._begin(con)
                return
        migrate(warehouse)
        with warehouse.write() as con:
            self._begin(con)

    def _begin(self, con: Connection) -> None:
        con.execute(
            "UPDATE monitor_runs SET status = 'failed', error = 'it was killed' WHERE status = 'running'"
        )
        insert(con, "monitor_runs", [self._row])

    def note(self, con: Connection, totals: Totals) -> None:
        """Count a batch, in the batch's own transaction."""
        con.execute(
            "UPDATE monitor_runs SET windows_evaluated = ?, results_written = ?, breaches = ?, "
            "monitor_errors = ?, spans_seen = ? WHERE run_id = ?",
            [totals.windows, totals.results, totals.breaches, totals.errors, totals.spans, self.run_id],
        )

    def end(self, warehouse: Warehouse, totals: Totals, *, at: datetime, error: BaseException | None) -> None:
        """Say how the run ended."""
        said = None if error is None else (str(error) or type(error).__name__)[:_ERROR_LENGTH]
        with warehouse.write() as con:
            self.note(con, totals)
            con.execute(
                "UPDATE monitor_runs SET status = ?, finished_at = ?, duration_s = ?, error = ? "
                "WHERE run_id = ?",
                [
                    "ok" if error is None else "failed",
                    at,
                    (at - self.started_at).total_seconds(),
                    said,
                    self.run_id,
                ],
            )
