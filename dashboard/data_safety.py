"""The quality page's reads on safety: what the monitors said last. The shares are among the raw grades."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from collectors.warehouse.connection import Warehouse
from dashboard.data import TimeRange, records, select


@dataclass(frozen=True, kw_only=True)
class SafetyMonitor:
    """The latest result of a monitor."""

    check_name: str
    status: str
    reason: str
    monitor: str
    window_end: datetime


def safety_monitors(
    warehouse: Warehouse, chain: str, component: str, span: TimeRange
) -> Sequence[SafetyMonitor]:
    """Of one component, in the order of the checks' names."""
    scope = {"chain": chain, "component": component, **span.parameters}
    with warehouse.read() as con:
        return records(SafetyMonitor, select(con, "safety_latest", scope))
