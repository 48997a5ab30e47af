"""What people said of incidents, for each monitor that raised them: its false-alarm figure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import TYPE_CHECKING

from collectors.warehouse.store import fetch

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection


@dataclass(frozen=True, kw_only=True)
class FalseAlarms:
    """One monitor's record.

    Attributes:
        incidents: that its alerts were part of. noise: of them called noise; real: said to be real. Of the
            rest nobody said anything.
    """

    monitor: str
    alerts: int
    incidents: int
    noise: int
    real: int
    last_fired_at: datetime

    @property
    def words(self) -> str:
        """The figure beside the monitor.

        >>> from datetime import UTC
        >>> at = datetime(2026, 3, 2, tzinfo=UTC)
        >>> FalseAlarms(monitor="m", alerts=5, incidents=4, noise=1, real=2, last_fired_at=at).words
        '1 of 4 called noise'
        """
        return f"{self.noise} of {self.incidents} called noise"


def false_alarms(con: Connection, chain: str | None = None) -> tuple[FalseAlarms, ...]:
    """Every monitor that was part of an incident, the noisiest first; of one chain or of all."""
    sql = (resources.files("monitors.alerting") / "false_alarms.sql").read_text("utf-8")
    return tuple(FalseAlarms(**row) for row in fetch(con, sql, {"chain": chain}))
