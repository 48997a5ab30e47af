"""What an installation would have known at the time at which a replay begins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib import resources

from collectors.warehouse.overlay import HISTORY, Overlay

_RUNNING = (resources.files("monitors.backtest") / "running_then.sql").read_text("utf-8")
_COPIES: Mapping[str, str] = {
    # The local scorer grades again; what others said stands.
    "grades": "judge_kind <> 'local' AND (dataset <> 'production' "
    "OR (span_started_at >= $low AND span_started_at < $end))",
    "components": "first_seen_at < $start",
    # Recorded deploys happened; those that were inferred in the range are inferred again.
    "deploys": "deployed_at < $end AND (source = 'recorded' OR deployed_at < $start)",
    # References leave out what was in breach: known of the time before, found again from there on.
    "results": "status = 'breach' AND window_start >= $low AND window_start < $start",
}


def begin(overlay: Overlay, *, low: datetime, start: datetime, end: datetime) -> None:
    """Put into the scratch file what was known at `start`; references reach back to `low`."""
    times = {"low": low, "start": start, "end": end}
    with overlay.write() as con:
        for table, condition in _COPIES.items():
            used = {name: at for name, at in times.items() if f"${name}" in condition}
            con.execute(
                f"INSERT INTO {table} BY NAME SELECT * FROM {HISTORY}.main.{table} WHERE {condition}",  # noqa: S608
                used,
            )
        con.execute(f"INSERT INTO component_versions BY NAME {_RUNNING}", {"start": start})
