"""One incident, from what broke to what to do: made to be read in under a minute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import streamlit as st

from dashboard import (
    chart_data,
    charts_marks,
    charts_window,
    formats,
    incident_actions,
    incident_finding,
    incident_messages,
    incident_parts,
    incident_versions,
    incident_ways,
    range_parts,
    ranges,
    theme,
    ui,
    urls,
)
from dashboard.data_incident import (
    AlertRow,
    IncidentRow,
    IncidentView,
    affected,
    incident_view,
    incidents,
    monitor_series,
)
from dashboard.filter_parts import Uses
from dashboard.frame import Frame
from dashboard.text import plain
from monitors.alerting.words import against_threshold, field_words


def _label(incident: IncidentRow, frame: Frame) -> str:
    look = theme.INCIDENT[incident.state]
    return (
        f"{look.symbol} {look.word} · {formats.clip(incident.title, 70)} · {frame.when(incident.started_at)}"
    )


def _headline(view: IncidentView, frame: Frame) -> None:
    incident = view.incident
    with st.container(horizontal=True, vertical_alignment="center"):
        ui.badge(theme.INCIDENT[incident.state])
        st.badge(
            {"page": "Page", "ticket": "Ticket"}.get(incident.severity, plain(incident.severity)),
            icon=":material/notifications_active:"
            if incident.severity == "page"
            else ":material/assignment:",
            color="gray",
        )
        st.badge(
            theme.CONCERN.get(incident.cause, plain(incident.cause)), icon=":material/category:", color="gray"
        )
        if incident.noise:
            st.badge("Called noise", icon=":material/volume_off:", color="gray")
    st.header(plain(incident.title), anchor=False)
    st.text(incident_finding.finding(view))
    if incident.merged_into:
        urls.link(urls.INCIDENT, "Explained by another incident", incident=incident.merged_into)
    over = incident.resolved_at or frame.extent.last_at
    deploy = view.deploy
    with st.grid(5, min_column_width=150, gap="small"):
        incident_parts.fact(
            # Nobody is to blame for what users send.
            "Where it began" if incident.cause == "input" else "To blame",
            incident.component,
            "Ruled out: " + (", ".join(incident_parts.ruled_out_names(view)) or "nobody"),
        )
        incident_parts.fact(
            "Since", frame.when(incident.started_at), incident_parts.interval_words(incident, frame.zone)
        )
        incident_parts.fact(
            "Deploy",
            f"{deploy.component} {deploy.field}" if deploy else "No deploy explains this",
            f"{deploy.previous_value or '?'} → {deploy.value}, "
            f"{formats.span(abs(incident.started_at - deploy.deployed_at))} "
            f"{'before' if deploy.deployed_at <= incident.started_at else 'after the estimate'}"
            if deploy
            else "nothing changed its version near the start",
        )
        incident_parts.fact(
            "Lasted" if incident.resolved_at else "Lasting",
            formats.span(over - incident.started_at),
            f"found {frame.when(incident.detected_at)}"
            + (f", over {frame.when(incident.resolved_at)}" if incident.resolved_at else ""),
        )
        _affected(incident, frame)


def _affected(incident: IncidentRow, frame: Frame) -> None:
    """How many traces it concerns, with the list of exactly those."""
    began = incident.started_at_low or incident.started_at
    over = incident.resolved_at or max(frame.extent.last_at, incident.detected_at)
    name, span = ranges.span_of(
        ranges.text_of(began, over + timedelta(minutes=1)), frame.extent.last_at, now=frame.now
    )
    hit = ui.fetch(frame, affected, incident.chain, incident.component, span)
    card = incident_parts.fact(
        "Traces affected",
        formats.count(hit.traces),
        f"went through {incident.component}, {formats.count(hit.failed)} failed there",
    )
    if not hit.traces:
        return
    with card:
        urls.link(
            urls.TRACES,
            "List them",
            chain=incident.chain,
            component=incident.component,
            range=name,
            version=urls.ALL,
            environment=urls.ALL,
            icon=":material/segment:",
        )


def _metric(view: IncidentView, frame: Frame) -> None:
    """The value that moved, against its threshold; a picker when several did."""
    if not view.alerts:
        ui.nothing(
            "No alert is linked to this incident", "Its monitors may have been removed from the warehouse."
        )
        return
    lead = view.evidence.get("lead")
    first = lead.get("monitor") if isinstance(lead, dict) else None
    names = [a.monitor for a in view.alerts]
    chosen = urls.url("monitor")
    monitor = chosen if chosen in names else first if first in names else names[0]
    alert = next(a for a in view.alerts if a.monitor == monitor)
    if len(names) > 1:
        urls.choose(
            "Measured by",
            "monitor",
            names,
            chosen=monitor,
            words=lambda m: _alert_words(next(a for a in view.alerts if a.monitor == m)),
            width=460,
        )
    points = ui.fetch(frame, monitor_series, alert.monitor, view.span)
    if not any(p.value is not None for p in points):
        ui.nothing(
            "What was measured is not stored any more",
            f"Nothing is kept of {alert.component} {field_words(alert.field)} around then. The alert said: "
            f"{alert.reason}.",
        )
        return
    within = (view.span.start, view.span.end)
    mine = [d for d in view.deploys if d.component == alert.component or d == view.deploy]
    marks, said = charts_marks.deploy_marks(mine, within=within, zone=frame.zone)
    marks.append(
        charts_marks.change_mark(
            view.incident.started_at, view.incident.started_at_low, view.incident.started_at_high
        )
    )
    ui.chart(
        f"{alert.component} {field_words(alert.field)}: {_how_far(alert)}",
        charts_window.window_chart(
            points,
            zone=frame.zone,
            zone_name=frame.zone_name,
            unit=alert.unit,
            concern=alert.concern,
            marks=marks,
            within=within,
            height=300,
        ),
        key="metric",
        note=said,
        rows=charts_window.window_rows(points),
        query=chart_data.Query(
            name="monitor_series", parameters={"monitor": alert.monitor, **view.span.parameters}
        ),
    )


def _how_far(alert: AlertRow) -> str:
    """How far it is out, as the chart below draws it: nobody knows how large a distance is much."""
    if charts_window.is_distance(alert.unit, alert.concern) and alert.value is not None and alert.threshold:
        return f"{formats.number(alert.value / alert.threshold)} times its threshold"
    return against_threshold(alert.value, alert.threshold, alert.unit) or "no value"


def _alert_words(alert: AlertRow) -> str:
    return (
        f"{alert.component} · {field_words(alert.field)} · {alert.check_name.replace('_', ' ')}"
        f" against {theme.AGAINST.get(alert.reference_kind, alert.reference_kind)}"
    )


def _fits(incident: IncidentRow, frame: Frame) -> bool:
    """Whether the filters leave it in the list. One that needs somebody is never too old."""
    return (
        (incident.chain == frame.chain or incident.cause == "monitoring")
        and frame.component in (None, incident.component)
        and (
            incident.resolved_at is None
            or (incident.resolved_at >= frame.span.start and incident.started_at < frame.span.end)
        )
    )


def _left_out(stored: Sequence[IncidentRow], shown: Sequence[IncidentRow], frame: Frame) -> None:
    """Open incidents that the filters leave out are told of all the same."""
    rest = [i for i in stored if i.state != "resolved" and i not in shown]
    if not rest:
        return
    noun = "incident is" if len(rest) == 1 else "incidents are"
    st.warning(f"{len(rest)} open {noun} left out by the filters.", icon=":material/filter_alt:")
    urls.link(
        urls.INCIDENT,
        f"{rest[0].chain}: {rest[0].title}",
        chain=rest[0].chain,
        incident=rest[0].incident_id,
        icon=":material/arrow_forward:",
    )


frame = ui.open_page(
    "Incidents",
    Uses(version=None, environment=False, rest="An incident is of all versions and environments together."),
)
stored = ui.fetch(frame, incidents, None)
wanted = urls.url("incident")
found = [i for i in stored if i.incident_id == wanted or _fits(i, frame)]
_left_out(stored, found, frame)
if not found:
    if stored:
        ui.empty(
            "No incident fits the filters",
            f"{len(stored)} are stored, the newest found {frame.when(max(i.detected_at for i in stored))}. "
            "Choose a longer range, another chain, or all components.",
        )
    if frame.landing.runs:
        ui.empty(
            "No incident yet",
            "Monitors have run and found nothing that needs a person. The overview shows why.",
        )
    ui.empty(
        "No incident, because nobody has looked",
        "No monitor has run on this warehouse yet.",
        ["chainwatch run"],
    )
ids = [i.incident_id for i in found]
if wanted is not None and wanted not in ids:
    st.warning(
        "The link names an incident that is not stored here. This is the most pressing one instead.",
        icon=":material/link_off:",
    )
    wanted = None
current = next((i for i in found if i.incident_id == wanted), found[0])
if not any(i.state != "resolved" for i in found):
    st.success("No open incident. These are the past ones.", icon=":material/check_circle:")
if wanted is None:
    urls.set_url("incident", current.incident_id)
by_id = {i.incident_id: i for i in found}
urls.choose(
    f"{len(found)} incident{'s' if len(found) > 1 else ''}, the most pressing first",
    "incident",
    ids,
    chosen=current.incident_id,
    words=lambda i: _label(by_id[i], frame),
    resets=("monitor",),
)
view = ui.fetch(frame, incident_view, current, frame.now.replace(second=0, microsecond=0))
_headline(view, frame)
left, right = st.columns([7, 3], gap="medium")
with left, st.container(border=True):
    _metric(view, frame)
    incident_ways.ways_on(view, frame)
with right, st.container(border=True):
    incident_actions.panel(view, frame)
with st.container(border=True):
    incident_parts.propagation(view, frame)
incident_parts.examples(view)
incident_parts.explained(view)
incident_parts.terms(view)
incident_versions.versions(view)
with st.container(border=True):
    incident_parts.evidence(view, frame)
incident_messages.messages(view, frame)
range_parts.watch(frame)
