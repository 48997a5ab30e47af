"""What people do on the incident page. The work and the audit log are monitors.alerting.actions'."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import streamlit as st

from collectors.errors import ChainwatchError
from collectors.warehouse.connection import Warehouse
from dashboard import access, cached
from dashboard.data_incident import IncidentRow
from dashboard.text import plain
from monitors.alerting import actions

Act = Callable[[], str]
# In the session: what is typed beside an action.
NOTE = "note"


def likely_actor() -> str:
    """A name to start with: the account of the dashboard's process, on localhost the viewer's own.

    Empty for root, which is nobody's name.
    """
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        return ""
    return "" if name == "root" else name


def ask_who(width: int | Literal["stretch"] = "stretch") -> str:
    """Who acts, for the audit log: whoever is signed in, else the name that is typed here."""
    name = access.viewer().name
    if name is not None:
        st.caption(plain(f"You act as {name}."), width=width)
        return name
    typed = st.text_input(
        "Your name",
        key="actor",
        value=likely_actor(),
        max_chars=80,
        placeholder="For the audit log",
        width=width,
    )
    return str(typed).strip()


def known_actor() -> str:
    """Who acts, where the name was asked elsewhere on the page."""
    return access.viewer().name or str(st.session_state.get("actor") or likely_actor())


def perform(act: Act) -> None:
    """Do it, say so, and draw the page again from a fresh read; a refusal is a sentence."""
    try:
        access.require_operator()
        said = act()
    except ChainwatchError as error:
        st.error("That was not done.", icon=":material/error:")
        st.code(str(error), language=None, wrap_lines=True)
        return
    cached.forget()
    st.session_state["said"] = said
    st.rerun()


def report() -> None:
    """Say what the last action did, once, after the page was drawn again."""
    said = st.session_state.pop("said", None)
    if said:
        # What was noted of one action is not said of the next.
        st.session_state[NOTE] = ""
        st.toast(said, icon=":material/check:")


def acknowledge(warehouse: Path, incident_id: str, actor: str, note: str, at: datetime) -> Act:
    """Somebody is on it."""

    def act() -> str:
        actions.acknowledge(Warehouse(warehouse), incident_id, actor, at, note or None)
        return "Acknowledged"

    return act


def assign(warehouse: Path, incident_id: str, actor: str, owner: str, *, note: str, at: datetime) -> Act:
    """It is somebody's from now on."""

    def act() -> str:
        given = actions.assign(Warehouse(warehouse), incident_id, actor, owner, at, note or None)
        return f"It belongs to {given.owner}"

    return act


def resolve(warehouse: Path, incident_id: str, actor: str, note: str, at: datetime) -> Act:
    """It is over."""

    def act() -> str:
        actions.resolve(Warehouse(warehouse), incident_id, actor, at, note or None)
        return "Resolved"

    return act


def noise(warehouse: Path, incident_id: str, actor: str, note: str, at: datetime) -> Act:
    """There was nothing to see: a false alarm."""

    def act() -> str:
        actions.mark_noise(Warehouse(warehouse), incident_id, actor, at, note or None)
        return "Closed as noise; it counts as a false alarm"

    return act


def silence(
    warehouse: Path, incident: IncidentRow, actor: str, note: str, *, length: timedelta, at: datetime
) -> Act:
    """No messages about this component and cause for a while."""

    def act() -> str:
        actions.add_silence(
            Warehouse(warehouse),
            {"chain": incident.chain, "component": incident.component, "cause": incident.cause},
            duration=length,
            author=actor,
            comment=note,
            at=at,
        )
        return "Silenced; the dashboard still shows it"

    return act


def end_silence(warehouse: Path, silence_id: str, actor: str, at: datetime) -> Act:
    """Messages go out again."""

    def act() -> str:
        actions.expire_silence(Warehouse(warehouse), silence_id, actor, at)
        return "The silence is over"

    return act
