"""Time charts. A figure is built from typed lines and marks; what each colour means is in theme.py.

Titles stand outside of the figure, in the page, where they can wrap. Times are shown in the viewer's zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

from dashboard import figures, theme
from dashboard.text import figure_text

# The mode bar covers narrow charts and says nothing that hovering does not.
CONFIG: dict[str, Any] = {"displayModeBar": False, "responsive": True}
SMALL = 11
_DAY_MS = 86_400_000


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
) -> figures.Figure:
    """Lines over time with their marks; the y axis carries `unit`, the x axis the zone's name."""
    figure = figures.Figure()
    if band is not None:
        _band(figure, band)
    for line in lines:
        x = [local(moment, zone) for moment in line.x]
        if line.low is not None and line.high is not None:
            _interval(figure, line, x)
        figure.add_trace(
            figures.scatter(
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
    show_isolated(figure)
    draw_marks(figure, marks, zone)
    finish(figure, height=height, legend=len(lines) > 1, shares=(tick_format or "").endswith("%"))
    time_axis(figure, f"Time ({zone_name})", zone, within=within)
    figure.update_yaxes(
        title={"text": figure_text(unit), "font": {"size": SMALL}, "standoff": 8},
        rangemode="tozero" if from_zero else "normal",
        tickformat=tick_format,
        nticks=5,
        zeroline=False,
    )
    figure.update_layout(hovermode="x unified")
    return figure


def finish(figure: figures.Figure, *, height: int, legend: bool, shares: bool = False) -> None:
    """The layout that every figure shares: margins, a legend above, room for marks.

    shares: the labels of the axis are as wide as `100.0%`.
    """
    figure.update_layout(
        height=height + (24 if legend else 0),
        # Room for the titles and labels of most axes: where they need more, Plotly draws the chart anew with
        # wider margins, which takes it more than twice as long.
        margin={"l": 71 if shares else 60, "r": 12, "t": 50 if legend else 22, "b": 50, "pad": 7},
        showlegend=legend,
        legend={
            "orientation": "h",
            "yanchor": "bottom",
            "y": 1.06,
            "xanchor": "left",
            "x": 0,
            "font": {"size": SMALL},
            # A filled line would turn the order round.
            "traceorder": "normal",
            "itemclick": False,
            "itemdoubleclick": False,
        },
        dragmode=False,
    )
    figure.update_xaxes(automargin=True, tickfont={"size": SMALL}, fixedrange=True)
    # Plain numbers: "600µ" dollars is not how people count money.
    figure.update_yaxes(automargin=True, tickfont={"size": SMALL}, fixedrange=True, exponentformat="none")


def time_axis(
    figure: figures.Figure, title: str, zone: tzinfo, *, within: tuple[datetime, datetime] | None = None
) -> None:
    """The axis over time: days as the pages write them, `5 Mar`, and hours where days are too far apart."""
    figure.update_xaxes(
        title={"text": figure_text(title), "font": {"size": SMALL}, "standoff": 6},
        range=[local(moment, zone) for moment in within] if within else None,
        showgrid=False,
        nticks=7,
        # The second line of a label is drawn where it changes.
        tickformatstops=[
            {"dtickrange": [None, _DAY_MS - 1], "value": "%H:%M\n%-d %b"},
            {"dtickrange": [_DAY_MS, "M1"], "value": "%-d %b"},
            {"dtickrange": ["M1", None], "value": "%b %Y"},
        ],
        hoverformat="%a %-d %b %H:%M",
    )


def _band(figure: figures.Figure, band: Band) -> None:
    figure.add_shape(
        type="rect",
        xref="x domain",
        x0=0,
        x1=1,
        y0=band.low,
        y1=band.high,
        fillcolor=theme.faded(theme.REFERENCE, 0.16),
        line={"width": 0},
        layer="below",
    )


def _interval(figure: figures.Figure, line: Line, x: Sequence[datetime]) -> None:
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
            figures.scatter(
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


def show_isolated(figure: figures.Figure) -> None:
    """A value between two gaps has no line; show it as a dot, or it would be invisible."""
    for trace in list(figure.data):
        line = trace.get("line", {})
        if "fill" in trace or line.get("width") == 0 or trace["mode"] != "lines":
            continue
        y = trace["y"]
        alone = [
            i
            for i, value in enumerate(y)
            if value is not None and (i == 0 or y[i - 1] is None) and (i == len(y) - 1 or y[i + 1] is None)
        ]
        if alone:
            figure.add_trace(
                figures.scatter(
                    x=[trace["x"][i] for i in alone],
                    y=[y[i] for i in alone],
                    mode="markers",
                    marker={"size": 4, "color": line.get("color")},
                    hoverinfo="skip",
                    showlegend=False,
                )
            )


def draw_marks(figure: figures.Figure, marks: Sequence[Mark], zone: tzinfo) -> None:
    """A line across the chart for each mark, with its label; a pale area where it is an interval."""
    for mark in marks:
        if mark.since is not None and mark.until is not None:
            figure.add_shape(
                type="rect",
                x0=local(mark.since, zone),
                x1=local(mark.until, zone),
                yref="paper",
                y0=0,
                y1=1,
                fillcolor=theme.faded(mark.colour, 0.18),
                line={"width": 0},
                layer="below",
            )
        at = local(mark.at, zone)
        line = {"color": mark.colour, "width": 1.5, "dash": mark.dash}
        figure.add_shape(type="line", x0=at, x1=at, yref="paper", y0=0, y1=1, line=line)
        if mark.label:
            figure.add_annotation(
                x=at,
                yref="paper",
                y=0 if mark.bottom else 1,
                text=figure_text(mark.label),
                showarrow=False,
                font={"size": SMALL, "color": mark.colour},
                xanchor="left" if mark.bottom else "center",
                yanchor="bottom",
                xshift=4 if mark.bottom else 0,
            )


def local(moment: datetime, zone: tzinfo) -> datetime:
    """Plotly draws naive times as they are, so the zone is applied here."""
    return moment.astimezone(zone).replace(tzinfo=None)
