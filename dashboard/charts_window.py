"""A monitor over time: its value, its threshold, and the windows in which it said something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

from dashboard import figures, formats, theme
from dashboard.charts import SMALL, Mark, draw_marks, finish, local, show_isolated, time_axis
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


_TIMES = "times its threshold"
_TEXT_CONCERNS = ("input", "output")
# What people count texts in; whatever else a check of texts measures is a distance of its own.
_COUNTED = ("tokens", "characters", "requests")


def is_distance(unit: str | None, concern: str) -> bool:
    """Whether a value says little without its threshold: a distance, rather than seconds or a share.

    >>> is_distance("MMD^2", "input"), is_distance("share of requests", "output"), is_distance("s", "latency")
    (True, False, False)
    """
    return (
        concern in _TEXT_CONCERNS
        and unit is not None
        and unit not in _COUNTED
        and not unit.startswith("share")
    )


@dataclass(frozen=True, kw_only=True)
class _Times:
    """A window's value as a multiple of its threshold."""

    window_end: datetime
    status: str
    value: float | None
    threshold: float | None


def _in_thresholds(point: Point) -> _Times:
    threshold = point.threshold if point.threshold is not None and point.threshold > 0 else None
    return _Times(
        window_end=point.window_end,
        status=point.status,
        value=None if threshold is None or point.value is None else point.value / threshold,
        threshold=None if threshold is None else 1.0,
    )


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
) -> figures.Figure:
    """A monitor's values against its threshold, window by window.

    The band on the good side of the threshold is what the reference makes usual. Windows in breach carry a
    triangle. Windows without a value have none, so they stand as signs along the top, never at zero.
    A distance is drawn as a multiple of its threshold: what chance alone makes of it depends on the rows of
    the window, so that both rise in a quiet night, and nobody knows how large a distance is much.
    """
    if is_distance(unit, concern):
        points = [_in_thresholds(p) for p in points]
        unit = _TIMES
    ends = [local(p.window_end, zone) for p in points]
    worse_down = concern == "quality"
    share = (unit or "").startswith("share")
    figure = figures.Figure()
    if worse_down:
        _ceiling(figure, points, ends)
    figure.add_trace(
        figures.scatter(
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
        figures.scatter(
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
    finish(figure, height=height, legend=True, shares=share)
    time_axis(figure, f"End of window ({zone_name})", zone, within=within)
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


def window_rows(points: Sequence[Point]) -> list[dict[str, object]]:
    """What the chart is drawn of, as its data is handed out: values and thresholds as they were measured."""
    return [
        {
            "End of window (UTC)": p.window_end,
            "State": p.status,
            "Measured": p.value,
            "Threshold": p.threshold,
        }
        for p in points
    ]


def _ceiling(figure: figures.Figure, points: Sequence[Point], ends: Sequence[datetime]) -> None:
    """An invisible line over everything: what is usual lies between the threshold and it."""
    values = [v for p in points for v in (p.value, p.threshold) if v is not None]
    figure.add_trace(
        figures.scatter(
            x=ends,
            y=[max(values, default=1.0) * 1.05 if p.threshold is not None else None for p in points],
            mode="lines",
            line={"width": 0},
            connectgaps=True,
            hoverinfo="skip",
            showlegend=False,
        )
    )


def _signs(figure: figures.Figure, points: Sequence[Point], ends: Sequence[datetime]) -> None:
    for status, symbol, words in (
        ("breach", "triangle-up", "out of band"),
        ("no_data", "circle-open", "no data"),
        ("error", "x", "check failed"),
    ):
        hit = [(end, p.value) for end, p in zip(ends, points, strict=True) if p.status == status]
        if hit:
            on_line = status == "breach"
            figure.add_trace(
                figures.scatter(
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
