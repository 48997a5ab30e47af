"""Does everything arrive, what waits, what could not be taken, how long is it kept, is there room?"""

from __future__ import annotations

import streamlit as st

from dashboard import (
    data,
    filter_parts,
    formats,
    range_parts,
    sources_parts,
    store_view,
    ui,
    upkeep_parts,
    urls,
)
from dashboard.data_quarantine import QuarantineView, quarantine_view
from dashboard.data_sources import Newest, newest, sources_view
from dashboard.data_spool import SpoolView, spool_view
from dashboard.data_upkeep import UpkeepView, upkeep_view
from dashboard.terms import field_help, terms

_TITLE = terms().pages["data"].title


def _title() -> str:
    """The title with its range; returns the range."""
    wanted = urls.url("range") or data.DEFAULT_RANGE
    range_name = wanted if wanted in data.RANGES else data.DEFAULT_RANGE
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(_TITLE, width="content", anchor=False)
        range_parts.control(range_name, range_name)
    filter_parts.of_installation()
    return range_name


def _figures(
    view: store_view.Look,
    fresh: Newest,
    spool: SpoolView,
    held: QuarantineView,
    upkeep: UpkeepView,
) -> None:
    """The state of the installation in five figures; each has its section below."""
    with st.grid(5, min_column_width=150, gap="small"):
        st.metric("Newest span", view.age(fresh.newest_at), border=True, help=field_help("lag"))
        st.metric(
            "Waiting in the spool",
            store_view.size(spool.bytes_waiting),
            border=True,
            help=field_help("spool"),
        )
        st.metric(
            "In quarantine", formats.count(held.records_in_all), border=True, help=field_help("quarantine")
        )
        st.metric("Disk free", formats.share(upkeep.disk.free_share), border=True)
        upkeep_parts.last_run(view, upkeep)


def _draw(range_name: str) -> None:
    view, settings = store_view.look(), store_view.settings()
    reads = store_view.Reads(view)
    chosen, reason = urls.url("format"), urls.url("reason")
    fresh = reads.fetch(newest, view.now)
    held = reads.fetch(quarantine_view, view.now, chosen, reason)
    spool = reads.fetch(spool_view)
    if not fresh.spans and not held.records_in_all and not spool.bytes_waiting and not chosen:
        ui.empty(
            "The warehouse is empty",
            "Nothing has arrived, nothing waits, and nothing was refused. Load a log file, or receive "
            "OpenTelemetry traces.",
            ["chainwatch ingest logs.jsonl", "chainwatch serve"],
        )
    upkeep = reads.fetch(upkeep_view, view.now, fresh.newest_at, fresh.spans, settings.limits)
    found = (
        reads.fetch(sources_view, fresh.newest_at or view.now, range_name, chosen) if fresh.spans else None
    )
    sources_parts.arrival(view, fresh, found)
    _figures(view, fresh, spool, held, upkeep)
    if found is not None:
        sources_parts.sources(view, found)
    sources_parts.spool(view, spool, settings)
    sources_parts.quarantine(view, held)
    upkeep_parts.commands(view, upkeep)
    upkeep_parts.disk(upkeep.disk)
    upkeep_parts.retention(view, upkeep.kept, settings)
    st.caption(f"Times in {view.zone_name}. Ranges end at the newest production span.")


if not ui.warehouse_path().exists():
    ui.nothing_stored(_TITLE, ui.warehouse_path())
range_name = _title()
st.fragment(run_every=ui.settings().refresh_s)(ui.guarded(_draw))(range_name)
