"""What would have fired beside what was known, over time: a row a component."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from dashboard import figures, theme
from dashboard.charts import finish, local, time_axis
from dashboard.data_backtest import Spell
from dashboard.text import figure_text

_ANY = "any component"
# Colour and sign of an incident of the replay, by its verdict.
_LOOKS: Mapping[str, tuple[str, str, str]] = {
    "": (theme.CURRENT, "circle", "would have fired"),
    "detected": (theme.OK, "circle", "detected a known incident"),
    "duplicate": (theme.NO_DATA, "square", "once more for a known incident"),
    "wrong component": (theme.DEPLOY, "diamond", "during a known incident, at another component"),
    "false alarm": (theme.BREACH, "triangle-up", "false alarm"),
}


def backtest_chart(
    found: Sequence[Spell],
    known: Sequence[Spell],
    *,
    zone: tzinfo,
    zone_name: str,
    within: tuple[datetime, datetime],
) -> figures.Figure:
    """Known incidents as broad pale bars, those of the replay as thin ones with a sign where they begin."""
    rows = sorted({one.component or _ANY for one in (*found, *known)}, reverse=True)
    figure = figures.Figure()
    for number, one in enumerate(known):
        figure.add_trace(
            figures.scatter(
                x=[local(one.started_at, zone), local(one.ended_at or within[1], zone)],
                y=[figure_text(one.component or _ANY)] * 2,
                name="known",
                legendgroup="known",
                showlegend=number == 0,
                mode="lines",
                line={"color": theme.faded(theme.REFERENCE, 0.45), "width": 18},
                hovertemplate=figure_text(f"{one.id}: {one.verdict}") + "<extra></extra>",
            )
        )
    told: set[str] = set()
    for one in found:
        colour, sign, words = _LOOKS.get(one.verdict, _LOOKS[""])
        figure.add_trace(
            figures.scatter(
                x=[local(one.started_at, zone), local(one.ended_at or within[1], zone)],
                y=[figure_text(one.component)] * 2,
                name=words,
                legendgroup=words,
                showlegend=words not in told,
                mode="lines+markers",
                line={"color": colour, "width": 4},
                marker={"symbol": [sign, "line-ns"], "size": [11, 1], "color": colour},
                hovertemplate=figure_text(f"{one.title} ({words})") + "<extra></extra>",
            )
        )
        told.add(words)
    finish(figure, height=110 + 34 * max(len(rows), 1), legend=True)
    time_axis(figure, f"Time ({zone_name})", zone, within=within)
    figure.update_yaxes(categoryorder="array", categoryarray=[figure_text(r) for r in rows], automargin=True)
    return figure
