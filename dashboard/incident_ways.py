"""Where to go on from an incident: its component over time, and what differs between before and after."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from dashboard import ranges, urls
from dashboard.data_incident import IncidentView
from dashboard.frame import Frame

# As much of before as the versions below are shown of, and no more of after than tells.
_BEFORE = timedelta(days=3)
_MOST_AFTER = timedelta(days=7)
_SHORTEST = timedelta(minutes=2)


def ways_on(view: IncidentView, frame: Frame) -> None:
    """Links to other pages that open exactly this component and these times."""
    incident = view.incident
    began = incident.started_at_high or incident.started_at
    until = incident.started_at_low or incident.started_at
    over = min(incident.resolved_at or max(frame.extent.last_at, incident.detected_at), began + _MOST_AFTER)
    with st.container(horizontal=True):
        urls.link(
            urls.COMPONENT,
            f"{incident.component} over time",
            chain=incident.chain,
            component=incident.component,
            range=ranges.text_of(view.span.start, view.span.end),
            icon=":material/deployed_code:",
        )
        if over - began > _SHORTEST:
            urls.link(
                urls.COMPARE,
                "Before against after",
                chain=incident.chain,
                component=incident.component,
                by="time",
                a=ranges.text_of(until - _BEFORE, until),
                b=ranges.text_of(began, over),
                version=urls.ALL,
                environment=urls.ALL,
                icon=":material/compare_arrows:",
            )
