"""What the data page looks at: the whole installation, even without a chain or a production span."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, TypeVar

from collectors.config import load as load_config
from collectors.context import system_clock
from collectors.errors import ConfigError
from collectors.home import Home
from collectors.receiver_config import ReceiverConfig
from collectors.retention.config import RetentionConfig, limits
from dashboard import cached, formats, ui
from dashboard.data_upkeep import Limits, limits_of

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the configuration says about storing. `problem`: why [retention] is not in force."""

    limits: Limits
    problem: str | None
    spool_max_bytes: int
    lag_warning: timedelta


@dataclass(frozen=True, kw_only=True)
class Look:
    """One drawing of the page: which warehouse, whose clock, whose zone. `now` is a whole minute."""

    warehouse: Path
    zone: tzinfo
    zone_name: str
    now: datetime

    def when(self, moment: datetime | None) -> str:
        """A moment in the viewer's zone."""
        return formats.when(moment, self.zone)

    def age(self, moment: datetime | None) -> str:
        """How long before now; a moment to come is said to be one."""
        if moment is None:
            return formats.UNKNOWN
        if moment > self.now + timedelta(minutes=1):
            return f"in {formats.span(moment - self.now)}"
        return formats.ago(moment, self.now)


def look() -> Look:
    """The page as it is now. A whole minute, so that two viewers share what is read."""
    zone, zone_name = ui.viewer_zone()
    now = system_clock().replace(second=0, microsecond=0)
    return Look(warehouse=ui.warehouse_path(), zone=zone, zone_name=zone_name, now=now)


def settings() -> Settings:
    """From the same files as every command reads. ConfigError for a file that cannot be read at all."""
    config = load_config(None, home_config=Home.from_environment().config)
    receiver = config.section("receiver", ReceiverConfig)
    problem = None
    try:
        ages = limits(config)
    except ConfigError as error:
        problem, ages = str(error), RetentionConfig()
    return Settings(
        limits=limits_of(ages),
        problem=problem,
        spool_max_bytes=receiver.spool_max_bytes,
        lag_warning=timedelta(seconds=receiver.lag_warning_s),
    )


class Reads:
    """The reads of one drawing; says once that they are old ones, when the warehouse is busy."""

    def __init__(self, view: Look) -> None:
        self._view = view
        self._told = False

    def fetch(self, read: Callable[..., T], *args: Any) -> T:
        """A cached read of a `data_*` function."""
        loaded = cached.load(read, self._view.warehouse, *args)
        if loaded.stale is not None and not self._told:
            self._told = True
            ui.stale_note(loaded)
        return loaded.value


def size(value: float | None) -> str:
    """Bytes in decimal units, as disks are sold.

    >>> size(0), size(4_200), size(155_725_824), size(7.2e10), size(None) == formats.UNKNOWN
    ('0 B', '4.2 kB', '156 MB', '72.0 GB', True)
    """
    if value is None:
        return formats.UNKNOWN
    for limit, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= limit:
            scaled = value / limit
            return f"{scaled:.0f} {unit}" if scaled >= 100 else f"{scaled:.1f} {unit}"
    return f"{value:.0f} B"
