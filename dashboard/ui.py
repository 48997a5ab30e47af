"""The frame of every page: what it looks at, and what it says when there is nothing to look at."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, Literal, NoReturn, ParamSpec, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from collectors.config import load as load_config
from collectors.context import system_clock
from collectors.errors import ChainwatchError, ConfigError
from collectors.home import Home
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.migrate import applied, migrations
from dashboard import cached, chart_data, filter_parts, range_parts, ranges, theme, urls, viewer
from dashboard.config import DashboardConfig
from dashboard.data_head import head
from dashboard.figures import Figure
from dashboard.filter_parts import Uses
from dashboard.frame import Frame
from dashboard.text import plain
from monitors.judges.config import JudgeConfig

P = ParamSpec("P")
T = TypeVar("T")
_log = logging.getLogger("chainwatch.dashboard")

_START = "chainwatch demo"
_LOAD = "chainwatch ingest logs.jsonl"
_RUN = "chainwatch run"
_MIGRATE = "chainwatch migrate"


def warehouse_path() -> Path:
    """Where the warehouse of this installation is."""
    return Home.from_environment().warehouse


def settings() -> DashboardConfig:
    """The [dashboard] section, from the same files as every command reads."""
    return load_config(None, home_config=Home.from_environment().config).section("dashboard", DashboardConfig)


def judge_settings() -> JudgeConfig:
    """The [judge] section, from the same files."""
    return load_config(None, home_config=Home.from_environment().config).section("judge", JudgeConfig)


def rubric() -> str:
    """The configured rubric; a [judge] that cannot be read is told of on the page Quality alone."""
    try:
        return judge_settings().rubric
    except ConfigError:
        return JudgeConfig().rubric


def viewer_zone() -> tuple[tzinfo, str]:
    """The browser's time zone and its name; UTC when the browser does not say."""
    name = st.context.timezone
    try:
        return (ZoneInfo(name), name) if name else (UTC, "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC, "UTC"


def open_page(title: str, uses: Uses) -> Frame:
    """Draw the title, the range and the filter bar, or say why there is nothing to draw and stop."""
    warehouse = warehouse_path()
    zone, zone_name = viewer_zone()
    now = system_clock()
    if not warehouse.exists():
        nothing_stored(title, warehouse)
    # The title first: what is read takes longer than nothing.
    top = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    top.title(title, width="content", anchor=False)
    wanted = (urls.url("chain"), urls.url("range"))
    with st.spinner("Reading what is stored …"):
        found = cached.load(head, warehouse, *wanted)
    landing, view = found.value.landing, found.value.view
    if view is None:
        empty(
            "The warehouse is empty",
            "No production spans are stored. Load a log file, or receive OpenTelemetry traces.",
            [_LOAD, "chainwatch serve"],
        )
    if wanted[0] is not None and wanted[0] != view.chain:
        st.warning(f"There is no chain called {plain(wanted[0])}.", icon=":material/link_off:")
        urls.set_url("chain", None)
    with top:
        range_parts.control(view.range_name, ranges.words_of(view.range_name, view.span, zone))
    stale_note(found)
    chosen = filter_parts.bar(landing.chains, view.chain, view.choices, uses)
    return Frame(
        warehouse=warehouse,
        settings=settings(),
        zone=zone,
        zone_name=zone_name,
        wanted=wanted,
        landing=landing,
        chain=view.chain,
        extent=view.extent,
        span=view.span,
        range_name=view.range_name,
        component=chosen.component,
        components=view.choices.components,
        only=chosen.only,
        now=now,
    )


def nothing_stored(title: str, warehouse: Path) -> NoReturn:
    """What to do before there is a warehouse; ends the page."""
    st.title(title)
    empty(
        "Nothing is stored yet",
        f"There is no warehouse at {warehouse}. Start with made-up logs and known incidents, "
        "or load your own.",
        [_START, _LOAD, _RUN],
    )


def fetch(frame: Frame, read: Callable[..., T], *args: Any, again: bool = False) -> T:
    """A cached read; says what is read, and when the answer is old because the warehouse is busy.

    again: the page shows an earlier answer meanwhile, which a notice would only push down.
    """
    waits_for = f"Reading {plain(frame.chain)}, {plain(frame.range_words)} …"
    with nullcontext() if again else st.spinner(waits_for):
        loaded = cached.load(read, frame.warehouse, *args)
    stale_note(loaded)
    return loaded.value


def ahead(frame: Frame, read: Callable[..., T], *args: Any) -> None:
    """Begin to read what is fetched further down the page."""
    cached.ahead(read, frame.warehouse, *args)


def stale_note(loaded: cached.Loaded[Any]) -> None:
    """Say that the page shows an older reading, once a run of the page."""
    if loaded.stale is not None:
        zone, _ = viewer_zone()
        st.warning(
            f"The warehouse is busy. This is what was read at {loaded.read_at.astimezone(zone):%H:%M:%S}; "
            "the page looks again by itself.",
            icon=":material/hourglass_top:",
        )


def empty(title: str, text: str, commands: Sequence[str] = ()) -> NoReturn:
    """What to do when there is nothing to draw; ends the page."""
    nothing(title, text, commands)
    st.stop()


def nothing(title: str, text: str, commands: Sequence[str] = ()) -> None:
    """An empty state inside a page: what is missing and what to do next."""
    with st.container(border=True):
        st.markdown(f"**{plain(title)}**")
        st.text(text)
        if commands:
            st.code("\n".join(commands), language=None, wrap_lines=True)


def heading(title: str, note: str | None = None) -> None:
    """A section's heading with a line that says what it shows."""
    st.header(plain(title), anchor=False)
    if note:
        st.caption(plain(note))


def chart(
    title: str,
    figure: Figure,
    *,
    key: str,
    note: str | None = None,
    query: chart_data.Query | None = None,
    rows: Sequence[Mapping[str, Any]] | None = None,
    chooses: Literal["time", "point"] | None = None,
) -> str | None:
    """A chart under a title that says what it shows, with its data.

    The title is its name for screen readers. rows: the data, where the figure's points do not say it.
    chooses: `time` lets a drag across the chart narrow the range of the page; `point` lets a point be chosen,
    and returns what it stands for (its `customdata`).
    """
    from dashboard.charts import CONFIG

    chosen = None
    with st.container(gap="xsmall"):
        st.markdown(f"**{plain(title)}**")
        if note:
            st.caption(plain(note))
        if chooses is None or (chooses == "time" and viewer.on_phone()):
            st.plotly_chart(figure.plotly(), key=key, config=CONFIG, alt=title, theme=None)
        else:
            # As Streamlit would say it after the chart was drawn, and have it drawn again.
            if chooses == "time":
                figure.update_layout(dragmode="select", selectdirection="h", clickmode="event")
            else:
                figure.update_layout(dragmode="pan", clickmode="event+select")
            # Another range is another chart: what was marked in the one before is not marked in it.
            picked = st.plotly_chart(
                figure.plotly(),
                key=f"{key}_{urls.url('range')}",
                config=CONFIG,
                alt=title,
                theme=None,
                on_select="rerun",
                selection_mode="box" if chooses == "time" else "points",
            )
            selection = picked["selection"] if picked else {}
            narrow(selection)
            chosen = next(
                (str(p["customdata"]) for p in selection.get("points") or () if "customdata" in p), None
            )
        chart_data.offer(title, figure if rows is None else rows, key=key, query=query)
    return chosen


def narrow(selection: Mapping[str, Any]) -> None:
    """The range of the page becomes what was marked in a time chart; it stands in the address."""
    zone, _ = viewer_zone()
    marked = ranges.marked(selection, zone)
    if marked is not None:
        urls.set_url("range", marked)
        urls.set_url("page", None)
        st.rerun()


def badge(look: theme.Look, word: str | None = None) -> None:
    """A state as a badge: icon, word and colour."""
    st.badge(plain(word or look.word), icon=look.icon, color=look.badge)  # type: ignore[arg-type]


def facts(pairs: Mapping[str, str]) -> None:
    """A short list of names and values; the values are shown as they stand."""
    st.table({plain(name): plain(value) for name, value in pairs.items()}, border="horizontal")


def download(label: str, text: str, file_name: str, *, key: str) -> None:
    """A CSV to take away."""
    st.download_button(label, text, file_name=file_name, mime="text/csv", key=key, icon=":material/download:")


def guarded(draw: Callable[P, None]) -> Callable[P, None]:
    """An error becomes a sentence on the page and a traceback in the server's log, never on the page."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            draw(*args, **kwargs)
        except ChainwatchError as error:
            st.error("This page could not be drawn.", icon=":material/error:")
            st.code(str(error), language=None, wrap_lines=True)
        except Exception:
            _log.exception("a page failed")
            if _is_behind():
                st.error(
                    "The warehouse was written by an earlier Chainwatch. Bring it up to date, then reload:",
                    icon=":material/upgrade:",
                )
                st.code(_MIGRATE, language=None)
                return
            st.error(
                "This page could not be drawn. The cause is in the log of the dashboard's process; "
                "reload to try again.",
                icon=":material/error:",
            )

    return drawn


def _is_behind() -> bool:
    """Whether the warehouse lacks what this Chainwatch expects of it."""
    try:
        have = applied(Warehouse(warehouse_path()))
    except ChainwatchError:
        return False
    return any(step.number not in have for step in migrations())
