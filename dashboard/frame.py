"""What a page looks at: one chain of one warehouse, in a range of time, for one viewer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from dashboard import data, formats, ranges
from dashboard.config import DashboardConfig


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What a page looks at.

    Attributes:
        wanted: chain and range as they were asked for; None where they were not.
        range_name: the range as it stands in the address.
        component: chosen in the filter bar; None for all. components: of the chain, the application first.
        only: the version and environment that are chosen, as far as the page can be narrowed by them.
    """

    warehouse: Path
    settings: DashboardConfig
    zone: tzinfo
    zone_name: str
    wanted: tuple[str | None, str | None]
    landing: data.Landing
    chain: str
    extent: data.Extent
    span: data.TimeRange
    range_name: str
    component: str | None
    components: tuple[data.ComponentRow, ...]
    only: data.Only
    now: datetime

    def when(self, moment: datetime | None) -> str:
        """A moment in the viewer's zone."""
        return formats.when(moment, self.zone)

    @property
    def scope(self) -> dict[str, Any]:
        """Chain, component, range, version and environment as SQL parameters."""
        return {
            "chain": self.chain,
            "component": self.component,
            **self.span.parameters,
            **self.only.parameters,
        }

    @property
    def range_words(self) -> str:
        """The range in words: `7d up to Thu 5 Mar 23:54`, or from when to when."""
        words = ranges.words_of(self.range_name, self.span, self.zone)
        return f"{words} up to {self.when(self.extent.last_at)}" if self.range_name in data.RANGES else words

    @property
    def before_words(self) -> str:
        """The equally long range before, as in `the 7d before`."""
        return (
            self.range_name
            if self.range_name in data.RANGES
            else formats.span(self.span.end - self.span.start)
        )
