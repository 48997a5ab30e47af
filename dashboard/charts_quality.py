"""Quality by day: one sign a day with its interval. Days are UTC days: estimates are made of whole ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from dashboard import figures, theme
from dashboard.charts import SMALL, finish
from dashboard.text import figure_text

Symbol = Literal["circle", "diamond", "circle-open"]
# Signs of one day stand beside each other, or their intervals would cover one another; within the day.
_FURTHEST = timedelta(hours=6)
_APART = 1 / 35
_NOON = time(12)
_DAYS_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class DayPoint:
    """One day: a mean with its interval (None where there is none), and what it is made of, in words."""

    day: date
    value: float
    low: float | None
    high: float | None
    made_of: str


@dataclass(frozen=True, kw_only=True)
class DaySeries:
    """The days of one kind of score; a day without a point is a gap."""

    name: str
    points: Sequence[DayPoint]
    colour: str = theme.CURRENT
    symbol: Symbol = "circle"


@dataclass(frozen=True, kw_only=True)
class Level:
    """What all days are held against, such as the mean of an evaluation set."""

    value: float
    name: str


def day_chart(
    series: Sequence[DaySeries],
    *,
    within: tuple[date, date],
    unit: str,
    scale: tuple[float, float] | None = None,
    height: int = 240,
    level: Level | None = None,
) -> figures.Figure:
    """Means with error bars. scale: the ends of the grades; all of it is shown, so that small looks small."""
    figure = figures.Figure()
    apart = min(_FURTHEST, (within[1] - within[0]) * _APART)
    for place, one in enumerate(series):
        shift = apart * (place - (len(series) - 1) / 2)
        figure.add_trace(
            figures.scatter(
                x=[datetime.combine(p.day, _NOON) + shift for p in one.points],
                y=[p.value for p in one.points],
                name=figure_text(one.name),
                mode="markers",
                marker={
                    "size": 8,
                    "color": one.colour,
                    "symbol": one.symbol,
                    "line": {"width": 2, "color": one.colour},
                },
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [0.0 if p.high is None else p.high - p.value for p in one.points],
                    "arrayminus": [0.0 if p.low is None else p.value - p.low for p in one.points],
                    "color": one.colour,
                    "thickness": 1.6,
                    "width": 3,
                },
                customdata=[
                    figure_text(f"{p.day:%a} {p.day.day} {p.day:%b}: {p.made_of}") for p in one.points
                ],
                hovertemplate="%{customdata}<extra></extra>",
            )
        )
    ends = [
        datetime.combine(within[0], time()),
        datetime.combine(within[1], time()) + timedelta(days=1),
    ]
    if level is not None:
        figure.add_trace(
            figures.scatter(
                x=ends,
                y=[level.value, level.value],
                name=figure_text(level.name),
                mode="lines",
                line={"color": theme.REFERENCE, "width": 2, "dash": "dash"},
                hovertemplate=f"{figure_text(level.name)}<extra></extra>",
            )
        )
    finish(figure, height=height, legend=len(figure.data) > 1)
    days = (within[1] - within[0]).days
    figure.update_xaxes(
        title={"text": "Day (UTC)", "font": {"size": SMALL}, "standoff": 6},
        range=ends,
        showgrid=False,
        nticks=7,
        # So many names of days stand beside each other on a phone, too.
        dtick=86_400_000 if days <= _DAYS_NAMED else None,
        tickformat="%-d %b",
    )
    figure.update_yaxes(
        title={"text": figure_text(unit), "font": {"size": SMALL}, "standoff": 8},
        range=None if scale is None else _with_room(scale),
        tickformat=".0%" if unit.startswith("share") else None,
        rangemode="normal",
        nticks=5,
        zeroline=False,
    )
    return figure


def _with_room(scale: tuple[float, float]) -> list[float]:
    """The scale with room for the signs at its ends."""
    room = 0.06 * (scale[1] - scale[0])
    return [scale[0] - room, scale[1] + room]
