"""The monitors page's reads: every monitor with its latest result, and the runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from collectors.warehouse.connection import Warehouse
from dashboard.data import Run, TimeRange, records, select
from dashboard.data_incident import SilenceRow, as_mapping
from monitors.alerting.feedback import false_alarms

_NONE = {"incidents": 0, "noise": 0}


@dataclass(frozen=True, kw_only=True)
class MonitorRow:
    """One monitor: its latest result, how its windows went in the range, and what it can see in words.

    incidents, noise: that its alerts were ever part of, and how many of them people called noise.
    """

    monitor: str
    check_name: str
    component: str
    field: str
    reference_kind: str
    concern: str
    status: str
    value: float | None
    threshold: float | None
    unit: str | None
    p_value: float | None
    n_current: int | None
    n_reference: int | None
    n_sampled: int | None
    reason: str
    window_end: datetime
    reference_name: str | None
    computed_at: datetime
    sees: str | None
    windows: int
    breaches: int
    without_data: int
    errors: int
    incidents: int
    noise: int


@dataclass(frozen=True, kw_only=True)
class MonitorsView:
    """Everything the monitors page draws."""

    monitors: tuple[MonitorRow, ...]
    runs: tuple[Run, ...]
    silences: tuple[SilenceRow, ...]


def monitors_view(warehouse: Warehouse, chain: str, span: TimeRange, now: datetime) -> MonitorsView:
    """Every monitor of one chain, the last runs, and the silences that hold at `now`."""
    with warehouse.read() as con:
        monitors = select(con, "monitors", {"chain": chain, **span.parameters})
        raised = {m.monitor: {"incidents": m.incidents, "noise": m.noise} for m in false_alarms(con, chain)}
        runs = select(con, "runs", {"limit": 50})
        silences = select(con, "silences", {"now": now})
    return MonitorsView(
        monitors=records(MonitorRow, [{**row, **raised.get(row["monitor"], _NONE)} for row in monitors]),
        runs=records(Run, runs),
        silences=records(SilenceRow, [{**row, "matchers": as_mapping(row["matchers"])} for row in silences]),
    )
