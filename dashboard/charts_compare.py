"""Two distributions in one chart: the share of spans at each size, side a outlined, side b filled."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import figures, theme
from dashboard.charts import SMALL, finish
from dashboard.text import figure_text

_BINS = 30


def shape_chart(
    a: Sequence[float], b: Sequence[float], *, names: tuple[str, str], unit: str, height: int = 230
) -> figures.Figure:
    """Shares of both sides in the same bins; the last bin holds all above the 99th percentile of both."""
    both = sorted([*a, *b])
    top = both[min(len(both) - 1, int(0.99 * len(both)))]
    low = both[0]
    width = (top - low) / _BINS or 1.0
    centres = [low + (i + 0.5) * width for i in range(_BINS)]
    figure = figures.Figure()
    for values, name, colour, filled in (
        (a, names[0], theme.NO_DATA, False),
        (b, names[1], theme.CURRENT, True),
    ):
        figure.add_trace(
            figures.scatter(
                x=centres,
                y=_shares(values, low, width),
                name=figure_text(name),
                mode="lines",
                line={"color": colour, "width": 2, "shape": "hvh", "dash": "solid" if filled else "dash"},
                fill="tozeroy" if filled else None,
                fillcolor=theme.faded(colour, 0.18),
                hovertemplate="%{y:.1%}",
            )
        )
    finish(figure, height=height, legend=True)
    figure.update_layout(hovermode="x unified")
    figure.update_xaxes(
        title={"text": figure_text(unit), "font": {"size": SMALL}, "standoff": 6}, showgrid=False
    )
    figure.update_yaxes(
        title={"text": "share of spans", "font": {"size": SMALL}, "standoff": 8},
        tickformat=".0%",
        rangemode="tozero",
        nticks=5,
        zeroline=False,
    )
    return figure


def _shares(values: Sequence[float], low: float, width: float) -> list[float]:
    """The share of values in each bin.

    >>> _shares([0.0, 1.0, 29.5, 99.0], 0.0, 1.0)[:2], _shares([0.0, 1.0, 29.5, 99.0], 0.0, 1.0)[-1]
    ([0.25, 0.25], 0.5)
    """
    counts = [0] * _BINS
    for value in values:
        counts[min(_BINS - 1, max(0, int((value - low) / width)))] += 1
    return [count / len(values) for count in counts] if values else [0.0] * _BINS
