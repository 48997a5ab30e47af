"""The way to an incident, from wherever one is told of."""

from __future__ import annotations

import streamlit as st

from dashboard import theme, ui, urls
from dashboard.data_incident import IncidentRow
from dashboard.frame import Frame
from dashboard.text import plain


def link(incident: IncidentRow, frame: Frame) -> None:
    """Its state, what broke and since when; a click opens it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        ui.badge(theme.INCIDENT[incident.state])
        urls.link(
            urls.INCIDENT,
            incident.title,
            chain=incident.chain,
            incident=incident.incident_id,
            icon=":material/arrow_forward:",
        )
        # By itself, so that a phone puts it into the next line instead of cutting it off.
        st.caption(plain(f"since {frame.when(incident.started_at)}"), width="content")
