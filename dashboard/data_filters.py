"""What a viewer can narrow a chain by: its components, and what its spans in the range say of themselves."""

from __future__ import annotations

from dataclasses import dataclass

from collectors.rollups.read import Rolled
from collectors.rollups.refresh import OTHER
from collectors.warehouse.connection import Connection
from dashboard.data import ComponentRow, TimeRange, chain_components
from dashboard.data_figures import Said, told

# A choice of more is none.
_MOST = 500


@dataclass(frozen=True, kw_only=True)
class FilterChoices:
    """The components of a chain, the application first, and what the spans of the range say."""

    components: tuple[ComponentRow, ...]
    said: tuple[Said, ...]

    def versions(self, component: str | None, *, own: bool = False) -> tuple[str, ...]:
        """Markers and models of one component, or of all. own: its own versions, else its chain's."""
        found = self._of(component)
        if own:
            return _sorted({said.own_version for said in found})
        return _sorted({value for said in found for value in said.markers})

    def environments(self, component: str | None) -> tuple[str, ...]:
        """Environments of one component, or of all; sorted."""
        return _sorted({said.environment for said in self._of(component)})

    def _of(self, component: str | None) -> list[Said]:
        return [said for said in self.said if component is None or said.component == component]


def choices_of(con: Connection, rolled: Rolled, chain: str, span: TimeRange) -> FilterChoices:
    """The choices of one chain and range."""
    found = told(con, rolled, chain, span)
    return FilterChoices(components=chain_components(con, chain, span), said=tuple(found))


def _sorted(values: set[str | None]) -> tuple[str, ...]:
    # Sets that were rolled up as one cannot be told apart again, so nobody can choose them.
    return tuple(sorted(value for value in values if value not in (None, OTHER)))[:_MOST]
