"""The parts of the data page about upkeep: retention, the disk, the commands."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from dashboard import formats, theme, ui, urls
from dashboard.data_upkeep import CALLS_WITHIN, CommandRow, Disk, KeptRow, UpkeepView
from dashboard.store_view import Look, Settings, size
from dashboard.terms import field_help
from dashboard.text import visible

_LITTLE_SHARE = 0.1
_FEW_DAYS = 14
_NEVER_ENDED = timedelta(hours=1)
_KIND_TERM = {"spans": "spans_kept"}
# What each row of the commands is; the key is what the read calls it.
_COMMANDS = {
    "run": "chainwatch run: the monitors",
    "prune": "chainwatch prune: deletes by age",
    "judge": "chainwatch judge: grades answers",
    "messages": "messages, sent at the end of a run",
    "storing": "chainwatch serve: stores the spool",
    "forget": "chainwatch forget: deletes a user",
    "label": "chainwatch label: grades by people",
}


def retention(view: Look, rows: tuple[KeptRow, ...], settings: Settings) -> None:
    """How long each kind of data is kept, and when some of it goes next."""
    limited = [r for r in rows if r.limit is not None]
    ui.heading(
        f"{len(limited)} of {len(rows)} kinds of data have an age limit"
        if limited
        else "Everything is kept for ever"
    )
    if settings.problem:
        st.error("The limits of retention are not in force: nothing is pruned.", icon=":material/error:")
        st.code(visible(settings.problem), language=None, wrap_lines=True)
    elif not limited:
        st.text("No limit is set. When the disk fills, set some in [retention] of chainwatch.toml, such as:")
        st.code('[retention]\ntexts = "30d"\nspans = "180d"\nquarantine = "30d"', language=None)
    st.dataframe(
        [
            {
                "Kind": r.kind,
                "Limit": formats.span(r.limit) if r.limit is not None else "none: all is kept",
                "Oldest": view.when(r.oldest_at) if r.oldest_at else "nothing stored",
                "Its age": formats.span(view.now - r.oldest_at) if r.oldest_at else formats.UNKNOWN,
                "Next prune": _due(view, r),
                "What it is": field_help(_KIND_TERM.get(r.kind, r.kind)),
            }
            for r in rows
        ],
        hide_index=True,
        column_config={"Next prune": st.column_config.TextColumn(help=field_help("next_prune"))},
        alt="Age limits, and the oldest row of each kind of data",
    )


def _due(view: Look, row: KeptRow) -> str:
    if row.limit is None:
        return "never"
    if row.due_at is None:
        return "nothing to prune"
    if row.due_at <= view.now:
        return "due: with the next run"
    return f"{view.when(row.due_at)}, {view.age(row.due_at)}"


def disk(found: Disk) -> None:
    """How large the warehouse is, how much room there is, and how long that lasts."""
    days = found.days_left
    low = found.free_share < _LITTLE_SHARE or (days is not None and days < _FEW_DAYS)
    ui.heading(
        f"The warehouse has {size(found.warehouse)}; {size(found.free)} of the disk are free"
        + (f", enough for {_days(days)}" if days is not None else "")
    )
    if low:
        st.warning(
            "A full disk stops everything: the receiver refuses, runs fail. Set age limits in [retention], "
            "give space back, or move CHAINWATCH_HOME to a larger disk.",
            title="The disk is nearly full",
            icon=":material/hard_drive:",
        )
        st.code("chainwatch prune --dry-run\nchainwatch prune --compact", language=None)
    with st.grid(4, min_column_width=150, gap="small"):
        st.metric("Warehouse", size(found.warehouse), border=True)
        st.metric("Empty inside", size(found.empty), border=True, help=field_help("empty"))
        st.metric("Disk free", f"{size(found.free)}, {formats.share(found.free_share)}", border=True)
        st.metric("Growth a day", size(found.growth_a_day), border=True, help=field_help("growth"))


def _days(days: float) -> str:
    return "more than ten years" if days > 3_650 else f"about {days:,.0f} days"


def commands(view: Look, found: UpkeepView) -> None:
    """The last call of each command, and how many failed."""
    failed = [r for r in found.commands if _bad(view, r)]
    ui.heading(
        f"Not well at the last call: {', '.join(r.command for r in failed)}"
        if failed
        else "No command failed at last",
        f"Calls are counted over {CALLS_WITHIN.days} days.",
    )
    st.dataframe(
        [
            {
                "State": _state(view, r),
                "Command": _COMMANDS[r.command],
                "Last": view.when(r.last_at) if r.last_at else "never",
                "Ago": view.age(r.last_at),
                "Took": formats.seconds(r.took_s),
                "Calls": formats.count(r.calls),
                "Failed": formats.count(r.failed),
            }
            for r in found.commands
        ],
        hide_index=True,
        alt="Commands and their last calls",
    )
    for row in found.commands:
        if row.note and _bad(view, row):
            st.caption(f"What {row.command} said:")
            st.code(visible(row.note), language=None, wrap_lines=True)
    if any(r.command == "run" and r.state == "never" for r in found.commands):
        st.text("No run has looked at the data yet. Run once by hand, then from cron:")
        st.code("chainwatch run", language=None)
    else:
        urls.link(urls.MONITORS, "All runs and what each monitor said", icon=":material/monitor_heart:")


def last_run(view: Look, found: UpkeepView) -> None:
    """When the monitors ran last and, where that is not well, what became of it."""
    run = next(r for r in found.commands if r.command == "run")
    label = f"Last run: {_state(view, run)}" if _bad(view, run) else "Last run"
    st.metric(label, view.age(run.last_at) if run.last_at else "never", border=True)


def _state(view: Look, row: CommandRow) -> str:
    if row.state == "running":
        return "✕ Never finished" if _bad(view, row) else "○ Running"
    if row.state == "never":
        return "○ Never"
    if row.state == "stopped":
        return "▲ Stopped early"
    look = theme.HEALTH["error" if row.state == "failed" else "ok"]
    return f"{look.symbol} {'Failed' if row.state == 'failed' else look.word}"


def _bad(view: Look, row: CommandRow) -> bool:
    if row.state == "running":
        return row.last_at is not None and view.now - row.last_at > _NEVER_ENDED
    return row.state in ("failed", "stopped")
