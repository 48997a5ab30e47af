"""Single requests: find them, then follow one step by step."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import formats, trace_parts, ui, urls
from dashboard.data_traces import PAGE_SIZE, SORTS, TraceFilter, TracePage, trace_view, traces
from dashboard.filter_parts import Uses
from dashboard.frame import Frame
from dashboard.text import plain, to_csv

_STATUSES = {"error": "✕ Failed", "ok": "✓ OK", "unset": "○ Not said"}

# By then any range is searched.
_FURTHEST = 9
# The column of inputs shows about so many characters; a hit further on is shown from so many before it.
_IN_SIGHT, _BEFORE_HIT = 60, 30
# Enough of an id to tell two apart; who copies a cell copies all of it.
_ID_PX = 110
# In the session: the trace that was chosen from the list.
_PICKED = "picked_trace"


def _write(name: str) -> None:
    """A changed filter goes into the URL, and the list starts at its first page again."""
    urls.set_url(name, st.session_state[f"choose_{name}"] or None)
    for other in ("page", "further"):
        urls.set_url(other, None)


def _filters(frame: Frame) -> TraceFilter:
    status = urls.url("status")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state["choose_text"] = urls.url("text") or ""
        st.text_input(
            "Text",
            key="choose_text",
            placeholder="In inputs, outputs, error types, or a trace id",
            max_chars=200,
            on_change=_write,
            args=("text",),
            width=320,
            icon=":material/search:",
        )
        urls.choose(
            "Status",
            "status",
            list(_STATUSES),
            chosen=status,
            any_word="All",
            words=lambda s: _STATUSES[s],
            resets=("page",),
            width=130,
        )
        urls.choose(
            "Order",
            "sort",
            list(SORTS),
            chosen=urls.url("sort"),
            words=lambda s: SORTS[s],
            resets=("page",),
            width=190,
        )
    page, further = urls.url("page") or "1", urls.url("further") or "0"
    sort = urls.url("sort")
    return TraceFilter(
        component=frame.component,
        status=status if status in _STATUSES else None,
        version=frame.only.version,
        environment=frame.only.environment,
        text=urls.url("text"),
        sort=sort if sort is not None and sort in SORTS else "newest",
        page=int(page) if page.isdigit() and page != "0" else 1,
        further=min(int(further), _FURTHEST) if further.isdigit() else 0,
    )


def _from_hit(text: str | None, wanted: str | None) -> str | None:
    """The text from a little before what was searched for, where its column would cut that off."""
    place = text.lower().find(wanted.lower()) if text and wanted else -1
    return f"…{text[place - _BEFORE_HIT :]}" if text and place > _IN_SIGHT else text


def _table(frame: Frame, wanted: TraceFilter, found: TracePage) -> None:
    """One page of traces; choosing a row puts it into the URL."""
    key = f"traces_{hash((wanted, frame.span)) & 0xFFFFFF:x}"

    def chosen() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        picked = found.rows[rows[0]].trace_id if rows and rows[0] < len(found.rows) else None
        st.session_state[_PICKED] = picked
        urls.set_url("trace", picked)
        urls.set_url("span", None)

    rows = [
        {
            "When": frame.when(t.started_at),
            "Status": f"✕ {t.errors} failed" if t.errors else "✓ ok",
            "Took": formats.seconds(t.duration_s),
            # Before what a phone has no room for.
            "Input": formats.clip(_from_hit(t.input_text, wanted.text), 240),
            "Steps": str(t.spans),
            "Cost": formats.dollars(t.cost_usd),
            "Trace": t.trace_id,
        }
        for t in found.rows
    ]
    st.dataframe(
        rows,
        hide_index=True,
        height=min(38 + 36 * len(rows), 380),
        on_select=chosen,
        selection_mode="single-row",
        key=key,
        column_config={
            "Input": st.column_config.TextColumn(width="large"),
            "Trace": st.column_config.TextColumn(width=_ID_PX),
        },
        alt="Traces that fit the filters",
    )
    pages = -(-found.total // PAGE_SIZE)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        first = (wanted.page - 1) * PAGE_SIZE + 1
        within = "traces"
        if found.searched_from is not None:
            within = f"traces since {frame.when(found.searched_from)}"
            within += "" if wanted.text else "; later pages look further back"
        st.caption(plain(f"{first:,} to {first + len(rows) - 1:,} of {found.total:,} {within}"))
        if pages > 1:
            pager = f"pager_{hash((replace(wanted, page=1), frame.span)) & 0xFFFFFF:x}"
            st.pagination(
                pages,
                default=min(wanted.page, pages),
                key=pager,
                max_visible_pages=5,
                on_change=lambda: urls.set_url("page", str(st.session_state[pager])),
            )
        ui.download("This page as CSV", to_csv(rows, list(rows[0])), "traces.csv", key="traces_csv")


def _list(frame: Frame) -> None:
    """The filters, and one page of what fits them."""
    wanted = _filters(frame)
    found = ui.fetch(frame, traces, frame.chain, frame.span, wanted)
    if found.rows:
        _table(frame, wanted, found)
    elif found.searched_from is not None:
        ui.nothing(
            "No trace fits so far",
            f"Everything since {frame.when(found.searched_from)} was searched; nothing of it fits all "
            "filters.",
        )
    else:
        ui.nothing(
            "No trace fits",
            f"Nothing between {frame.when(frame.span.start)} and {frame.when(frame.span.end)} fits all "
            "filters. Loosen one, or choose a longer range.",
        )
    if wanted.text and found.searched_from is not None:
        st.button(
            "Search further back",
            icon=":material/history:",
            help="A text is looked for in the newest traces first: each further part is four times as long.",
            on_click=lambda: urls.set_url("further", str(wanted.further + 1)),
        )
    if found.rows and urls.url("trace") is None:
        st.caption("Choose a row to follow a trace step by step.")


def _one(frame: Frame, trace_id: str) -> None:
    shown = ui.fetch(frame, trace_view, trace_id)
    if shown is None:
        ui.nothing(
            "This trace is not stored",
            f"No span has the trace id {formats.clip(trace_id, 80)}. "
            "It may have been removed, or never received.",
        )
    else:
        trace_parts.draw(shown, frame)


frame = ui.open_page("Traces", Uses())
trace_id = urls.url("trace")
# Whoever comes by a link wants this trace; whoever chose it from the list goes on in the list.
linked = trace_id is not None and trace_id != st.session_state.get(_PICKED)
if trace_id is not None and linked:
    _one(frame, trace_id)
    ui.heading("All traces")
_list(frame)
if trace_id is not None and not linked:
    _one(frame, trace_id)
