"""The first lines of the component page: how it is, and which incident it is part of."""

from __future__ import annotations

import streamlit as st

from dashboard import incident_link, theme, ui
from dashboard.data import ComponentRow
from dashboard.data_component import ComponentView
from dashboard.frame import Frame
from dashboard.text import plain


def head(view: ComponentView, row: ComponentRow, frame: Frame) -> None:
    """Whether it is well and which incident it is part of, before any chart."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        ui.badge(theme.HEALTH[view.health])
        st.markdown(f"**{plain(row.component)}**", width="content")
        kind = "application" if row.is_application else row.kind
        st.caption(plain(f"{kind} · {view.health_reason}"), width="content")
    for incident in view.incidents:
        incident_link.link(incident, frame)
