"""Time charts. A figure is built from typed lines and marks; what each colour means is in theme.py.

Titles stand outside of the figure, in the page, where they can wrap. Times are shown in the viewer's zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

import plotly.graph_objects as go

from dashboard import theme
from dashboard.text import figure_text

# The mode bar covers narrow charts and says nothing that hovering does not.
CONFIG: dict[str, Any] = {"displayModeBar": False, "responsive": True}
_SMALL = 11


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line over time; None breaks it. `low` and `high` draw an interval around it."""

    name: str
    x: Sequence[datetime]
    y: Sequence[float | None]
    colour: str = theme.CURRENT
    dash: Literal["solid", "dot", "dash"] = "solid"
    width: float = 2
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None
    markers: bool = False


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A moment: a deploy, a change point. `until` makes it an interval."""

    at: datetime
    label: str
    colour: str = theme.DEPLOY
    since: datetime | None = None
    until: datetime | None = None
    dash: Literal["solid", "dot", "dash"] = "dot"
    bottom: bool = False


@dataclass(frozen=True, kw_only=True)
class Band:
    """What is usual: a range of values, the same over all of the chart."""

    low: float
    high: float
    label: str


def time_chart(
    lines: Sequence[Line],
    *,
    zone: tzinfo,
    zone_name: str,
    unit: str,
    marks: Sequence[Mark] = (),
    band: Band | None = None,
    within: tuple[datetime, datetime] | None = None,
    tick_format: str | None = None,
    height: int = 240,
    from_zero: bool = True,
) -> go.Figure:
    """Lines over time with their marks; the y axis carries `unit`, the x axis the zone's name."""
    figure = go.Figure()
    if band is not None:
        _band(figure, band)
    for line in lines:
        x = [_local(moment, zone) for moment in line.x]
        if line.low is not None and line.high is not None:
            _interval(figure, line, x)
        figure.add_trace(
            go.Scatter(
                x=x,
                y=list(line.y),
                name=figure_text(line.name),
                mode="lines+markers" if line.markers else "lines",
                connectgaps=False,
                line={"color": line.colour, "width": line.width, "dash": line.dash},
                marker={"size": 5, "color": line.colour},
                hovertemplate="%{y}" if tick_format is None else f"%{{y:{tick_format}}}",
            )
        )
    _isolated(figure)
    for mark in marks:
        _mark(figure, mark, zone)
    finish(figure, height=height, legend=len(lines) > 1)
    figure.update_xaxes(
        title={"text": f"Time ({figure_text(zone_name)})", "font": {"size": _SMALL}, "standoff": 6},
        range=[_local(moment, zone) for moment in within] if within else None,
        showgrid=False,
        nticks=7,
    )
    figure.update_yaxes(
        title={"text": figure_text(unit), "font": {"size": _SMALL}, "standoff": 8},
        rangemode="tozero" if from_zero else "normal",
        tickformat=tick_format,
        nticks=5,
        zeroline=False,
    )
    figure.update_layout(hovermode="x unified")
    return figure


def window_chart(
    points: Sequence[tuple[datetime, float | None, float | None, str]],
    *,
    zone: tzinfo,
    zone_name: str,
    unit: str,
    name: str,
    marks: Sequence[Mark] = (),
    within: tuple[datetime, datetime] | None = None,
    height: int = 260,
    tick_format: str | None = None,
) -> go.Figure:
    """A monitor's values against its threshold, window by window.

    `points` are (end of window, value, threshold, status). The band below the threshold is what the
    reference makes usual; windows in breach carry a triangle, windows without data a ring on the axis.
    """
    ends = [_local(p[0], zone) for p in points]
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=ends,
            y=[p[2] for p in points],
            name="usual, up to the threshold",
            mode="lines",
            line={"color": theme.REFERENCE, "width": 1, "dash": "dash", "shape": "hv"},
            fill="tozeroy",
            fillcolor=theme.faded(theme.REFERENCE, 0.13),
            hovertemplate="threshold %{y:.3g}<extra></extra>",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=ends,
            y=[p[1] for p in points],
            name=figure_text(name),
            mode="lines",
            line={"color": theme.CURRENT, "width": 2},
            hovertemplate="%{y:.3g}<extra></extra>",
        )
    )
    _isolated(figure)
    for status in ("breach", "no_data", "error"):
        hit = [(end, p[1]) for end, p in zip(ends, points, strict=True) if p[3] == status]
        if hit:
            look = theme.HEALTH[status]
            figure.add_trace(
                go.Scatter(
                    x=[h[0] for h in hit],
                    y=[h[1] if h[1] is not None else 0 for h in hit],
                    name={"breach": "breach", "no_data": "no data", "error": "check failed"}[status],
                    mode="markers",
                    marker={
                        "symbol": {"breach": "triangle-up", "no_data": "circle-open", "error": "x"}[status],
                        "size": 8 if status == "breach" else 6,
                        "color": look.colour,
                    },
                    hoverinfo="skip",
                )
            )
    for mark in marks:
        _mark(figure, mark, zone)
    finish(figure, height=height, legend=True)
    figure.update_xaxes(
        title={"text": f"End of window ({figure_text(zone_name)})", "font": {"size": _SMALL}, "standoff": 6},
        range=[_local(moment, zone) for moment in within] if within else None,
        showgrid=False,
        nticks=7,
    )
    figure.update_yaxes(
        title={"text": figure_text(unit), "font": {"size": _SMALL}, "standoff": 8},
        rangemode="tozero",
        nticks=5,
        zeroline=False,
        tickformat=tick_format,
    )
    figure.update_layout(hovermode="x unified")
    return figure


def finish(figure: go.Figure, *, height: int, legend: bool) -> None:
    """The layout that every figure shares: tight margins, a legend above, room for marks."""
    figure.update_layout(
        height=height + (24 if legend else 0),
        margin={"l": 8, "r": 12, "t": 34 if legend else 22, "b": 8},
        showlegend=legend,
        legend={
            "orientation": "h",
            "yanchor": "bottom",
            "y": 1.06,
            "xanchor": "left",
            "x": 0,
            "font": {"size": _SMALL},
            "itemclick": False,
            "itemdoubleclick": False,
        },
        hoverlabel={"font": {"size": 12}},
        dragmode=False,
    )
    figure.update_xaxes(automargin=True, tickfont={"size": _SMALL}, fixedrange=True)
    figure.update_yaxes(automargin=True, tickfont={"size": _SMALL}, fixedrange=True)


def _band(figure: go.Figure, band: Band) -> None:
    figure.add_hrect(
        y0=band.low,
        y1=band.high,
        fillcolor=theme.faded(theme.REFERENCE, 0.16),
        line_width=0,
        layer="below",
    )


def _interval(figure: go.Figure, line: Line, x: Sequence[datetime]) -> None:
    """Two edges without lines and the area between; split at gaps so that nothing is filled across one."""
    low, high = line.low or (), line.high or ()
    run: list[int] = []
    runs: list[list[int]] = []
    for index in range(len(x)):
        if low[index] is None or high[index] is None:
            runs.append(run)
            run = []
        else:
            run.append(index)
    runs.append(run)
    for part in (r for r in runs if len(r) > 1):
        figure.add_trace(
            go.Scatter(
                x=[x[i] for i in part] + [x[i] for i in reversed(part)],
                y=[high[i] for i in part] + [low[i] for i in reversed(part)],
                fill="toself",
                fillcolor=theme.faded(line.colour, 0.18),
                line={"width": 0},
                mode="lines",
                hoverinfo="skip",
                showlegend=False,
            )
        )


def _isolated(figure: go.Figure) -> None:
    """A value between two gaps has no line; show it as a dot, or it would be invisible."""
    for trace in list(figure.data):
        if trace.fill == "toself" or trace.mode != "lines" or trace.y is None:
            continue
        y = list(trace.y)
        alone = [
            i
            for i, value in enumerate(y)
            if value is not None
            and (i == 0 or y[i - 1] is None)
            and (i == len(y) - 1 or y[i + 1] is None)
        ]
        if alone:
            figure.add_trace(
                go.Scatter(
                    x=[trace.x[i] for i in alone],
                    y=[y[i] for i in alone],
                    mode="markers",
                    marker={"size": 4, "color": trace.line.color},
                    hoverinfo="skip",
                    showlegend=False,
                )
            )


def _mark(figure: go.Figure, mark: Mark, zone: tzinfo) -> None:
    if mark.since is not None and mark.until is not None:
        figure.add_vrect(
            x0=_local(mark.since, zone),
            x1=_local(mark.until, zone),
            fillcolor=theme.faded(mark.colour, 0.18),
            line_width=0,
            layer="below",
        )
    at = _local(mark.at, zone)
    figure.add_shape(
        type="line",
        x0=at,
        x1=at,
        yref="paper",
        y0=0,
        y1=1,
        line={"color": mark.colour, "width": 1.5, "dash": mark.dash},
    )
    if mark.label:
        figure.add_annotation(
            x=at,
            yref="paper",
            y=0 if mark.bottom else 1,
            text=figure_text(mark.label),
            showarrow=False,
            font={"size": _SMALL, "color": mark.colour},
            xanchor="left" if mark.bottom else "center",
            yanchor="bottom",
            xshift=4 if mark.bottom else 0,
        )


def _local(moment: datetime, zone: tzinfo) -> datetime:
    """Plotly draws naive times as they are, so the zone is applied here."""
    return moment.astimezone(zone).replace(tzinfo=None)
