"""What every page reads first, in one connection: what there is, how far it goes, and what can be chosen."""

from __future__ import annotations

from dataclasses import dataclass

from collectors.context import system_clock
from collectors.rollups.read import Rolled
from collectors.warehouse.connection import Warehouse
from dashboard import ranges
from dashboard.data import Extent, Landing, TimeRange, extent_of, landing_of
from dashboard.data_filters import FilterChoices, choices_of


@dataclass(frozen=True, kw_only=True)
class View:
    """One chain of which there are spans. range_name: as it stands in the address."""

    chain: str
    extent: Extent
    range_name: str
    span: TimeRange
    choices: FilterChoices


@dataclass(frozen=True, kw_only=True)
class Head:
    """What is stored, and what the page looks at; `view` is None where the chain has no spans."""

    landing: Landing
    view: View | None


def head(warehouse: Warehouse, wanted_chain: str | None, wanted_range: str | None) -> Head:
    """What a page looks at that is asked for this chain and range.

    Where there is no such chain it is that of the open incident, else the newest.
    """
    with warehouse.read() as con:
        landing = landing_of(con)
        chain = wanted_chain
        if landing.chains and chain not in landing.chains:
            chain = landing.open_incident_chain or landing.chains[0]
        rolled = Rolled(con)
        extent = extent_of(con, rolled, chain) if chain else None
        if chain is None or extent is None:
            return Head(landing=landing, view=None)
        name, span = ranges.span_of(wanted_range, extent.last_at, now=system_clock())
        choices = choices_of(con, rolled, chain, span)
    view = View(chain=chain, extent=extent, range_name=name, span=span, choices=choices)
    return Head(landing=landing, view=view)
