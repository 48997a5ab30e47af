"""The chain in one look: is the application well, which component is not, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import streamlit as st

from dashboard import charts, charts_chain, charts_trace, formats, theme, ui
from dashboard.data_overview import ComponentHealth, Overview, overview
from dashboard.text import plain


def _status(frame: ui.Frame, view: Overview) -> None:
    """One sentence first: how many incidents, or that all is well and who says so."""
    burning = [i for i in view.incidents if i.state != "resolved"]
    if burning:
        noun = "incident" if len(burning) == 1 else "incidents"
        st.error(
            plain(f"{burning[0].title}, since {frame.when(burning[0].started_at)} ({frame.zone_name})."),
            title=f"{len(burning)} open {noun}",
            icon=":material/local_fire_department:",
        )
        for incident in burning[:5]:
            with st.container(horizontal=True, vertical_alignment="center"):
                ui.badge(theme.INCIDENT[incident.state])
                ui.link(
                    ui.INCIDENT, f"{incident.title}, found {frame.when(incident.detected_at)}",
                    incident=incident.incident_id, icon=":material/arrow_forward:",
                )  # fmt: skip
    elif not view.last_runs:
        st.info(
            "Nobody is watching this chain yet: no monitor has run. The figures below come from the spans.",
            title="Not watched",
            icon=":material/visibility_off:",
        )
        st.code("chainwatch run", language=None)
    else:
        seen = sum(sum(c.monitors.values()) for c in view.components)
        st.success(
            f"No open incident. {seen} monitors looked at {len(view.components)} components.",
            icon=":material/check_circle:",
        )


def _runs(frame: ui.Frame, view: Overview) -> None:
    """What the last run did; a failed one is said loudly, because then nobody is watching."""
    newest = frame.extent.last_at
    lag = frame.now - newest
    parts = [f"Newest span {frame.when(newest)} ({formats.ago(newest, frame.now)})"]
    if view.last_runs:
        last = view.last_runs[0]
        if last.status == "failed":
            st.error(
                f"The last monitor run failed {formats.ago(last.started_at, frame.now)}; nothing was evaluated.",
                icon=":material/error:",
            )
            st.code(last.error or "no reason was recorded", language=None)
        elif last.status == "ok":
            parts.append(
                f"last run {frame.when(last.started_at)}: {formats.count(last.windows_evaluated)} windows, "
                f"{formats.count(last.results_written)} results, {formats.count(last.breaches)} in breach, "
                f"in {formats.seconds(last.duration_s)}"
            )
        else:
            parts.append(f"a run is going on since {frame.when(last.started_at)}")
    parts.append(f"times are {frame.zone_name}")
    st.caption(plain(" · ".join(parts)))
    if frame.landing.quarantined:
        st.caption(plain(f"{formats.count(frame.landing.quarantined)} records could not be read and are in quarantine."))
    if lag > timedelta(days=1) and not view.last_runs:
        st.caption("The newest span is old. Is the exporter still sending?")


def _chain(view: Overview) -> None:
    parts = [c for c in view.components if not c.row.is_application] or list(view.components)
    application = next((c for c in view.components if c.row.is_application), None)
    nodes = [_node(c) for c in parts]
    if len(view.components) == 1:
        title = "This chain has one component"
    else:
        bad = [c.row.component for c in parts if c.health == "breach"]
        title = (
            "Every component is within its bands"
            if not bad
            else f"{', '.join(bad[:3])} {'is' if len(bad) == 1 else 'are'} out of band"
        )
        if not any(c.monitors for c in view.components):
            title = "The chain, in the order of the calls"
    st.markdown(f"**{plain(title)}**")
    frame_label = None
    if application is not None and application not in parts:
        look = theme.HEALTH[application.health]
        frame_label = f"{look.symbol} {application.row.component} (application): {application.health_reason}"
    picked = st.plotly_chart(
        charts_chain.chain_figure(nodes, application=frame_label),
        key="chain_graph",
        config=charts.CONFIG,
        alt=title,
        on_select="rerun",
        selection_mode="points",
    )
    points = picked["selection"]["points"] if picked else []
    if points and "customdata" in points[0]:
        st.switch_page(ui.COMPONENT, query_params=ui.params(component=str(points[0]["customdata"])))
    st.caption("✓ within its bands   ▲ an alert is firing   ○ no data   ✕ a monitor failed   ◯ ring: the cause")


def _node(part: ComponentHealth) -> charts_chain.Node:
    now = part.now
    return charts_chain.Node(
        component=part.row.component,
        health=part.health,
        notes=(theme.HEALTH[part.health].word, f"p95 {formats.seconds(now.p95_s)}" if now else "no spans"),
        details=(
            part.health_reason,
            f"{formats.count(now.requests)} requests, {formats.share(now.error_rate)} errors" if now else "no spans",
        ),
        is_cause=part.is_cause,
    )


def _cards(part: ComponentHealth) -> None:
    """One component: five figures with their course."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            ui.badge(theme.HEALTH[part.health])
            ui.link(ui.COMPONENT, part.row.component, component=part.row.component)
            st.caption(plain(("application · " if part.row.is_application else f"{part.row.kind} · ") + part.health_reason))
        now, before, points = part.now, part.before, part.points
        if now is None:
            st.text("No spans in this range.")
            return
        quality = part.quality
        with st.grid(5, min_column_width=148, gap="small"):
            _metric("Requests", formats.count(now.requests), now.requests, before and before.requests, points.requests, "off")
            _metric("Error rate", formats.share(now.error_rate), now.error_rate, before and before.error_rate, points.error_rate, "inverse")
            _metric("p95 duration", formats.seconds(now.p95_s), now.p95_s, before and before.p95_s, points.p95_s, "inverse")
            _metric("Cost", formats.dollars(now.cost_usd), now.cost_usd, before and before.cost_usd, points.cost_usd, "off")
            if quality is None:
                st.metric("Quality", formats.UNKNOWN, help="No grades in this range: this component is not judged.")
            else:
                _metric(
                    quality.criterion.capitalize(), _interval(quality.mean, quality.low, quality.high),
                    quality.mean, quality.previous_mean, points.quality, "normal",
                )  # fmt: skip


def _interval(mean: float, low: float | None, high: float | None) -> str:
    return formats.number(mean) if low is None or high is None else f"{mean:.2f} ± {(high - low) / 2:.2f}"


def _metric(
    label: str, text: str, now: float | None, before: float | None, points: Sequence[float | None], colour: str
) -> None:
    change = formats.relative(now, before)
    st.metric(
        plain(label), plain(text), delta=change, delta_color=colour,  # type: ignore[arg-type]
        chart_data=[float("nan") if p is None else p for p in points] if any(p is not None for p in points) else None,
        chart_type="line", height="stretch",
    )  # fmt: skip


frame = ui.open_page("Overview")


@st.fragment(run_every=frame.settings.refresh_s)
@ui.guarded
def _live() -> None:
    view = ui.fetch(frame, overview, frame.chain, frame.span)
    _status(frame, view)
    _runs(frame, view)
    if not any(c.now for c in view.components):
        ui.nothing(
            "No spans in this range",
            f"The chain {frame.chain} has spans from {frame.when(frame.extent.first_at)} to "
            f"{frame.when(frame.extent.last_at)}. Choose a longer range.",
        )
        return
    _chain(view)
    if view.strip:
        ui.chart(
            "What the monitors said over time",
            charts_trace.health_strip(
                view.strip, components=[c.row.component for c in view.components], buckets=view.span.buckets(),
                bucket_s=view.span.bucket_s, zone=frame.zone, zone_name=frame.zone_name,
            ),
            key="strip",
        )  # fmt: skip
    ui.heading("Components", f"{frame.range_name} up to the newest span; changes are against the {frame.range_name} before.")
    for part in view.components:
        _cards(part)
    ui.heading("What was deployed")
    if not view.deploys:
        st.text("No version changed in this range.")
    else:
        st.dataframe(
            [
                {"When": frame.when(d.deployed_at), "Component": d.component, "What changed": d.change, "Known from": d.source}
                for d in view.deploys
            ],
            hide_index=True,
            alt="Deploys in this range",
        )


_live()
