"""Every monitor with what it said last, and whether the runs themselves are healthy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import streamlit as st

from dashboard import chart_data, charts_window, formats, monitor_parts, range_parts, theme, ui, urls
from dashboard.data import Run
from dashboard.data_incident import monitor_series
from dashboard.data_monitors import MonitorRow, monitors_view
from dashboard.filter_parts import Uses
from dashboard.frame import Frame
from dashboard.text import plain, visible
from monitors.alerting.words import field_words

# So many times between runs tell how often they come.
_FEWEST_GAPS = 2
_ORDER = {"error": 0, "breach": 1, "no_data": 2, "ok": 3}


def _runs(frame: Frame, runs: Sequence[Run]) -> None:
    """The last run in a sentence; a failed one loudly: while runs fail, nobody is watching."""
    last = runs[0]
    failed = [r for r in runs if r.status == "failed"]
    if last.status == "failed":
        st.error(
            f"It started {frame.when(last.started_at)} ({frame.zone_name}). "
            "Nothing is watched until a run succeeds.",
            title="The last monitor run failed",
            icon=":material/error:",
        )
        st.code(visible(last.error or "no reason was recorded"), language=None, wrap_lines=True)
    elif last.status == "running" and frame.now - last.started_at > timedelta(hours=1):
        st.warning(
            f"A run started {frame.when(last.started_at)} and never finished. "
            "Its process was probably stopped.",
            icon=":material/hourglass_disabled:",
        )
    elif failed:
        st.warning(
            f"{len(failed)} of the last {len(runs)} runs failed, "
            f"the newest {frame.when(failed[0].started_at)}. Later ones caught up.",
            icon=":material/error:",
        )
        st.code(visible(failed[0].error or "no reason was recorded"), language=None, wrap_lines=True)
    with st.grid(5, min_column_width=170, gap="small"):
        st.metric(
            "Running since" if last.status == "running" else "Last run",
            # Short enough for a phone; when exactly is in the tooltip and in the list of runs.
            formats.ago(last.started_at, frame.now),
            border=True,
            help=plain(frame.when(last.started_at)),
        )
        _next(frame, runs)
        st.metric("Windows evaluated", formats.count(last.windows_evaluated), border=True)
        st.metric(
            "Results in breach",
            f"{formats.count(last.breaches)} of {formats.count(last.results_written)}",
            border=True,
        )
        st.metric("Took", formats.seconds(last.duration_s), border=True)


def _next(frame: Frame, runs: Sequence[Run]) -> None:
    """When the next run is due, by the usual time between the last ones: cron knows, and tells nobody."""
    starts = [r.started_at for r in runs]
    gaps = sorted(later - earlier for later, earlier in pairwise(starts))
    if len(gaps) < _FEWEST_GAPS:
        value, told = formats.UNKNOWN, "Too few runs yet to know how often they come."
    else:
        gap = gaps[len(gaps) // 2]
        due = starts[0] + gap
        late = frame.now - due
        value = "now" if late > timedelta() else f"in {formats.span(-late)}"
        if late > gap:
            value = f"{formats.span(late)} late"
        told = f"Runs usually start {formats.span(gap)} apart; the next is due {frame.when(due)}."
    st.metric("Next run", plain(value), border=True, help=told)


def _history(frame: Frame, runs: Sequence[Run]) -> None:
    with st.expander("The one run so far" if len(runs) == 1 else f"The last {len(runs)} runs"):
        st.dataframe(
            [
                {
                    "Started": frame.when(r.started_at),
                    "Status": {"ok": "✓ ok", "failed": "✕ failed", "running": "○ running"}.get(
                        r.status, r.status
                    ),
                    "Took": formats.seconds(r.duration_s),
                    "Windows": formats.count(r.windows_evaluated),
                    "Results": formats.count(r.results_written),
                    "In breach": formats.count(r.breaches),
                    "Checks failed": formats.count(r.monitor_errors),
                    "Spans": formats.count(r.spans_seen),
                    "Error": r.error or "",
                    "Version": r.code_version,
                    "Config": r.config_hash,
                }
                for r in runs
            ],
            hide_index=True,
            alt="The last monitor runs",
        )


def _one(frame: Frame, row: MonitorRow) -> None:
    points = ui.fetch(frame, monitor_series, row.monitor, frame.span)
    with st.container(border=True):
        ui.heading(
            f"{row.component} {field_words(row.field)}: {theme.RESULT_WORDS.get(row.status, row.status)}"
        )
        st.text(row.reason)
        st.caption(
            plain(
                f"{row.check_name.replace('_', ' ')} · "
                f"reference: {row.reference_name or row.reference_kind} · "
                f"{formats.count(row.n_current)} rows now, "
                f"{formats.count(row.n_reference)} in the reference, "
                f"{formats.count(row.n_sampled)} sampled"
            )
        )
        if row.sees:
            st.caption(plain(f"What it finds four times in five: {row.sees}."))
        if row.incidents:
            st.caption(
                f"Its alerts were part of {row.incidents} incident{'s' if row.incidents > 1 else ''}; "
                f"people called {row.noise} of them noise."
            )
        if not any(p.value is not None for p in points):
            ui.nothing(
                "No value in this range", "Every window lacked data; the sentence above says what is missing."
            )
            return
        ui.chart(
            f"{row.breaches} of {row.windows} windows out of band" if row.breaches else "Within its band",
            charts_window.window_chart(
                points,
                zone=frame.zone,
                zone_name=frame.zone_name,
                unit=row.unit,
                concern=row.concern,
                within=(frame.span.start, frame.span.end),
            ),
            key="monitor_chart",
            rows=charts_window.window_rows(points),
            query=chart_data.Query(
                name="monitor_series", parameters={"monitor": row.monitor, **frame.span.parameters}
            ),
            chooses="time",
        )
        urls.link(
            urls.COMPONENT,
            f"{row.component} over time",
            component=row.component,
            icon=":material/deployed_code:",
        )


frame = ui.open_page(
    "Monitors",
    Uses(version=None, environment=False, rest="A monitor judges all versions and environments together."),
)
view = ui.fetch(frame, monitors_view, frame.chain, frame.span, frame.now.replace(second=0, microsecond=0))
if not view.runs:
    ui.empty(
        "No monitor has run yet",
        "Run once by hand, then from cron: the README has the line.",
        ["chainwatch run"],
    )
_runs(frame, view.runs)
_history(frame, view.runs)
for silence in view.silences:
    st.caption(
        plain(
            f"Silenced until {frame.when(silence.ends_at)} by {silence.author}: "
            f"{', '.join(f'{k} = {v}' for k, v in silence.matchers.items())} ({silence.comment})"
        )
    )
if not view.monitors:
    ui.empty(
        "The runs found nothing to evaluate in this chain",
        "A monitor needs complete windows and a reference: some days of production, or an evaluation set.",
    )
counts = Counter(m.status for m in view.monitors)
ui.heading(
    ", ".join(
        f"{counts[s]} {word}"
        for s, word in (
            ("breach", "out of band"),
            ("error", "failed"),
            ("no_data", "without data"),
            ("ok", "within their bands"),
        )
        if counts[s]
    )
    or "No monitors",
    "Each monitor in its latest window. One window out of band is not yet an alert. "
    "Choose a row to see it over time.",
)
with st.container(horizontal=True, vertical_alignment="bottom"):
    state = urls.url("state")
    urls.choose(
        "State",
        "state",
        [s for s in _ORDER if counts[s]],
        chosen=state,
        any_word="All",
        words=lambda s: theme.RESULT_WORDS[s],
        width=170,
    )
rows = sorted(
    (
        m
        for m in view.monitors
        if frame.component in (None, m.component) and (state not in counts or m.status == state)
    ),
    key=lambda m: (_ORDER.get(m.status, 9), m.component, m.monitor),
)
if rows:
    monitor_parts.table(frame, rows)
else:
    ui.nothing("No monitor fits", "Loosen a filter.")
selected = next((m for m in view.monitors if m.monitor == urls.url("monitor")), None)
if selected is not None:
    _one(frame, selected)
range_parts.watch(frame)
