"""The choice of the time range, and looking again by itself when something new was stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from collectors.errors import ChainwatchError
from dashboard import cached, data, urls
from dashboard.data_head import head

if TYPE_CHECKING:
    from dashboard.frame import Frame

# In the session: whether the page draws itself again.
_AGAIN = "drawn_again"


def control(chosen: str, words: str) -> None:
    """The choice of how far back to look, ending at the newest span; writes `range` into the URL.

    A range that is none of the named ones is one more choice, in `words`, so that it can be left.
    """
    key = "choose_range"
    st.session_state[key] = chosen

    def changed() -> None:
        urls.set_url("range", st.session_state[key] or data.DEFAULT_RANGE)
        urls.set_url("page", None)

    st.segmented_control(
        "Time range, up to the newest span",
        [*([] if chosen in data.RANGES else [chosen]), *data.RANGES],
        key=key,
        on_change=changed,
        format_func=lambda name: name if name in data.RANGES else words,
        label_visibility="collapsed",
        width="content",
        required=True,
    )


def is_again() -> bool:
    """Whether this run draws the page again in place, asked once a run."""
    return bool(st.session_state.pop(_AGAIN, False))


def watch(frame: Frame) -> None:
    """Look every [dashboard] refresh_s whether something was stored; if so, draw the page again in place.

    Only what changed is drawn anew, so that the reader stays where they were on the page.
    """

    def look() -> None:
        try:
            found = cached.load(head, frame.warehouse, *frame.wanted).value
        except ChainwatchError:
            return
        if (found.landing, found.view and found.view.extent) != (frame.landing, frame.extent):
            st.session_state[_AGAIN] = True
            st.rerun()

    st.fragment(run_every=frame.settings.refresh_s)(look)()
