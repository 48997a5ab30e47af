"""A monitor over time: its value, its threshold, and the windows in which it said something else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Protocol

import plotly.graph_objects as go

from dashboard import formats, theme
from dashboard.charts import SMALL, Mark, draw_marks, finish, local, show_isolated
from dashboard.text import figure_text


class Point(Protocol):
    """What one monitor said of one window."""

    @property
    def window_end(self) -> datetime: ...
    @property
    def status(self) -> str: ...
    @property
    def value(self) -> float | None: ...
    @property
    def threshold(self) -> float | None: ...


def window_chart(
    points: Sequence[Point],
    *,
    zone: tzinfo,
    zone_name: str,
    unit: str | None,
    concern: str,
    marks: Sequence[Mark] = (),
    within: tuple[datetime, datetime] | None = None,
    height: int = 260,
) -> go.Figure:
    """A monitor's values against its threshold, window by window.

    The band on the good side of the threshold is what the reference makes usual. Windows in breach carry a
    triangle. Windows without a value have none, so they stand as signs along the top, never at zero.
    """
    ends = [local(p.window_end, zone) for p in points]
    worse_down = concern == "quality"
    share = (unit or "").startswith("share")
    figure = go.Figure()
    if worse_down:
        _ceiling(figure, points, ends)
    figure.add_trace(
        go.Scatter(
            x=ends,
            y=[p.threshold for p in points],
            name="usual",
            mode="lines",
            line={"color": theme.REFERENCE, "width": 1, "dash": "dash"},
            fill="tonexty" if worse_down else "tozeroy",
            fillcolor=theme.faded(theme.REFERENCE, 0.13),
            connectgaps=True,
            hovertemplate="threshold %{y:.1%}<extra></extra>"
            if share
            else "threshold %{y:.3g}<extra></extra>",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=ends,
            y=[p.value for p in points],
            name="measured",
            mode="lines",
            line={"color": theme.CURRENT, "width": 2},
            hovertemplate="%{y:.1%}<extra></extra>" if share else "%{y:.3g}<extra></extra>",
        )
    )
    show_isolated(figure)
    _signs(figure, points, ends)
    draw_marks(figure, marks, zone)
    finish(figure, height=height, legend=True)
    figure.update_xaxes(
        title={"text": f"End of window ({figure_text(zone_name)})", "font": {"size": SMALL}, "standoff": 6},
        range=[local(moment, zone) for moment in within] if within else None,
        showgrid=False,
        nticks=7,
    )
    figure.update_layout(
        hovermode="x unified",
        yaxis={
            "title": {"text": figure_text(formats.pretty_unit(unit)), "font": {"size": SMALL}, "standoff": 8},
            "rangemode": "tozero",
            "nticks": 5,
            "zeroline": False,
            "tickformat": ".1%" if share else None,
        },
        yaxis2={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
    )
    return figure


def _ceiling(figure: go.Figure, points: Sequence[Point], ends: Sequence[datetime]) -> None:
    """An invisible line over everything: what is usual lies between the threshold and it."""
    values = [v for p in points for v in (p.value, p.threshold) if v is not None]
    figure.add_trace(
        go.Scatter(
            x=ends,
            y=[max(values, default=1.0) * 1.05 if p.threshold is not None else None for p in points],
            mode="lines",
            line={"width": 0},
            connectgaps=True,
            hoverinfo="skip",
            showlegend=False,
        )
    )


def _signs(figure: go.Figure, points: Sequence[Point], ends: Sequence[datetime]) -> None:
    for status, symbol, words in (
        ("breach", "triangle-up", "out of band"),
        ("no_data", "circle-open", "no data"),
        ("error", "x", "check failed"),
    ):
        hit = [(end, p.value) for end, p in zip(ends, points, strict=True) if p.status == status]
        if hit:
            on_line = status == "breach"
            figure.add_trace(
                go.Scatter(
                    x=[h[0] for h in hit],
                    y=[h[1] if on_line else 0.97 for h in hit],
                    yaxis="y" if on_line else "y2",
                    name=words,
                    mode="markers",
                    marker={
                        "symbol": symbol,
                        "size": 8 if on_line else 5,
                        "color": theme.HEALTH[status].colour,
                    },
                    hoverinfo="skip",
                )
            )
