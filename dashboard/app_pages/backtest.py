"""Would this have fired? Replays of history that `chainwatch backtest` kept."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from collectors.home import Home
from dashboard import charts_backtest, filter_parts, formats, store_view, ui, urls
from dashboard.data_backtest import Backtest, backtest, names
from dashboard.terms import terms
from dashboard.text import plain

_TITLE = terms().pages["backtest"].title
_COMMANDS = [
    "chainwatch backtest --from 2026-03-01",
    "chainwatch backtest --from 2026-03-01 --set monitors.latency.margin=0.3 --incidents known.toml",
]


def _label(view: store_view.Look, told: Backtest | None, name: str) -> str:
    if told is None:
        return f"{name}: cannot be read"
    return (
        f"{view.when(told.made_at)}: {view.when(told.start)} to {view.when(told.end)}, "
        f"{len(told.monitors)} monitor{'s' if len(told.monitors) != 1 else ''}"
    )


def _figures(told: Backtest) -> None:
    found = sum(k.verdict == "detected" for k in told.known or ())
    false = sum(f.verdict == "false alarm" for f in told.found)
    delays = sorted(k.delay_s for k in told.known or () if k.delay_s is not None)
    with st.grid(5, min_column_width=150, gap="small"):
        st.metric("Would have fired", f"{len(told.alerts)} alerts", border=True)
        st.metric("Incidents", formats.count(len(told.found)), border=True)
        st.metric("Messages a week", formats.number(told.messages_a_week), border=True)
        if told.known is None:
            st.metric("Known incidents", formats.UNKNOWN, border=True)
            st.metric("False alarms", formats.UNKNOWN, border=True)
        else:
            st.metric("Known incidents detected", f"{found} of {len(told.known)}", border=True)
            st.metric("False alarms", formats.count(false), border=True)
    if delays:
        st.caption(f"Detected after {formats.seconds(delays[len(delays) // 2])} in the median.")


def _finding(told: Backtest) -> str:
    """What the chart of the replay shows."""
    opened = f"{len(told.found)} incident{'' if len(told.found) == 1 else 's'} would have been opened"
    if not told.known:
        return opened
    missed = sum(k.verdict != "detected" for k in told.known)
    return f"{opened}; {missed or 'none'} of {len(told.known)} known ones missed"


def _known(view: store_view.Look, told: Backtest) -> None:
    if told.known is None:
        st.caption(
            "No known incidents were given, so nothing says which of these were right: --incidents FILE."
        )
        return
    ui.heading("Known incidents")
    st.dataframe(
        [
            {
                "Incident": k.id,
                "Component": k.component or "any",
                "From": view.when(k.started_at),
                "To": view.when(k.ended_at),
                "Verdict": "✓ detected" if k.verdict == "detected" else "✕ missed",
                "After": formats.seconds(k.delay_s),
            }
            for k in told.known
        ],
        hide_index=True,
        alt="Known incidents and whether the replay detected them",
    )


def _incidents(view: store_view.Look, told: Backtest) -> None:
    ui.heading("Incidents of the replay")
    st.dataframe(
        [
            {
                "Detected": view.when(f.started_at),
                "Component": f.component,
                "Title": f.title,
                "Until": view.when(f.ended_at) if f.ended_at else "still open",
                "Verdict": f.verdict or formats.UNKNOWN,
                "Incident": f.id,
            }
            for f in told.found
        ],
        hide_index=True,
        column_config={"Title": st.column_config.TextColumn(width="large")},
        alt="Incidents that the replay would have opened",
    )
    with st.expander(f"Every alert ({len(told.alerts)})"):
        st.dataframe(
            [
                {
                    "Fired": view.when(a["fired_at"]),
                    "Monitor": a["monitor"],
                    "Measured": formats.measured(a["value"], a["unit"]),
                    "Threshold": formats.measured(a["threshold"], a["unit"]),
                    "Resolved": view.when(a["resolved_at"]) if a["resolved_at"] else "not in the range",
                    "In words": a["reason"],
                    "Incident": a["incident_id"] or formats.UNKNOWN,
                }
                for a in told.alerts
            ],
            hide_index=True,
            column_config={"In words": st.column_config.TextColumn(width="large")},
            alt="Every alert that would have fired",
        )


def _draw() -> None:
    view, home = store_view.look(), Home.from_environment()
    kept = names(home)
    if not kept:
        ui.empty(
            "No backtest yet",
            "It replays history with any configuration and says what would have fired. The warehouse is only "
            "read. The last twenty reports are shown here.",
            _COMMANDS,
        )
    reports = {name: backtest(home, name) for name in kept}
    wanted = urls.url("report")
    current = wanted if wanted in reports else kept[0]
    urls.choose(
        f"{len(kept)} report{'s' if len(kept) > 1 else ''}, the newest first",
        "report",
        kept,
        chosen=current,
        words=lambda name: _label(view, reports[name], name),
    )
    told = reports[current]
    if told is None:
        ui.empty(
            "This report cannot be read", "It was written by another version, or by hand.", _COMMANDS[:1]
        )
    st.caption(plain(f"Configuration: {told.config} · {told.windows} windows · times in {view.zone_name}"))
    _figures(told)
    if told.found or told.known:
        margin = max((told.end - told.start) * 0.01, timedelta(minutes=1))
        ui.chart(
            _finding(told),
            charts_backtest.backtest_chart(
                told.found,
                told.known or (),
                zone=view.zone,
                zone_name=view.zone_name,
                within=(told.start - margin, told.end + margin),
            ),
            key="backtest",
        )
    else:
        ui.nothing("Nothing would have fired", "No alert in the whole range.")
    _known(view, told)
    if told.found:
        _incidents(view, told)
    if told.not_replayed:
        ui.heading("What could not be replayed")
        for sentence in told.not_replayed:
            st.text(sentence)


st.title(_TITLE, anchor=False)
filter_parts.of_installation()
ui.guarded(_draw)()
