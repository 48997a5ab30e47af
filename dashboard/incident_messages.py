"""What was sent about an incident and why, what was not and why not, and who did what."""

from __future__ import annotations

import streamlit as st

from dashboard import ui
from dashboard.data_incident import IncidentView, NotificationRow
from dashboard.frame import Frame


def messages(view: IncidentView, frame: Frame) -> None:
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
                        "Why": why(n),
                    }
                    for n in view.notifications
                ],
                hide_index=True,
                alt="Messages about this incident",
            )
            with st.expander("How it was decided, step by step"):
                st.dataframe(
                    [
                        {
                            "When": frame.when(n.created_at),
                            "To": n.channel,
                            "About": n.kind,
                            "Step": step,
                            "Decision": reason,
                        }
                        for n in view.notifications
                        for step, _, reason in (said.partition(": ") for said in n.decisions)
                    ],
                    hide_index=True,
                    alt="Decisions about each message, step by step",
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


def why(row: NotificationRow) -> str:
    """Why it was not sent, what went wrong so far, or at which attempt it arrived."""
    if row.state == "suppressed":
        return f"not sent: {row.reason}"
    delivered = f"delivered at attempt {row.attempts}" if row.state == "sent" else ""
    return row.reason or row.last_error or delivered


def _message_state(state: str) -> str:
    words = {
        "sent": "✓ sent",
        "pending": "○ waiting",
        "sending": "○ sending",
        "dead": "✕ given up",
        "suppressed": "○ not sent",
    }
    return words.get(state, state)
