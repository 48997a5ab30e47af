"""The map of texts: what is said now and what was said before, in two dimensions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from dashboard import figures, formats, theme
from dashboard.charts import SMALL, finish
from dashboard.text import figure_text

_HOVER = 80
# Topics with fewer texts are not named on the map, nor more of them: names would lie upon each other.
_FEWEST, _MOST_NAMED = 5, 4
_NAME = 28


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One text on the map; `text` is None where it is not kept any more, `topic` where it is not known."""

    x: float
    y: float
    text: str | None
    is_now: bool
    topic: str | None = None


def map_chart(spots: Sequence[Spot], *, height: int = 360) -> figures.Figure:
    """Texts of before as open circles, texts of now as filled diamonds; hovering reads them.

    The largest topics are named where their texts lie.
    """
    figure = figures.Figure()
    for is_now, name, colour, symbol in (
        (False, "before", theme.NO_DATA, "circle-open"),
        (True, "now", theme.CURRENT, "diamond"),
    ):
        mine = [s for s in spots if s.is_now == is_now]
        figure.add_trace(
            figures.scatter(
                x=[s.x for s in mine],
                y=[s.y for s in mine],
                name=name,
                mode="markers",
                marker={"symbol": symbol, "size": 8, "color": colour, "opacity": 0.85},
                text=[_hover(s) for s in mine],
                hovertemplate=f"%{{text}}<extra>{name}</extra>",
            )
        )
    for name, x, y in named(spots):
        figure.add_annotation(
            x=x,
            y=y,
            text=figure_text(formats.clip(name, _NAME)),
            showarrow=False,
            font={"size": SMALL},
            bgcolor=theme.faded(theme.NO_DATA, 0.3),
            borderpad=2,
        )
    finish(figure, height=height, legend=True)
    # Nothing is written beside its axes.
    figure.update_layout(margin={"l": 8, "b": 24})
    for axis, title in ((figure.update_xaxes, "as before ← → as now"), (figure.update_yaxes, "")):
        axis(
            title={"text": title, "font": {"size": SMALL}, "standoff": 6},
            showticklabels=False,
            showgrid=False,
            zeroline=False,
        )
    return figure


def named(spots: Sequence[Spot]) -> list[tuple[str, float, float]]:
    """The largest topics and the middle of their texts, the largest first."""
    by_topic: dict[str, list[Spot]] = defaultdict(list)
    for spot in spots:
        if spot.topic:
            by_topic[spot.topic].append(spot)
    large = sorted((s for s in by_topic.items() if len(s[1]) >= _FEWEST), key=lambda s: (-len(s[1]), s[0]))
    return [(name, median(s.x for s in of), median(s.y for s in of)) for name, of in large[:_MOST_NAMED]]


def _hover(spot: Spot) -> str:
    """A text for Plotly, which reads HTML and fills %{...} in."""
    text = figure_text(formats.clip(spot.text, _HOVER)) if spot.text is not None else "text not kept"
    topic = f"<br>topic: {figure_text(formats.clip(spot.topic, _HOVER))}" if spot.topic else ""
    return f"{text}{topic}".replace("%{", "%\u2060{")
