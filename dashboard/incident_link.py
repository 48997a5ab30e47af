"""The way to an incident, from wherever one is told of."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from dashboard import formats, theme, ui, urls
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
        lasting = (incident.resolved_at or frame.extent.last_at) - incident.started_at
        said = f"since {frame.when(incident.started_at)}"
        if lasting > timedelta():
            said += f", for {formats.span(lasting)}"
        st.caption(plain(said), width="content")
