"""What changed since yesterday: what happened, and the application's figures of both days."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard import formats
from dashboard.data_last_day import Happening, LastDay
from dashboard.data_last_day_change import Change, DayFigures, Figure
from dashboard.frame import Frame
from dashboard.text import plain

_MOST = 4
_WORDS: Mapping[str, str] = {
    "opened": "Incident: {}",
    "over": "Over: {}",
    "taken": "Acknowledged: {}",
    "deployed": "Deployed: {}",
}


def since_yesterday(found: LastDay, frame: Frame) -> None:
    """A card: what happened in the last 24 hours, and how the application did beside the day before."""
    with st.container(border=True, height="stretch", gap="xsmall"):
        st.markdown("**Since yesterday**")
        if not found.happened:
            st.caption("No incident and no deploy in the last 24 h.")
        for happening in found.happened[:_MOST]:
            st.caption(f"{plain(frame.when(happening.at))} · {plain(_said(happening))}")
        rest = len(found.happened) - _MOST
        if rest > 0:
            st.caption(f"and {rest} more")
        rows = _rows(found)
        if rows:
            st.table(rows, border="horizontal")
            if found.changes:
                st.caption("▲ ▼: by more than chance makes of two equal days, 99 % sure.")


def _said(happening: Happening) -> str:
    said = _WORDS[happening.kind].format(happening.text)
    return f"{said}, by {happening.by}" if happening.by else said


def _rows(found: LastDay) -> list[dict[str, str]]:
    """One figure a row, as this day and the one before have it, and whether that is more than chance."""
    now, before, quality = found.now, found.before, found.quality
    if now is None:
        return []
    rows: list[tuple[Figure, str, str, str]] = [
        (
            "requests",
            "Requests",
            formats.count(now.requests),
            formats.count(before.requests if before else None),
        ),
        ("failed", "Failed", formats.share(_failed(now)), formats.share(_failed(before))),
        (
            "p95_s",
            "p95 duration",
            formats.seconds(now.p95_s),
            formats.seconds(before.p95_s if before else None),
        ),
        (
            "cost_usd",
            "Cost",
            formats.dollars(now.cost_usd),
            formats.dollars(before.cost_usd if before else None),
        ),
    ]
    if quality is not None:
        word = formats.criterion(quality.criterion)
        rows.append(("quality", word, formats.grade(quality.mean), formats.grade(quality.previous_mean)))
    return [
        {
            "Application": plain(name),
            "Last 24 h": plain(this),
            "Day before": plain(other),
            "Difference": _verdict(found.changes.get(figure), this, other),
        }
        for figure, name, this, other in rows
    ]


def _verdict(change: Change | None, this: str, other: str) -> str:
    """A sign and a word; nothing of what one day does not have."""
    if formats.UNKNOWN in (this, other):
        return formats.UNKNOWN
    if this == other:
        return "the same"
    if change is None:
        return "○ too few"
    return {1: "▲ higher", -1: "▼ lower", 0: "may be chance"}[change.direction]


def _failed(day: DayFigures | None) -> float | None:
    return day.errors / day.requests if day else None
