"""The component of a page that is about one."""

from __future__ import annotations

from dashboard import ui
from dashboard.data import ComponentRow
from dashboard.frame import Frame


def component_row(frame: Frame) -> ComponentRow:
    """The component in the filter bar. Says so where the range has none at all, and ends the page."""
    row = next((row for row in frame.components if row.component == frame.component), None)
    if row is None:
        ui.empty(
            "No component in this range",
            f"The chain {frame.chain} has spans from {frame.when(frame.extent.first_at)} to "
            f"{frame.when(frame.extent.last_at)}. Choose a longer range.",
        )
    return row
