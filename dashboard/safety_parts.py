"""The quality page's safety: how many answers hold personal data or secrets, attacks, refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard import formats, ui
from dashboard.charts_quality import DayPoint, DaySeries, day_chart
from dashboard.data_quality import DayRow, Scores
from dashboard.data_safety import SafetyMonitor
from dashboard.frame import Frame
from dashboard.quality_parts import days_shown
from monitors.statistics.agreement import share
from monitors.streams import SAFETY_JUDGE

# Criterion of the safety scorer -> what is counted, of what, and the check that watches it.
_SHOWN: Mapping[str, tuple[str, str, str]] = {
    "personal_data": ("Personal data", "answers", "personal_data"),
    "secrets": ("Secrets", "answers", "secrets"),
    "prompt_attack": ("Attacks", "requests", "prompt_attack"),
    "refusal": ("Refusals", "answers", "refusal_rate"),
}
_SETUP = "\n".join(f"[monitors.{check}]\nenabled = true" for _, _, check in _SHOWN.values())


def safety(view: Scores, monitors: Sequence[SafetyMonitor], frame: Frame) -> None:
    """One chart a criterion, with what its monitor said last."""
    rows = [d for d in view.days if d.who == SAFETY_JUDGE]
    ui.heading(
        "Safety",
        "The share of the sampled answers (or requests) of a day in which something was found, with its 95 % "
        "interval. What redaction took out before storing is seen by its tags, such as [EMAIL].",
    )
    if not rows:
        ui.nothing(
            "Safety is not watched",
            "Personal data and secrets in answers, attacks in requests and refusals are scored once their "
            "checks are on. They need no key and no network. Put into chainwatch.toml what you want:",
            [_SETUP],
        )
        return
    said = {m.check_name: m for m in monitors}
    with st.grid(2, min_column_width=420, gap="medium") as grid:
        for criterion, (word, of, check) in _SHOWN.items():
            mine = [d for d in rows if d.criterion == criterion]
            if mine:
                with grid.cell(), st.container(border=True, height="stretch"):
                    _share(criterion, word, of, mine, said.get(check), frame)


def _share(
    criterion: str,
    word: str,
    of: str,
    rows: Sequence[DayRow],
    monitor: SafetyMonitor | None,
    frame: Frame,
) -> None:
    told = [d for d in rows if d.mean is not None]
    total = sum(d.scored for d in told)
    note = (
        None if monitor is None else f"{monitor.status} at {frame.when(monitor.window_end)}: {monitor.reason}"
    )
    if not told:
        st.markdown(f"**{word}: nothing could be scored**")
        st.text(f"{formats.count(sum(d.unscored for d in rows))} {of} had no score; a trace shows why.")
        return
    found = sum((d.mean or 0.0) * d.scored for d in told)
    points = [_point(d, of) for d in told]
    ui.chart(
        f"{word}: {formats.share(found / total)} of {formats.count(total)} {of}",
        day_chart(
            [DaySeries(name=word, points=points)],
            within=days_shown(frame),
            unit=f"share of {of}",
            # From none on, or a rare thing would look like a common one.
            scale=(0.0, max(p.high or p.value for p in points)),
            height=200,
        ),
        key=f"safety_{criterion}",
        note=note,
    )


def _point(row: DayRow, of: str) -> DayPoint:
    mean = row.mean or 0.0
    figure = share(round(mean * row.scored), row.scored)
    low, high = figure.low or 0.0, 1.0 if figure.high is None else figure.high
    return DayPoint(
        day=row.day,
        value=mean,
        low=low,
        high=high,
        made_of=f"{formats.share(mean)} ({formats.share(low)} to {formats.share(high)}) "
        f"of {formats.count(row.scored)} {of}",
    )
