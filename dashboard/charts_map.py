"""The map of texts: what is said now and what was said before, in two dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard import figures, formats, theme
from dashboard.charts import SMALL, finish
from dashboard.text import figure_text

_HOVER = 80


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One text on the map; `text` is None where it is not kept any more."""

    x: float
    y: float
    text: str | None
    is_now: bool


def map_chart(spots: Sequence[Spot], *, height: int = 360) -> figures.Figure:
    """Texts of before as open circles, texts of now as filled diamonds; hovering reads them."""
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


def _hover(spot: Spot) -> str:
    """A text for Plotly, which reads HTML and fills %{...} in."""
    if spot.text is None:
        return "text not kept"
    return figure_text(formats.clip(spot.text, _HOVER)).replace("%{", "%\u2060{")
