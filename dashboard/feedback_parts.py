"""The quality page's users: unhappy feedback, questions asked again, sessions left."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import formats, ui
from dashboard.chart_data import Query
from dashboard.charts_quality import DayPoint, DaySeries, day_chart
from dashboard.data_feedback import SignDay, Signs, together, whole_days
from dashboard.frame import Frame
from dashboard.quality_parts import days_shown
from monitors.statistics.agreement import Figure
from monitors.streams import ABANDONED, RETRIED, UNHAPPY

# Title, what a row is, and what a bad sign is.
_SERIES = {
    UNHAPPY: ("Unhappy feedback", "answers with feedback", "unhappy"),
    RETRIED: ("Asked again", "requests", "retries"),
    ABANDONED: ("Left after a bad answer", "sessions", "left"),
}
_ROOM = 1.15
_LEAST_TOP = 0.05


def users(view: Signs, frame: Frame, component: str) -> None:
    """One chart for each series that has anything, by the day of the sign."""
    spoken = view.spoken
    ui.heading(
        "What users say and do",
        "By the day on which they said it, as shares with 95 % intervals. "
        + (
            f"{formats.share(spoken)} of the answers have feedback. Those who give it are not all users, nor "
            "chosen by chance: a change counts, the level speaks for nobody else. "
            if spoken is not None
            else "Nobody gave feedback in this range. "
        ),
    )
    if not view.days:
        st.text(
            f"No feedback came on answers of {component}, so nothing is known of users: neither good nor "
            "bad. Questions asked again and sessions left are counted when the checks retries and abandoned "
            "are switched on."
        )
        return
    with st.grid(2, min_column_width=420, gap="medium") as grid:
        for field in _SERIES:
            if days := view.of(field):
                with grid.cell(), st.container(border=True, height="stretch"):
                    _chart(field, days, frame)


def _chart(field: str, days: Sequence[SignDay], frame: Frame) -> None:
    title, of, sign = _SERIES[field]
    figure, count = together(days), sum(d.n for d in days)
    top = max(d.share.high or 0.0 for d in days)
    ui.chart(
        f"{title}: {_said(figure)} of {formats.count(count)} {of}",
        day_chart(
            [DaySeries(name=title, points=[_point(d, of, sign) for d in days])],
            within=days_shown(frame),
            unit="share",
            scale=(0.0, min(1.0, max(_LEAST_TOP, top * _ROOM))),
            height=200,
        ),
        key=field,
        query=Query(name="signs", parameters={**frame.scope, **whole_days(frame.span)}),
    )


def _point(day: SignDay, of: str, sign: str) -> DayPoint:
    figure = day.share
    return DayPoint(
        day=day.day,
        value=figure.value or 0.0,
        low=figure.low,
        high=figure.high,
        made_of=f"{_said(figure)}, {formats.count(day.bad)} {sign} of {formats.count(day.n)} {of}",
    )


def _said(figure: Figure) -> str:
    """A share with its interval."""
    if figure.value is None or figure.low is None or figure.high is None:
        return formats.UNKNOWN
    low, high = formats.share(figure.low), formats.share(figure.high)
    return f"{formats.share(figure.value)} ({low} to {high})"
