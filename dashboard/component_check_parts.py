"""The parts of the component page that draw what checks said: first what is out of band, then the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from dashboard import chart_data, charts, charts_window, explained_parts, theme, ui
from dashboard.data_component_checks import DriftPoint, ExplanationRow
from dashboard.frame import Frame
from dashboard.layout import side_by_side
from monitors.alerting.words import field_words

# In the part that is read first: so many fit beside one another.
_MOST_WRONG = 3


@dataclass(frozen=True, kw_only=True)
class MonitorCourse:
    """What one monitor said over the range, window by window."""

    monitor: str
    points: Sequence[DriftPoint]

    @property
    def last(self) -> DriftPoint:
        """Its latest window that had a value, else its latest."""
        return next((p for p in reversed(self.points) if p.value is not None), self.points[-1])

    @property
    def breaches(self) -> int:
        return sum(p.status == "breach" for p in self.points)

    @property
    def is_out(self) -> bool:
        """Whether the latest value is out of band."""
        return self.last.status == "breach"

    @property
    def out_since(self) -> datetime | None:
        """The first of the windows that were out of band without a break up to now; None where it is not."""
        since = None
        for point in reversed(self.points):
            if point.value is None:
                continue
            if point.status != "breach":
                break
            since = point.window_end
        return since

    @property
    def has_values(self) -> bool:
        return any(p.value is not None for p in self.points)


def courses(found: Sequence[DriftPoint]) -> list[MonitorCourse]:
    """One a monitor: those out of band now first, then those that were so most often."""
    by_monitor: dict[str, list[DriftPoint]] = {}
    for point in found:
        by_monitor.setdefault(point.monitor, []).append(point)
    made = [MonitorCourse(monitor=monitor, points=points) for monitor, points in by_monitor.items()]
    return sorted(made, key=lambda c: (not c.is_out, -c.breaches, c.monitor))


def out_of_band(found: Sequence[MonitorCourse]) -> list[MonitorCourse]:
    """Those to show first: of each measured thing the check that was out most often, where it is out now."""
    first: dict[tuple[str, str], MonitorCourse] = {}
    for course in found:
        if course.is_out:
            first.setdefault((course.last.concern, course.last.field), course)
    return list(first.values())


def wrong(
    found: Sequence[MonitorCourse],
    frame: Frame,
    marks: Sequence[charts.Mark],
    within: tuple[datetime, datetime],
) -> list[MonitorCourse]:
    """What is out of band now, in charts side by side, or that nothing is. Returns what it has drawn."""
    if not found:
        ui.nothing(
            "No monitor has looked at this component in this range",
            "Monitors need a reference: some days of production, or an evaluation set.",
            ["chainwatch run"],
        )
        return []
    out = out_of_band(found)
    if not out:
        was = {c.last.field: c.breaches for c in reversed(found) if c.breaches}
        earlier = ", ".join(f"{field_words(field)} {times}" for field, times in reversed(was.items()))
        ui.heading(
            "Nothing is out of band now" if was else "Nothing was out of band in this range",
            f"Windows out of band in this range: {earlier}." if was else None,
        )
        return []
    drawn, more = out[:_MOST_WRONG], out[_MOST_WRONG:]
    ui.heading(
        f"Out of band now: {', '.join(field_words(c.last.field) for c in drawn)}"
        + (f" and {len(more)} more" if more else ""),
        "Window by window, against what the reference makes usual (shaded).",
    )
    _charts(drawn, frame, marks, within)
    return drawn


def checks(
    found: Sequence[MonitorCourse],
    frame: Frame,
    marks: Sequence[charts.Mark],
    within: tuple[datetime, datetime],
    *,
    shown: int,
) -> None:
    """The checks of one theme: the first so many in sight, the rest folded."""
    charted = [c for c in found if c.has_values]
    _charts(charted[:shown], frame, marks, within)
    rest = charted[shown:]
    if rest:
        hits = sum(bool(c.breaches) for c in rest)
        noun = "check" if len(rest) == 1 else "checks"
        said = f"{len(rest)} {'more ' if shown else ''}{noun}: " + (
            f"{hits} out of band in this range" if hits else "within their bands"
        )
        more = st.expander(said, on_change="rerun", key="more_checks")
        if more.open:
            with more:
                _charts(rest, frame, marks, within)
    silent = len(found) - len(charted)
    if silent:
        st.caption(
            f"{silent} {'check' if silent == 1 else 'checks'} had no data in this range; "
            "the Monitors page says why."
        )


def _charts(
    found: Sequence[MonitorCourse],
    frame: Frame,
    marks: Sequence[charts.Mark],
    within: tuple[datetime, datetime],
) -> None:
    if not found:
        return
    with side_by_side(len(found)) as grid:
        for course in found:
            with grid.cell(), st.container(border=True, height="stretch"):
                _chart(course, frame, marks, within)


def _chart(
    course: MonitorCourse,
    frame: Frame,
    marks: Sequence[charts.Mark],
    within: tuple[datetime, datetime],
) -> None:
    last = course.last
    unit = next((p.unit for p in reversed(course.points) if p.unit), None)
    hits, since = course.breaches, course.out_since
    how = f"{hits} of {len(course.points)} windows out of band" if hits else "within its band"
    if since is not None:
        how = f"out of band since {frame.when(since)}, {hits} of {len(course.points)} windows"
    ui.chart(
        f"{field_words(last.field).capitalize()}: {how}",
        charts_window.window_chart(
            course.points,
            zone=frame.zone,
            zone_name=frame.zone_name,
            unit=unit,
            concern=last.concern,
            marks=marks,
            within=within,
            height=200,
        ),
        key=f"drift_{course.monitor}",
        rows=charts_window.window_rows(course.points),
        query=chart_data.Query(
            name="monitor_series", parameters={"monitor": course.monitor, **frame.span.parameters}
        ),
        chooses="time",
        note=f"{last.check_name.replace('_', ' ')} against "
        f"{theme.AGAINST.get(last.reference_kind, last.reference_kind)}",
    )


def explained(found: ExplanationRow | None, frame: Frame) -> None:
    """What explained the latest breach of the range, where one was."""
    if found is None or not explained_parts.has_explanation(found.evidence):
        return
    ui.heading(
        "What changed",
        f"{field_words(found.field).capitalize()} in the alert that was last in breach "
        f"{frame.when(found.last_breach_at)}.",
    )
    explained_parts.explanation(
        found.evidence,
        key="component",
        query=chart_data.Query(name="latest_explanation", parameters=frame.scope),
    )
