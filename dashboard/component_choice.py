"""The components that a page about one of them offers, and the one that the link asks for."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import ui, urls
from dashboard.data import ComponentRow, components
from dashboard.text import plain


def offered(frame: ui.Frame) -> tuple[Sequence[ComponentRow], str | None]:
    """Every component with spans in the range, and the one in the URL, None when it is not among them.

    Says so where there is none at all, and ends the page.
    """
    rows = ui.fetch(frame, components, frame.chain, frame.span)
    if not rows:
        ui.empty(
            "No component in this range",
            f"The chain {frame.chain} has spans from {frame.when(frame.extent.first_at)} to "
            f"{frame.when(frame.extent.last_at)}. Choose a longer range.",
        )
    wanted = urls.url("component")
    if wanted is not None and wanted not in {row.component for row in rows}:
        st.warning(
            f"There is no component called {plain(wanted)} in {plain(frame.chain)}.",
            icon=":material/link_off:",
        )
        wanted = None
    return rows, wanted
