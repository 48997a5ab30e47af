"""What was sent about an incident and why, what was not and why not, and who did what."""

from __future__ import annotations

import streamlit as st

from dashboard import ui
from dashboard.data_incident import IncidentView


def messages(view: IncidentView, frame: ui.Frame) -> None:
    """What was sent and why, what was not and why not, and who did what."""
    left, right = st.columns(2, gap="medium")
    with left:
        ui.heading("Messages", "What was sent, and why the rest was not.")
        if not view.notifications:
            st.text("No message was queued. Is a notifier configured? See [notify] in chainwatch.toml.")
        else:
            st.dataframe(
                [
                    {
                        "When": frame.when(n.sent_at or n.created_at),
                        "To": n.channel,
                        "About": n.kind,
                        "State": _message_state(n.state),
                        "Why": n.reason
                        or n.last_error
                        or ("" if n.state != "sent" else f"delivered at attempt {n.attempts}"),
                    }
                    for n in view.notifications
                ],
                hide_index=True,
                alt="Messages about this incident",
            )
    with right:
        ui.heading("What people did")
        if not view.audit:
            st.text("Nobody has acted on this incident yet.")
        else:
            st.dataframe(
                [
                    {
                        "When": frame.when(a.occurred_at),
                        "Who": a.actor,
                        "What": a.action,
                        "Detail": ", ".join(f"{k}: {v}" for k, v in a.detail.items()),
                    }
                    for a in view.audit
                ],
                hide_index=True,
                alt="Actions on this incident",
            )


def _message_state(state: str) -> str:
    words = {
        "sent": "✓ sent",
        "pending": "○ waiting",
        "sending": "○ sending",
        "dead": "✕ given up",
        "suppressed": "○ not sent",
    }
    return words.get(state, state)
