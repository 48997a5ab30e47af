"""One trace as a waterfall, and what the monitors said over time as a strip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from dashboard import figures, formats, theme
from dashboard.charts import SMALL, finish, time_axis
from dashboard.data_overview import StripCell
from dashboard.data_traces import SpanRow
from dashboard.text import figure_text

_ORDER = ("no_data", "ok", "error", "breach")
_STRENGTH: Mapping[str, float] = {"no_data": 0.3, "ok": 0.45, "error": 1, "breach": 1}


def waterfall(spans: Sequence[SpanRow], *, chosen: str | None) -> figures.Figure:
    """One bar a span, from its start for its duration, in milliseconds or seconds since the trace began.

    A failed span has the error colour, a pattern and a cross. A span without a duration is a mark. The time
    in which steps go on after the root has ended is shaded.
    """
    began = min(s.started_at for s in spans)
    ends = [(s.started_at - began).total_seconds() + (s.duration_s or 0) for s in spans]
    longest = max(ends)
    unit, scale = ("s", 1.0) if longest >= 2 else ("ms", 1000.0)
    starts = [(s.started_at - began).total_seconds() * scale for s in spans]
    rows = list(range(len(spans)))
    # Labels are set flush right, so depth is told by signs; in a flat trace they would say nothing.
    deep = max(s.depth for s in spans) > 1
    late = going_on(spans)
    labels = [_label(s, deep=deep) for s in spans]
    figure = figures.Figure()
    figure.add_trace(
        figures.bar(
            base=starts,
            x=[max((s.duration_s or 0) * scale, longest * scale / 250) for s in spans],
            y=rows,
            orientation="h",
            width=0.62,
            marker={
                "color": [theme.ERROR if s.status == "error" else theme.CURRENT for s in spans],
                "opacity": [1 if chosen in (None, s.span_id) else 0.55 for s in spans],
                "pattern": {"shape": ["/" if s.status == "error" else "" for s in spans], "solidity": 0.25},
            },
            customdata=[s.span_id for s in spans],
            hovertext=[_hover(s, began, late.get(s.span_id), spans[0]) for s in spans],
            hoverinfo="text",
        )
    )
    # By themselves: Plotly fails where a bar that has a text is chosen.
    figure.add_trace(
        figures.scatter(
            x=[
                max(end * scale, start + longest * scale / 250)
                for end, start in zip(ends, starts, strict=True)
            ],
            y=rows,
            mode="text",
            text=[f"\u2002{formats.seconds(s.duration_s)}" for s in spans],
            textposition="middle right",
            textfont={"size": SMALL},
            cliponaxis=False,
            hoverinfo="skip",
        )
    )
    first_tokens = [
        (row, s) for row, s in zip(rows, spans, strict=True) if s.time_to_first_token_s is not None
    ]
    if first_tokens:
        figure.add_trace(
            figures.scatter(
                x=[
                    ((s.started_at - began).total_seconds() + (s.time_to_first_token_s or 0)) * scale
                    for _, s in first_tokens
                ],
                y=[row for row, _ in first_tokens],
                mode="markers",
                name="first token",
                marker={"symbol": "line-ns", "size": 14, "line": {"width": 2, "color": theme.DEPLOY}},
                hovertext=[
                    f"first token after {formats.seconds(s.time_to_first_token_s)}" for _, s in first_tokens
                ],
                hoverinfo="text",
            )
        )
    finish(figure, height=54 + 30 * len(spans), legend=False)
    if late:
        _after_the_root(figure, spans[0], ends[0] * scale, longest * scale)
    figure.update_layout(hovermode="closest", bargap=0.3)
    figure.update_xaxes(
        title={"text": f"Since the trace began ({unit})", "font": {"size": 11}, "standoff": 6},
        range=[0, longest * scale * 1.16 or 1],
        nticks=6,
        zeroline=False,
    )
    figure.update_yaxes(
        tickmode="array",
        tickvals=rows,
        ticktext=[figure_text(label) for label in labels],
        autorange="reversed",
        showgrid=False,
        zeroline=False,
    )
    return figure


def going_on(spans: Sequence[SpanRow]) -> Mapping[str, float]:
    """How many seconds steps go on after the root has ended, by their ids: work that nobody waits for.

    What is less than a hundredth of the whole is the clocks' and nobody would see it.
    """
    root = spans[0]
    if root.duration_s is None:
        return {}
    ended = root.started_at + timedelta(seconds=root.duration_s)
    late = {s.span_id: (s.started_at - ended).total_seconds() + (s.duration_s or 0) for s in spans[1:]}
    whole = root.duration_s + max(late.values(), default=0)
    return {span_id: over for span_id, over in late.items() if over > whole / 100}


def _after_the_root(figure: figures.Figure, root: SpanRow, ended: float, last: float) -> None:
    """Shade from where the root ended to the last end, and say so."""
    figure.add_shape(
        type="rect",
        x0=ended,
        x1=last,
        yref="paper",
        y0=0,
        y1=1,
        fillcolor=theme.faded(theme.NO_DATA, 0.14),
        line={"width": 0},
        layer="below",
    )
    figure.add_annotation(
        x=ended,
        xanchor="left" if ended < last / 2 else "right",
        yref="paper",
        y=1,
        yanchor="bottom",
        text=figure_text(f"{formats.clip(root.component, 18)} has ended"),
        showarrow=False,
        font={"size": SMALL},
    )


def health_strip(
    cells: Sequence[StripCell],
    *,
    components: Sequence[str],
    buckets: Sequence[datetime],
    bucket_s: int,
    zone: tzinfo,
    zone_name: str,
) -> figures.Figure:
    """A row a component, a column a bucket of time; a bucket that no monitor looked at stays empty."""
    by_place: Mapping[tuple[str, datetime], StripCell] = {(c.component, c.bucket): c for c in cells}
    step = timedelta(seconds=bucket_s)
    values: list[list[int | None]] = []
    hovers: list[list[str]] = []
    times = [f"{formats.when(bucket, zone)} to {formats.when(bucket + step, zone)}" for bucket in buckets]
    for component in components:
        row = [by_place.get((component, bucket)) for bucket in buckets]
        values.append([_ORDER.index(c.health) if c else None for c in row])
        hovers.append([_strip_hover(c, time) if c else "" for c, time in zip(row, times, strict=True)])
    # What is well stays pale, so that what is not stands out.
    colours = [theme.faded(theme.HEALTH[name].colour, _STRENGTH[name]) for name in _ORDER]
    scale = [[edge, colour] for i, colour in enumerate(colours) for edge in (i / 4, (i + 1) / 4)]
    centres = [(b + step / 2).astimezone(zone).replace(tzinfo=None) for b in buckets]
    figure = figures.Figure()
    figure.add_trace(
        figures.heatmap(
            z=values,
            x=centres,
            y=list(range(len(components))),
            zmin=-0.5,
            zmax=3.5,
            colorscale=scale,
            showscale=False,
            xgap=1,
            ygap=5,
            hoverinfo="skip",
        )
    )
    _hold(figure, centres, hovers, components, buckets)
    # A triangle on the first bucket of each alert: colour is never the only sign.
    starts = [
        (centres[column], row)
        for row, line in enumerate(values)
        for column, value in enumerate(line)
        if value == 3 and (column == 0 or line[column - 1] != 3)
    ]
    figure.add_trace(
        figures.scatter(
            x=[s[0] for s in starts],
            y=[s[1] for s in starts],
            mode="text",
            text=["▲"] * len(starts),
            textfont={"size": 11, "color": "#FFFFFF"},
            hoverinfo="skip",
        )
    )
    finish(figure, height=46 + 30 * max(len(components), 1), legend=False)
    names = [formats.clip(component, 16) for component in components]
    room = 12 + 6 * max(map(len, names), default=0)
    figure.update_layout(hovermode="closest", margin={"l": room, "r": 8, "t": 6, "b": 50})
    time_axis(figure, f"Time ({zone_name})", zone)
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(components))),
        ticktext=[figure_text(name) for name in names],
        autorange="reversed",
        showgrid=False,
        zeroline=False,
    )
    return figure


def _hold(
    figure: figures.Figure,
    centres: Sequence[datetime],
    hovers: Sequence[Sequence[str]],
    components: Sequence[str],
    buckets: Sequence[datetime],
) -> None:
    """A point without a sign in each cell, to be read and chosen, which cells of a heatmap cannot be.

    It stands for `component@start of the bucket`.
    """
    held = [(row, column) for row, line in enumerate(hovers) for column, said in enumerate(line) if said]
    figure.add_trace(
        figures.scatter(
            x=[centres[column] for _, column in held],
            y=[row for row, _ in held],
            mode="markers",
            marker={"size": 16, "symbol": "square", "opacity": 0},
            selected={"marker": {"opacity": 0}},
            unselected={"marker": {"opacity": 0}},
            customdata=[f"{components[row]}@{buckets[column].isoformat()}" for row, column in held],
            hovertext=[hovers[row][column] for row, column in held],
            hoverinfo="text",
        )
    )


def _label(span: SpanRow, *, deep: bool) -> str:
    depth = "> " * min(span.depth, 6) if deep else ""
    return f"{depth}{'✕ ' if span.status == 'error' else ''}{formats.clip(span.component, 18)}"


def _hover(span: SpanRow, began: datetime, over_s: float | None, root: SpanRow) -> str:
    lines = [
        f"<b>{figure_text(span.component)}</b> ({figure_text(span.kind)})",
        f"starts after {formats.seconds((span.started_at - began).total_seconds())}",
        f"takes {formats.seconds(span.duration_s)}",
    ]
    if over_s is not None:
        lines.append(f"ends {formats.seconds(over_s)} after {figure_text(root.component)}")
    if span.cost_usd is not None:
        lines.append(f"costs {formats.dollars(span.cost_usd)}")
    if span.status == "error":
        lines.append(f"failed: {figure_text(span.error_type or 'no type given')}")
    return "<br>".join(lines)


def _strip_hover(cell: StripCell, time: str) -> str:
    said = [
        f"{count} {word}"
        for count, word in (
            (cell.breach, "in breach"),
            (cell.error, "failed"),
            (cell.ok, "ok"),
            (cell.no_data, "without data"),
        )
        if count
    ]
    look = theme.HEALTH[cell.health]
    return (
        f"<b>{figure_text(cell.component)}</b>: {look.symbol} {look.word}<br>"
        f"{time}<br>"
        f"results: {', '.join(said)}"
    )
