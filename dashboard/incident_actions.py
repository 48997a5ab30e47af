"""The incident page's buttons: acknowledge, assign, silence, resolve, call it noise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import streamlit as st

from dashboard import access, actions, cached, theme
from dashboard.data_incident import IncidentView
from dashboard.data_postmortem import postmortem_text
from dashboard.frame import Frame
from dashboard.text import plain

_SILENCES: Mapping[str, timedelta] = {
    "1 hour": timedelta(hours=1),
    "8 hours": timedelta(hours=8),
    "1 day": timedelta(days=1),
    "7 days": timedelta(days=7),
}


def panel(view: IncidentView, frame: Frame) -> None:
    """Who has it, and what to do about it: each button does one thing, which goes into the audit log."""
    incident = view.incident
    actions.report()
    st.markdown("**What to do**")
    if incident.state == "acknowledged":
        st.caption(
            plain(f"{incident.acknowledged_by} is on it since {frame.when(incident.acknowledged_at)}.")
        )
    if incident.closed_by:
        st.caption(plain(f"Closed by {incident.closed_by}{' as noise' if incident.noise else ''}."))
    if incident.owner:
        st.caption(plain(f"Owner: {incident.owner}"))
    may_act = access.may_act()
    _silences(view, frame, may_act=may_act)
    if may_act:
        _buttons(view, frame)
    else:
        st.caption("Your role lets you look. Operators acknowledge, assign, silence and resolve.")
    st.download_button(
        "Postmortem",
        # Read when it is asked for, and not each time that the page is drawn.
        lambda: cached.load(postmortem_text, frame.warehouse, incident.incident_id, frame.now).value,
        file_name=f"incident-{incident.incident_id}.md",
        mime="text/markdown",
        icon=":material/download:",
        width="stretch",
        key="postmortem",
        on_click="ignore",
        help="The incident as Markdown, with its evidence and example texts as they stand in the log.",
    )


def _buttons(view: IncidentView, frame: Frame) -> None:
    incident = view.incident
    if incident.state == "resolved" and incident.noise:
        # Nothing is left to do.
        return
    who = actions.ask_who()
    note = st.text_input("Note", key=actions.NOTE, max_chars=400, placeholder="What you know or did")
    incident_id, path, now = incident.incident_id, frame.warehouse, frame.now
    is_open = incident.state != "resolved"
    if is_open and st.button(
        "**Acknowledge**",
        icon=":material/person_check:",
        width="stretch",
        key="acknowledge",
        disabled=incident.state == "acknowledged",
        help="You are on it.",
    ):
        actions.perform(actions.acknowledge(path, incident_id, who, note, now))
    if is_open:
        with st.popover("Assign", icon=":material/assignment_ind:", width="stretch"):
            owner = st.text_input(
                "To",
                key="assign_to",
                max_chars=80,
                value=incident.owner or "",
                placeholder="A person or a team",
            )
            if st.button("**Assign it**", key="assign"):
                actions.perform(actions.assign(path, incident_id, who, owner, note=note, at=now))
        with st.popover("Silence", icon=":material/notifications_paused:", width="stretch"):
            cause = theme.CONCERN.get(incident.cause, incident.cause).lower()
            st.text(
                f"No messages about {incident.component} ({cause}) for a while. The dashboard still shows it."
            )
            length = st.segmented_control(
                "For", list(_SILENCES), default="8 hours", key="silence_for", required=True
            )
            why = st.text_input(
                "Why", key="silence_why", max_chars=400, placeholder="Whoever wonders later will ask"
            )
            if st.button("**Silence it**", key="silence"):
                actions.perform(
                    actions.silence(
                        path, incident, who, why or note, length=_SILENCES[length or "8 hours"], at=now
                    )
                )
        # Neither of the two can be taken back, and a hand may slip at night: each asks once more.
        with st.popover("Resolve", icon=":material/check_circle:", width="stretch"):
            st.text("It is over. It does not come back by itself.")
            if st.button("**Resolve it**", key="resolve"):
                actions.perform(actions.resolve(path, incident_id, who, note, now))
    if not incident.noise:
        with st.popover("This was noise", icon=":material/volume_off:", width="stretch"):
            st.text("Nothing was wrong: this closes it and counts it as a false alarm.")
            if st.button("**Call it noise**", key="noise"):
                actions.perform(actions.noise(path, incident_id, who, note, now))


def _silences(view: IncidentView, frame: Frame, *, may_act: bool) -> None:
    for silence in view.silences:
        st.badge(
            plain(f"Silenced until {frame.when(silence.ends_at)}"),
            icon=":material/notifications_off:",
            color="gray",
        )
        st.text(f"{silence.author}: {silence.comment}")
        if may_act and st.button("End the silence", key=f"unsilence_{silence.silence_id}", width="stretch"):
            who = actions.known_actor()
            actions.perform(actions.end_silence(frame.warehouse, silence.silence_id, who, frame.now))
