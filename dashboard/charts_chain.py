"""The chain as a graph: one node a component, in the order of the calls, inside its application."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dashboard import figures, theme
from dashboard.charts import finish
from dashboard.formats import clip
from dashboard.text import figure_text

# More than this in a row and the names meet on a phone; the chain then turns into the next row.
_IN_A_ROW = 5
# Letters that fit side by side on a phone, for all names of a row together; hovering shows a name in full.
_LETTERS = 52
# How far an arrow goes out of a row, in distances between nodes.
_STUB = 0.48


@dataclass(frozen=True, kw_only=True)
class Node:
    """One component as the graph shows it; `notes` are at most two short lines under the name."""

    component: str
    health: str
    notes: tuple[str, ...]
    details: tuple[str, ...]
    is_cause: bool = False
    ruled_out: bool = False
    on_path: bool = False


def chain_figure(
    nodes: Sequence[Node], *, application: str | None, application_is_cause: bool = False
) -> figures.Figure:
    """Nodes from left to right, row by row; the application is the frame around them.

    A node's state is its colour, the symbol inside it and the word below it. The cause has a ring;
    when it is the application, which is what users send, the frame has its colour.
    """
    figure = figures.Figure()
    rows = max(1, -(-len(nodes) // _IN_A_ROW))
    places = [(index % _IN_A_ROW, -(index // _IN_A_ROW)) for index in range(len(nodes))]
    _arrows(figure, nodes, places)
    for node, (x, y) in zip(nodes, places, strict=True):
        if node.is_cause:
            figure.add_trace(_ring(x, y))
    figure.add_trace(
        figures.scatter(
            x=[p[0] for p in places],
            y=[p[1] for p in places],
            mode="markers+text",
            marker={
                "size": 38,
                "color": [theme.HEALTH[n.health].colour for n in nodes],
                "opacity": [0.45 if n.ruled_out else 1 for n in nodes],
                "line": {"width": 0},
            },
            text=[f"<b>{theme.HEALTH[n.health].symbol}</b>" for n in nodes],
            textfont={"size": 17, "color": "#FFFFFF"},
            textposition="middle center",
            customdata=[n.component for n in nodes],
            hovertext=[
                "<br>".join(
                    [f"<b>{figure_text(n.component)}</b>", *(figure_text(line) for line in n.details)]
                )
                for n in nodes
            ],
            hoverinfo="text",
        )
    )
    columns = min(len(nodes), _IN_A_ROW) or 1
    room = _LETTERS // columns
    for node, (x, y) in zip(nodes, places, strict=True):
        lines = [f"<b>{figure_text(clip(node.component, room))}</b>", *map(figure_text, node.notes)]
        figure.add_annotation(
            x=x, y=y, text="<br>".join(lines), showarrow=False, yanchor="top", yshift=-25, font={"size": 11}
        )
    finish(figure, height=40 + 112 * rows + (10 if application else 0), legend=False)
    figure.update_layout(margin={"l": 4, "r": 4, "t": 34 if application else 14, "b": 4}, hovermode="closest")
    figure.update_xaxes(visible=False, range=[-0.55, columns - 0.45])
    figure.update_yaxes(visible=False, range=[-(rows - 1) - 0.72, 0.4])
    frame = theme.BREACH if application_is_cause else theme.NO_DATA
    if application:
        figure.add_shape(
            type="rect",
            xref="paper",
            yref="paper",
            x0=0,
            x1=1,
            y0=0,
            y1=1,
            line={"color": frame, "width": 3 if application_is_cause else 1},
            fillcolor="rgba(0,0,0,0)",
            layer="below",
        )
        figure.add_annotation(
            xref="paper",
            yref="paper",
            x=0,
            y=1,
            xanchor="left",
            yanchor="bottom",
            showarrow=False,
            text=figure_text(application),
            font={"size": 12},
        )
    return figure


def _ring(x: float, y: float) -> figures.Trace:
    return figures.scatter(
        x=[x],
        y=[y],
        mode="markers",
        marker={"size": 52, "color": "rgba(0,0,0,0)", "line": {"width": 3, "color": theme.BREACH}},
        hoverinfo="skip",
    )


def _arrows(figure: figures.Figure, nodes: Sequence[Node], places: Sequence[tuple[int, int]]) -> None:
    """From each node to the next; at the end of a row the arrow leaves and enters again on the left."""
    for (here, there), (node, after) in zip(pairwise(places), pairwise(nodes), strict=True):
        spread = node.on_path and after.on_path
        if here[1] == there[1]:
            _arrow(figure, here, there, gaps=(_gap(node), _gap(after)), spread=spread)
        else:
            _arrow(figure, here, (here[0] + _STUB, here[1]), gaps=(_gap(node), 0), spread=spread)
            _arrow(figure, (there[0] - _STUB, there[1]), there, gaps=(0, _gap(after)), spread=spread)


def _gap(node: Node) -> int:
    """Pixels between the middle of a node and its arrows; the ring of the cause is wider."""
    return 31 if node.is_cause else 24


def _arrow(
    figure: figures.Figure,
    here: tuple[float, float],
    there: tuple[float, float],
    *,
    gaps: tuple[int, int],
    spread: bool,
) -> None:
    figure.add_annotation(
        x=there[0],
        y=there[1],
        ax=here[0],
        ay=here[1],
        xref="x",
        yref="y",
        axref="x",
        ayref="y",
        showarrow=True,
        arrowhead=2,
        arrowsize=1,
        arrowwidth=2.5 if spread else 1.5,
        arrowcolor=theme.BREACH if spread else theme.NO_DATA,
        startstandoff=gaps[0],
        standoff=gaps[1],
    )
