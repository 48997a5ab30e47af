"""How charts stand beside one another."""

from __future__ import annotations

import streamlit as st
from streamlit.elements.lib.grid_container import GridContainer

# Narrower than this a chart's title takes three lines.
_NARROWEST_PX = 340
# In rows of two where rows of three would leave one alone.
_IN_TWOS = (2, 4)


def side_by_side(charts: int) -> GridContainer:
    """A grid for so many charts: in rows of two or three on a desk, one below the other on a phone."""
    columns = 1 if charts == 1 else 2 if charts in _IN_TWOS else 3
    return st.grid(columns, min_column_width=_NARROWEST_PX, gap="small")
