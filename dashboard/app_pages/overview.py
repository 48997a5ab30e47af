"""The chain in one look: is the application well, which component is not, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import streamlit as st

from dashboard import (
    chart_data,
    charts_chain,
    charts_trace,
    formats,
    incident_link,
    last_day_parts,
    overview_parts,
    range_parts,
    ranges,
    theme,
    ui,
    urls,
)
from dashboard.data_incident import IncidentRow
from dashboard.data_last_day import last_day
from dashboard.data_overview import ComponentHealth, Overview, overview
from dashboard.data_overview_courses import courses
from dashboard.filter_parts import Uses
from dashboard.frame import Frame
from dashboard.text import plain

# So many cells of the strip before and after the chosen one are what the component page then shows.
_AROUND = 6
_MOST_NAMED = 3
_MOST_INCIDENTS = 5
# In the session: whether the page shows figures already.
_DRAWN = "overview_drawn"
# A chain that began so little after the range before has all of it.
_LATE = timedelta(hours=12)


def _status(frame: Frame, view: Overview) -> None:
    """One sentence first: how many incidents and who is on them, or that all is well and who says so."""
    burning = [i for i in view.incidents if i.state != "resolved"]
    if burning:
        noun = "incident" if len(burning) == 1 else "incidents"
        st.error(
            plain(_on_it(burning)),
            title=f"{len(burning)} open {noun}",
            icon=":material/local_fire_department:",
        )
        for incident in burning[:_MOST_INCIDENTS]:
            incident_link.link(incident, frame)
        if len(burning) > _MOST_INCIDENTS:
            st.caption(f"And {len(burning) - _MOST_INCIDENTS} more on the page Incidents.")
        return
    counts = {state: sum(c.monitors.get(state, 0) for c in view.components) for state in theme.HEALTH}
    judged = counts["ok"] + counts["breach"]
    if not view.last_runs:
        st.info(
            "No monitor has run. The figures below come from the spans alone.",
            title="Nobody is watching this chain yet",
            icon=":material/visibility_off:",
        )
        st.code("chainwatch run", language=None, wrap_lines=True)
    elif view.last_runs[0].status == "running" and not judged:
        st.info(
            "The first results appear when it is done. The figures below come from the spans alone.",
            title="The monitors are at work",
            icon=":material/hourglass_top:",
        )
    elif not judged:
        st.warning(
            "No monitor had enough data in this range, so nothing is known: neither good nor bad. "
            "The Monitors page says what each of them is missing.",
            title="Nothing could be judged",
            icon=":material/hide_source:",
        )
    else:
        blind = f" {counts['no_data']} had no data." if counts["no_data"] else ""
        failed = f" {counts['error']} failed." if counts["error"] else ""
        st.success(
            f"{judged} monitor{'s' if judged > 1 else ''} looked at {len(view.components)} "
            f"component{'s' if len(view.components) > 1 else ''}.{blind}{failed}",
            title="No open incident",
            icon=":material/check_circle:",
        )


def _on_it(burning: Sequence[IncidentRow]) -> str:
    """Who has acknowledged what is open."""
    free = sum(i.acknowledged_by is None for i in burning)
    names = ", ".join(dict.fromkeys(i.acknowledged_by for i in burning if i.acknowledged_by is not None))
    if not names:
        return "Nobody has acknowledged it yet." if free == 1 else "Nobody has acknowledged any of them yet."
    return f"Acknowledged by {names}." + (f" {free} not acknowledged yet." if free else "")


def _chain(view: Overview) -> None:
    parts = [c for c in view.components if not c.row.is_application] or list(view.components)
    application = next((c for c in view.components if c.row.is_application), None)
    nodes = [_node(c) for c in parts]
    if len(view.components) == 1:
        title = "This chain has one component"
    else:
        title = _who_has_alerts(view.components)
        if not any(c.monitors for c in view.components):
            title = "The chain, in the order of the calls"
    frame_label = None
    if application is not None and application not in parts:
        look = theme.HEALTH[application.health]
        frame_label = f"{look.symbol} {application.row.component} (application): {application.health_reason}"
    picked = ui.chart(
        title,
        charts_chain.chain_figure(
            nodes,
            application=frame_label,
            application_is_cause=application is not None and application.is_cause,
        ),
        key="chain_graph",
        note="Ring, or the whole frame: the cause. Choose a component to see it.",
        query=chart_data.Query(name="health_latest", parameters=frame.scope),
        rows=[
            {
                "Component": c.row.component,
                "State": theme.HEALTH[c.health].word,
                "Why": c.health_reason,
                "The cause": "yes" if c.is_cause else "no",
            }
            for c in view.components
        ],
        chooses="point",
    )
    if picked is not None:
        st.switch_page(urls.COMPONENT, query_params=urls.params(component=picked))


def _since_when(view: Overview, frame: Frame) -> str:
    """What the strip shows: who had alerts, and since when."""
    hit = [c for c in view.strip if c.health == "breach"]
    if not hit:
        return "What the monitors said over time: no alert in this range"
    names = list(dict.fromkeys(c.component for c in sorted(hit, key=lambda c: c.bucket)))
    who = ", ".join(names) if len(names) <= _MOST_NAMED else f"{len(names)} components"
    first, last = min(c.bucket for c in hit), max(c.bucket for c in hit)
    said = f"What the monitors said over time: alerts of {who} "
    if last == max(c.bucket for c in view.strip):
        return f"{said}from {frame.when(first)} on"
    over = last + timedelta(seconds=view.strip_span.bucket_s)
    return f"{said}between {frame.when(first)} and {frame.when(over)}"


def _strip(view: Overview, frame: Frame) -> None:
    """What the monitors said over time; a cell leads to its component around that time."""
    chosen = ui.chart(
        _since_when(view, frame),
        charts_trace.health_strip(
            view.strip,
            components=[
                c.row.component for c in view.components if frame.component in (None, c.row.component)
            ],
            buckets=view.strip_span.buckets(),
            bucket_s=view.strip_span.bucket_s,
            zone=frame.zone,
            zone_name=frame.zone_name,
        ),
        key="strip",
        note="Choose a cell to see that component around that time.",
        query=chart_data.Query(
            name="health_strip", parameters={"chain": frame.chain, **view.strip_span.parameters}
        ),
        rows=[
            {
                "Component": c.component,
                "From": frame.when(c.bucket),
                "State": theme.HEALTH[c.health].word,
                "In breach": c.breach,
                "OK": c.ok,
                "No data": c.no_data,
                "Failed": c.error,
            }
            for c in view.strip
        ],
        chooses="point",
    )
    if chosen is not None:
        component, _, at = chosen.rpartition("@")
        around = _AROUND * timedelta(seconds=view.strip_span.bucket_s)
        begin = datetime.fromisoformat(at)
        st.switch_page(
            urls.COMPONENT,
            query_params=urls.params(
                component=component, range=ranges.text_of(begin - around, begin + around)
            ),
        )


def _who_has_alerts(components: Sequence[ComponentHealth]) -> str:
    """By name, or how many."""
    hit = [c.row.component for c in components if c.health == "breach"]
    if not hit:
        return "No component has an alert"
    if len(hit) > _MOST_NAMED:
        return f"{len(hit)} of {len(components)} components have alerts"
    return f"{', '.join(hit)} {'has' if len(hit) == 1 else 'have'} alerts"


def _node(part: ComponentHealth) -> charts_chain.Node:
    now = part.now
    return charts_chain.Node(
        component=part.row.component,
        health=part.health,
        notes=(theme.HEALTH[part.health].word, f"p95 {formats.seconds(now.p95_s)}" if now else "no spans"),
        details=(
            part.health_reason,
            f"{formats.count(now.requests)} requests, {formats.share(now.error_rate)} errors"
            if now
            else "no spans",
        ),
        is_cause=part.is_cause,
    )


frame = ui.open_page(
    "Overview",
    Uses(rest="Health, alerts, incidents, deploys and quality are of all versions and environments."),
)


# Of this run of the page, unless it is drawn again in place; the fragment below runs again by itself.
st.session_state[_DRAWN] = range_parts.is_again()


@st.fragment(run_every=frame.settings.refresh_s)
@ui.guarded
def _live() -> None:
    again = st.session_state.get(_DRAWN, False)
    of_day = (last_day, frame.chain, frame.extent.last_at, frame.only)
    of_range = (courses, frame.chain, frame.span, ui.rubric(), frame.only)
    ui.ahead(frame, *of_day)
    ui.ahead(frame, *of_range)
    view = ui.fetch(frame, overview, frame.chain, frame.span, frame.only, again=again)
    _status(frame, view)
    overview_parts.runs(frame, view)
    if not any(c.now for c in view.components):
        ui.nothing(
            "No spans in this range",
            f"The chain {frame.chain} has spans from {frame.when(frame.extent.first_at)} to "
            f"{frame.when(frame.extent.last_at)}. Choose a longer range.",
        )
        return
    graph, day = st.columns([3, 2], gap="small")
    with graph:
        _chain(view)
    # What the first screen shows comes before the rest, which takes the browser longer.
    with day:
        last_day_parts.since_yesterday(ui.fetch(frame, *of_day, again=again), frame)
    over_time = ui.fetch(frame, *of_range, again=again)
    st.session_state[_DRAWN] = True
    parts = [c for c in view.components if frame.component in (None, c.row.component)]
    length = frame.span.end - frame.span.start
    whole_before = frame.extent.first_at <= frame.span.start - length + _LATE
    cards = overview_parts.Cards(
        courses=over_time, days=length / timedelta(days=1), whole_before=whole_before
    )
    late = f" Spans begin {frame.when(frame.extent.first_at)}, too late for counts and costs."
    st.caption(
        plain(
            f"{frame.range_words}; changes are against the {frame.before_words} before."
            + ("" if whole_before else late)
        )
    )
    cards.draw([c for c in parts if c.row.is_application])
    if view.strip:
        _strip(view, frame)
    steps = [c for c in parts if not c.row.is_application]
    if steps:
        ui.heading("Components")
        cards.draw(steps)
    overview_parts.deploys(frame, view)


_live()
range_parts.watch(frame)
