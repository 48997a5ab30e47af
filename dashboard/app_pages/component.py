"""One component over time: what goes in, what comes out, how fast, how well, and which version did it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from dashboard import (
    chart_data,
    charts,
    charts_marks,
    component_check_parts,
    component_head,
    component_parts,
    formats,
    layout,
    range_parts,
    theme,
    ui,
    urls,
    viewer,
)
from dashboard.charts import Line
from dashboard.component_choice import component_row
from dashboard.data_component import ComponentView, SeriesPoint, component_view
from dashboard.data_component_checks import component_checks
from dashboard.filter_parts import Uses
from dashboard.text import plain
from dashboard.usual import beside

_VIEWS = {
    "traffic": "Traffic",
    "quality": "Quality",
    "texts": "Inputs and outputs",
    "versions": "Versions",
    "requests": "Newest requests",
}
# What the checks of each view are about.
_CONCERNS: Mapping[str, tuple[str, ...]] = {
    "traffic": ("latency", "errors", "cost", "no_data", "monitoring"),
    "quality": ("quality",),
    "texts": ("input", "output"),
}
# So many of its checks are in sight; where the figures themselves are drawn, none.
_CHECKS_IN_SIGHT = {"texts": 3}

frame = ui.open_page(
    "Component",
    Uses(
        component="one",
        rest="Quality and what the checks say are of all versions and environments together.",
    ),
)
row = component_row(frame)
chosen = row.component
of_checks = (component_checks, frame.chain, chosen, frame.span)
ui.ahead(frame, *of_checks)
view = ui.fetch(frame, component_view, frame.chain, chosen, frame.span, frame.only)
if not view.series:
    ui.empty(
        "No spans of this component in this range",
        f"{chosen} was last seen {frame.when(row.last_seen_at)}. Choose a longer range.",
    )
buckets = view.span.buckets()
within = (view.span.start, view.span.end)
marks, said = charts_marks.deploy_marks(view.deploys, within=within, zone=frame.zone)


def _line(name: str, pick: Callable[[SeriesPoint], float | None], colour: str = theme.CURRENT) -> Line:
    by_bucket = {point.bucket: point for point in view.series}
    return Line(
        name=name,
        x=buckets,
        y=[pick(by_bucket[b]) if b in by_bucket else None for b in buckets],
        colour=colour,
    )


def _draw(
    title: str,
    lines: Sequence[Line],
    unit: str,
    key: str,
    *,
    usual: str | None = None,
    judged: int = 0,
    tick: str | None = None,
) -> None:
    """judged: which of the lines the usual band is of."""
    band = view.usual.get(usual) if usual else None
    ui.chart(
        title + beside(lines[judged].y, band),
        charts.time_chart(
            lines,
            zone=frame.zone,
            zone_name=frame.zone_name,
            unit=unit,
            marks=marks,
            within=within,
            tick_format=tick,
            band=charts.Band(low=band[0], high=band[1], label="usual") if band else None,
            height=200,
        ),
        key=key,
        query=chart_data.Query(name="component_series", parameters=frame.scope),
        chooses="time",
    )


def _last(pick: Callable[[SeriesPoint], float | None]) -> float | None:
    """The newest known value."""
    return next((value for point in reversed(view.series) if (value := pick(point)) is not None), None)


def _has(pick: Callable[[SeriesPoint], float | None]) -> bool:
    return any(pick(point) is not None for point in view.series)


def _traffic(view: ComponentView) -> None:
    total = sum(p.requests for p in view.series)
    errors = sum(p.errors for p in view.series)
    cost = [p.cost_usd for p in view.series if p.cost_usd is not None]
    step = formats.span(buckets[1] - buckets[0])
    whole = view.total
    p50, p95, first = (whole.p50_s, whole.p95_s, whole.ttft_p95_s) if whole else (None, None, None)
    first_tokens = _has(lambda p: p.ttft_p95_s)
    with layout.side_by_side(3 + first_tokens + bool(cost)) as grid:
        with grid.cell(), st.container(border=True, height="stretch"):
            _draw(
                f"{formats.count(total)} requests",
                [_line("requests", lambda p: p.requests)],
                f"requests per {step}",
                "requests",
                usual="requests",
            )
        with grid.cell(), st.container(border=True, height="stretch"):
            _draw(
                f"{formats.share(errors / total)} of requests failed" if errors else "No request failed",
                [_line("error rate", lambda p: p.errors / p.requests)],
                "failed requests",
                "errors",
                usual="error_rate",
                tick=".1%",
            )
        with grid.cell(), st.container(border=True, height="stretch"):
            _draw(
                f"Half take {formats.seconds(p50)}, one in twenty more than {formats.seconds(p95)}",
                [
                    _line("p50", lambda p: p.p50_s, theme.CURRENT_3),
                    _line("p95", lambda p: p.p95_s),
                    _line("p99", lambda p: p.p99_s, theme.CURRENT_2),
                ],
                "duration, seconds",
                "latency",
                usual="p95_s",
                judged=1,
            )
        if first_tokens:
            with grid.cell(), st.container(border=True, height="stretch"):
                _draw(
                    f"First token: one in twenty later than {formats.seconds(first)}",
                    [
                        _line("p50", lambda p: p.ttft_p50_s, theme.CURRENT_3),
                        _line("p95", lambda p: p.ttft_p95_s),
                    ],
                    "time to first token, seconds",
                    "ttft",
                    usual="ttft_p95_s",
                    judged=1,
                )
        if cost:
            with grid.cell(), st.container(border=True, height="stretch"):
                _draw(
                    f"{formats.dollars(sum(cost))} spent, {formats.dollars(sum(cost) / total)} a request",
                    [_line("cost", lambda p: p.cost_usd)],
                    f"US dollars per {step}",
                    "cost",
                    usual="cost_usd",
                )


def _lengths() -> None:
    pairs = (
        ("Input", lambda p: p.input_tokens_p50, lambda p: p.input_tokens_p95, "input_tokens_p50"),
        ("Output", lambda p: p.output_tokens_p50, lambda p: p.output_tokens_p95, "output_tokens_p50"),
    )
    shown = [pair for pair in pairs if _has(pair[1])]
    if not shown:
        return
    with layout.side_by_side(len(shown)) as grid:
        for word, middle, high, usual in shown:
            with grid.cell(), st.container(border=True, height="stretch"):
                _draw(
                    f"{word} length: {formats.number(_last(middle))} tokens in the middle, lately",
                    [_line("p50", middle), _line("p95", high, theme.CURRENT_2)],
                    "tokens",
                    f"{word.lower()}_tokens",
                    usual=usual,
                )


checks = ui.fetch(frame, *of_checks)
courses = component_check_parts.courses(checks.drift)
component_head.head(view, row, frame)
drags = [] if viewer.on_phone() else ["drag across a chart to narrow the range"]
st.caption(plain(" · ".join([f"{frame.range_words} ({frame.zone_name})", *drags, *([said] if said else [])])))
above = component_check_parts.wrong(courses, frame, marks, within)


@st.fragment
@ui.guarded
def _look_closer() -> None:
    """The rest by theme, one at a time; another theme draws nothing else again."""
    seen = urls.url("view")
    look = seen if seen in _VIEWS else "traffic"
    urls.switch("What to look at", "view", _signed(), chosen=look)
    if look == "traffic":
        if view.usual:
            st.caption(plain(f"Shaded: where 90 % of the {frame.before_words} before lay."))
        _traffic(view)
    elif look == "quality":
        component_parts.quality(checks.quality, frame, chosen, marks, within)
    elif look == "versions":
        component_parts.versions(frame, chosen)
    elif look == "requests":
        component_parts.samples(frame, chosen)
    if look in _CONCERNS:
        rest = [c for c in courses if c not in above and c.last.concern in _CONCERNS[look]]
        shown = _CHECKS_IN_SIGHT.get(look, 0)
        component_check_parts.checks(rest, frame, marks, within, shown=shown)
    if look == "texts":
        component_check_parts.explained(checks.explanation, frame)
        _lengths()


def _signed() -> dict[str, str]:
    """The names of the views, with a sign where a check is out of band now."""
    out = {c.last.concern for c in courses if c.is_out}
    sign = theme.HEALTH["breach"].symbol
    return {
        name: f"{sign} {word}" if out.intersection(_CONCERNS.get(name, ())) else word
        for name, word in _VIEWS.items()
    }


_look_closer()
range_parts.watch(frame)
