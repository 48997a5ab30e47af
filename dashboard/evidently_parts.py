"""The quality page's scores by Evidently: the daily mean of each descriptor that the configuration names."""

from __future__ import annotations

import streamlit as st

from dashboard import formats, ui
from dashboard.charts_quality import DayPoint, DaySeries, day_chart
from dashboard.data_quality import DayRow, Scores
from dashboard.frame import Frame
from dashboard.quality_parts import days_shown
from monitors.streams import EVIDENTLY_JUDGE


def descriptors(view: Scores, frame: Frame) -> None:
    """One chart a descriptor; nothing where none is named."""
    rows = [d for d in view.days if d.who == EVIDENTLY_JUDGE and d.mean is not None]
    if not rows:
        return
    ui.heading(
        "Evidently",
        "The mean of each of Evidently's descriptors that the configuration names, in its own unit, with the "
        "95 % interval of that mean; a share where a descriptor says true or false.",
    )
    with st.grid(2, min_column_width=420, gap="medium") as grid:
        for name in sorted({d.criterion for d in rows}):
            mine = [d for d in rows if d.criterion == name]
            total = sum(d.scored for d in mine)
            mean = sum((d.mean or 0.0) * d.scored for d in mine) / total
            title = name.replace("_", " ").capitalize()
            with grid.cell(), st.container(border=True, height="stretch"):
                ui.chart(
                    f"{title}: {formats.number(mean)} on average of {formats.count(total)} answers",
                    day_chart(
                        [DaySeries(name=title, points=[_point(d) for d in mine])],
                        within=days_shown(frame),
                        unit="value",
                        height=200,
                    ),
                    key=f"evidently_{name}",
                )


def _point(row: DayRow) -> DayPoint:
    mean, half = row.mean or 0.0, row.half_width
    said = formats.number(mean) if half is None else f"{formats.number(mean)} ± {formats.number(half)}"
    return DayPoint(
        day=row.day,
        value=mean,
        low=None if half is None else mean - half,
        high=None if half is None else mean + half,
        made_of=f"{said}, {formats.count(row.scored)} answers",
    )
