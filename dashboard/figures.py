"""A chart as the plain values that Plotly reads.

Plotly's own objects check each value as it is set, which costs ten times what drawing a page's charts in
plain values does. The tests have Plotly check every chart of every page.

The look is said here and not left to Streamlit's theme, which is put onto a chart after it was drawn and has
the browser draw it again. What is of another colour in the dark, `charts.css` colours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dashboard import theme

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as PlotlyFigure

Trace = dict[str, Any]

# Stands for the colour of the page's text.
INK = "rgb(1,2,3)"
_NONE = "rgba(0,0,0,0)"
_LOOK: Mapping[str, Any] = {
    "font": {"family": '"Source Sans", sans-serif', "size": 12, "color": INK},
    "paper_bgcolor": _NONE,
    "plot_bgcolor": _NONE,
    # Readable on any page.
    "hoverlabel": {"bgcolor": "#26323F", "bordercolor": "#26323F", "font": {"size": 12, "color": "#FFFFFF"}},
    "newselection": {"line": {"color": theme.CURRENT}},
    # Another chart is another element of the page, so the data of one never changes: nothing is drawn anew.
    "datarevision": 1,
}
_AXIS: Mapping[str, Any] = {"gridcolor": theme.QUIET, "zerolinecolor": theme.QUIET, "ticks": ""}


@dataclass(kw_only=True)
class Figure:
    """The traces of a chart and its layout, each named as Plotly names it; None stands for not said."""

    data: list[Trace] = field(default_factory=list)
    layout: dict[str, Any] = field(default_factory=lambda: {**_LOOK, "xaxis": {**_AXIS}, "yaxis": {**_AXIS}})

    def add_trace(self, trace: Trace) -> None:
        self.data.append(trace)

    def add_annotation(self, **said: Any) -> None:
        self.layout.setdefault("annotations", []).append(said)

    def add_shape(self, **said: Any) -> None:
        self.layout.setdefault("shapes", []).append(said)

    def update_layout(self, **said: Any) -> None:
        """What was said before stays, down to each value inside, unless it is said anew."""
        self.layout = _merged(self.layout, said)

    def update_xaxes(self, **said: Any) -> None:
        self.update_layout(xaxis=said)

    def update_yaxes(self, **said: Any) -> None:
        self.update_layout(yaxis=said)

    def plotly(self) -> PlotlyFigure:
        """As Streamlit draws it, unchecked."""
        import plotly.graph_objects as go

        data = [
            {**trace, **{axis: _written(trace[axis]) for axis in ("x", "y") if axis in trace}}
            for trace in self.data
        ]
        # One of its own, so that Plotly does not make the default one; then none.
        figure = go.Figure({"data": data, "layout": {**self.layout, "template": {}}}, _validate=False)
        figure.layout.template = None
        return figure


def scatter(**said: Any) -> Trace:
    """Points, or the lines between them."""
    return _merged({"type": "scatter"}, said)


def bar(**said: Any) -> Trace:
    """Bars from a base."""
    return _merged({"type": "bar"}, said)


def heatmap(**said: Any) -> Trace:
    """Cells in rows and columns."""
    return _merged({"type": "heatmap"}, said)


def _merged(before: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(before)
    for name, value in said.items():
        if isinstance(value, Mapping):
            merged[name] = _merged(merged.get(name) or {}, value)
        elif value is None:
            merged.pop(name, None)
        else:
            merged[name] = value
    return merged


def _written(values: Any) -> Any:
    """Times as text: Plotly's encoder tries eight other kinds before it finds that a value is one."""
    return [value.isoformat() if isinstance(value, datetime) else value for value in values]
