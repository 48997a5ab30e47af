"""The parts of the data page about what comes in: sources, the spool, the quarantine."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from dashboard import charts, formats, theme, ui, urls
from dashboard.chart_data import Query
from dashboard.data_quarantine import QuarantineView
from dashboard.data_sources import MOST_SOURCES, OTHERS, Newest, SourcesView
from dashboard.data_spool import SpoolView
from dashboard.store_view import Look, Settings, size
from dashboard.terms import field_help
from dashboard.text import plain, visible

# A window, and the time that late spans have: after that the monitors have less to look at than they could.
QUIET_AFTER = timedelta(hours=1, minutes=10)
_COLOURS = (theme.CURRENT, theme.OK, theme.ERROR, theme.DEPLOY, theme.CURRENT_2)
_RECEIVED = "otlp"


def arrival(view: Look, newest: Newest, sources: SourcesView | None) -> None:
    """Whether data arrives at all, and what to do when it does not."""
    if newest.ahead:
        st.warning(
            f"{formats.count(newest.ahead)} spans are dated after now. A clock of an exporter is ahead: "
            "mend it there. The ranges here end at the newest span that is not.",
            icon=":material/schedule:",
        )
    if newest.newest_at is None:
        ui.nothing(
            "No production span is stored",
            "Only evaluation sets are, or only records that could not be taken. Load a log file, or receive "
            "traces.",
            ["chainwatch ingest logs.jsonl", "chainwatch serve"],
        )
        return
    lag = view.now - newest.newest_at
    if lag > QUIET_AFTER:
        received = sources is not None and _RECEIVED in sources.formats
        what = (
            "Is `chainwatch serve` running, and do the exporters still send to it?"
            if received
            else "Log files hold what was written when they were loaded: let cron load the newest with "
            "`chainwatch ingest`, or let exporters send to `chainwatch serve`."
        )
        st.warning(
            f"The newest span began {formats.span(lag)} ago. Monitors cannot judge what did not come. {what}",
            title="No new data",
            icon=":material/hourglass_empty:",
        )


def sources(view: Look, found: SourcesView) -> None:
    """What sends, since when not any more, and how much."""
    production = [r for r in found.rows if r.dataset == "production"]
    quiet = [r for r in production if view.now - r.newest_at > QUIET_AFTER]
    ui.heading(
        f"{found.sources} source{'s' if found.sources != 1 else ''}"
        + (f", {len(quiet)} quiet for more than an hour" if quiet else ""),
        "A source is a file or a receiver; its exporter is what wrote the spans. Newest arrival first.",
    )
    chosen = urls.url("format")
    if len(found.formats) > 1 or chosen:
        # One that a link names and the range does not hold stays a choice, so that it can be left.
        known = sorted({*found.formats, *([chosen] if chosen else [])})
        urls.choose("Format", "format", known, chosen=chosen, any_word="All", words=plain, width=170)
    if not found.rows:
        ui.nothing(
            "No source fits", "Nothing in this range came in this format. Choose a longer range, or all."
        )
        return
    rows = [
        {
            "State": "○ Quiet" if r in quiet else "✓ Arriving" if r in production else "Evaluation set",
            "Source": r.source,
            "Exporter": r.exporter or formats.UNKNOWN,
            "Dataset": r.dataset,
            "Spans": r.spans,
            "Newest span": view.when(r.newest_at),
            "Lag": view.age(r.newest_at),
            "Last arrival": view.when(r.arrived_at),
        }
        for r in found.rows
    ]
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "Source": st.column_config.TextColumn(help=field_help("source")),
            "Exporter": st.column_config.TextColumn(help=field_help("exporter")),
            "Dataset": st.column_config.TextColumn(help=field_help("dataset")),
            "Spans": st.column_config.NumberColumn(format="localized", help=field_help("spans")),
            "Lag": st.column_config.TextColumn(help=field_help("lag")),
            "Last arrival": st.column_config.TextColumn(help=field_help("last_arrival")),
        },
        alt="Sources, their newest spans and last arrivals",
    )
    if found.sources > len(found.rows):
        st.caption(f"The {len(found.rows)} that came last, of {found.sources:,}. Choose a shorter range.")
    _rate(view, found, chosen)


def _rate(view: Look, found: SourcesView, chosen: str | None) -> None:
    if not any(value is not None for feed in found.feeds for value in feed.per_hour):
        ui.nothing(
            "No production spans to draw", "The range holds less than one whole step. Choose a longer one."
        )
        return
    last, usual = found.last_per_hour, found.usual_per_hour
    title = "Production spans an hour: " + (
        f"{formats.count(last)} in the last whole step, usually {formats.count(usual)}"
        if last is not None
        else f"none in the last whole step, usually {formats.count(usual)}"
    )
    lines = [
        charts.Line(
            name=feed.name,
            x=found.buckets,
            y=feed.per_hour,
            colour=theme.NO_DATA if feed.name == OTHERS else _COLOURS[index % len(_COLOURS)],
            dash=("solid", "dash", "dot")[index % 3],
        )
        for index, feed in enumerate(found.feeds)
    ]
    ui.chart(
        title,
        charts.time_chart(
            lines,
            zone=view.zone,
            zone_name=view.zone_name,
            unit="spans an hour",
            within=(found.span.start, found.span.end),
            height=210,
        ),
        key="rate",
        note="By when they happened, in steps of "
        f"{formats.span(timedelta(seconds=found.span.bucket_s))}; the step that still fills is left out. "
        "A gap is a time without spans.",
        query=Query(
            name="sources", parameters={**found.span.parameters, "format": chosen, "limit": MOST_SOURCES}
        ),
        rows=[
            {"From": view.when(at), "Source": feed.name, "Spans an hour": round(value, 2)}
            for feed in found.feeds
            for at, value in zip(found.buckets, feed.per_hour, strict=True)
            if value is not None
        ],
    )


def spool(view: Look, found: SpoolView, settings: Settings) -> None:
    """What was acknowledged and is not stored yet."""
    late = found.oldest_at is not None and view.now - found.oldest_at > settings.lag_warning
    ui.heading(
        "The spool is empty" if not found.bytes_waiting else f"{size(found.bytes_waiting)} wait in the spool"
    )
    if not found.exists:
        st.text("No receiver has run here: chainwatch serve makes the spool. Files do not pass through it.")
        return
    if found.problem:
        st.warning(
            "Some segments of the spool cannot be read by this version.", icon=":material/inventory_2:"
        )
        st.code(visible(found.problem), language=None, wrap_lines=True)
    if late:
        st.warning(
            f"The oldest request has waited {formats.span(view.now - (found.oldest_at or view.now))}. "
            "Nothing is lost: it is on disk. Start `chainwatch serve`, which stores it, or store it by hand:",
            title="The warehouse is behind",
            icon=":material/hourglass_top:",
        )
        st.code("chainwatch ingest", language=None)
    if found.bytes_on_disk > 0.8 * settings.spool_max_bytes:
        st.warning(
            "Over 80 % of `receiver.spool_max_bytes` is used; at the cap, senders are told to wait (429).",
            icon=":material/storage:",
        )
    with st.grid(4, min_column_width=150, gap="small"):
        st.metric("Waiting", size(found.bytes_waiting), border=True, help=field_help("spool"))
        st.metric(
            "Oldest waiting",
            view.age(found.oldest_at) if found.bytes_waiting else "nothing waits",
            border=True,
        )
        st.metric("On disk", size(found.bytes_on_disk), border=True)
        st.metric("Cap", size(settings.spool_max_bytes), border=True)


def _records(n: int) -> str:
    return "1 record" if n == 1 else f"{formats.count(n)} records"


def quarantine(view: Look, found: QuarantineView) -> None:
    """What could not be taken, and why."""
    if not found.records_in_all:
        ui.heading("Nothing is in quarantine")
        st.text(f"{field_help('quarantine')} There are none.")
        return
    today = sum(r.last_day for r in found.reasons)
    ui.heading(
        f"{_records(found.records_in_all)} could not be taken, {formats.count(today)} in the last day",
        "They are kept as they came, up to 2,000 characters. Correct the exporter, or map its fields in "
        "[ingest] of chainwatch.toml, and load the file again: what was taken is not stored twice. "
        "A record stays here until the retention limit of the quarantine.",
    )
    chosen = next((r for r in found.reasons if r.reason_id == urls.url("reason")), None)
    st.dataframe(
        [
            {
                "Records": r.records,
                "Last day": r.last_day,
                "Reason": formats.clip(visible(r.reason), 300),
                "Format": r.source,
                "Files": r.files,
                "Last": view.when(r.last_at),
            }
            for r in found.reasons
        ],
        hide_index=True,
        column_config={"Reason": st.column_config.TextColumn(width="large")},
        alt="Reasons, the most frequent first",
    )
    if found.reasons_in_all > len(found.reasons):
        st.caption(f"The {len(found.reasons)} most frequent of {found.reasons_in_all:,} reasons.")
    by_id = {r.reason_id: f"{formats.clip(r.reason, 90)} ({formats.count(r.records)})" for r in found.reasons}
    urls.choose(
        "Show records of",
        "reason",
        list(by_id),
        chosen=chosen.reason_id if chosen else None,
        any_word="Every reason",
        words=lambda key: plain(by_id[key]),
    )
    with st.expander(f"The newest {len(found.records)} records, as they came", expanded=chosen is not None):
        for record in found.records:
            line = f", line {record.line:,}" if record.line is not None else ""
            st.caption(plain(f"{record.file}{line} · {view.when(record.quarantined_at)} · {record.reason}"))
            st.code(visible(record.raw) + (" …" if record.is_cut else ""), language=None, wrap_lines=True)
