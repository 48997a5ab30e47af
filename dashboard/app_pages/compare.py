"""Any two windows, versions, models or data sets of one component: everything side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import streamlit as st

from collectors.errors import ConfigError
from collectors.model import PRODUCTION
from dashboard import compare_parts, formats, ui, urls
from dashboard.component_choice import component_row
from dashboard.data_compare import Choice, SideRange, choices, comparison
from dashboard.filter_parts import Uses
from dashboard.frame import Frame
from monitors.moments import EARLIEST, LATEST, parse_range

_WAYS = {"time": "Two times", "version": "Two versions", "model": "Two models", "dataset": "Two data sets"}
_DAY = timedelta(days=1)


def _times(frame: Frame) -> tuple[SideRange, SideRange]:
    """The range and the one before it, or the days that were chosen; of a young chain its two halves."""
    span = frame.span
    usual = {"a": (span.start - (span.end - span.start), span.start), "b": (span.start, span.end)}
    if span.start <= frame.extent.first_at < span.end:
        middle = frame.extent.first_at + (span.end - frame.extent.first_at) / 2
        usual = {"a": (frame.extent.first_at, middle), "b": (middle, span.end)}
    sides = []
    for letter, label in (("a", "A"), ("b", "B")):
        text, bounds = urls.url(letter), usual[letter]
        if text:
            try:
                bounds = parse_range(text, letter, now=frame.now)
            except ConfigError as error:
                st.warning("That is no range of time.", icon=":material/link_off:")
                st.code(str(error), language=None)
        _days(letter, label, bounds)
        start, end = bounds
        name = f"{formats.when(start, UTC)} to {formats.when(end, UTC)} (UTC)"
        sides.append(SideRange(name=name, start=start, end=end))
    return sides[0], sides[1]


def _days(letter: str, label: str, bounds: tuple[datetime, datetime]) -> None:
    """Two whole UTC days as the ends of a side; writes them into the URL."""
    key = f"days_{letter}"
    first = max(bounds[0], EARLIEST).date()
    last = (min(bounds[1], LATEST) - timedelta(microseconds=1)).date()
    st.session_state[key] = (first, last)

    def changed() -> None:
        picked: tuple[date, ...] = st.session_state[key]
        if len(picked) == 2:
            urls.set_url(letter, f"{picked[0].isoformat()}..{(picked[1] + _DAY).isoformat()}")

    st.date_input(f"{label}, whole days (UTC)", key=key, on_change=changed, format="YYYY-MM-DD", width=260)


def _named(frame: Frame, by: str, found: list[Choice]) -> tuple[SideRange, SideRange] | None:
    """Two versions, models or data sets: the newest is B, the one before it A, unless chosen."""
    if len(found) < 2:
        return None
    names = [c.name for c in found]
    words = {c.name: compare_parts.choice_words(c.name, c.spans) for c in found}
    chosen = {"a": urls.url("a"), "b": urls.url("b")}
    b = chosen["b"] if chosen["b"] in names else names[0]
    if by == "dataset" and chosen["b"] not in names and PRODUCTION in names:
        b = PRODUCTION
    # Beside it stands its neighbour, which is of the same marker.
    place = names.index(b)
    a = chosen["a"] if chosen["a"] in names else names[place + 1 if place + 1 < len(names) else place - 1]
    for letter, value in (("a", a), ("b", b)):
        urls.choose(letter.upper(), letter, names, chosen=value, words=words.__getitem__, width=300)
    return _side(frame, by, a or names[0]), _side(frame, by, b or names[0])


def _side(frame: Frame, by: str, name: str) -> SideRange:
    start, end = frame.span.start, frame.span.end
    if by == "dataset":
        # An evaluation set is compared as a whole, whenever it was run.
        whole = (start, end) if name == PRODUCTION else (EARLIEST, LATEST)
        return SideRange(name=name, start=whole[0], end=whole[1], dataset=name)
    if by == "version":
        return SideRange(name=f"version {name}", start=start, end=end, version=name)
    return SideRange(name=f"model {name}", start=start, end=end, model=name)


frame = ui.open_page(
    "Compare",
    Uses(component="one", version=None, rest="To compare versions, choose Two versions."),
)
component = component_row(frame).component
by = urls.url("by")
if by not in _WAYS:
    by = "time"
urls.switch("Compare", "by", _WAYS, chosen=by, resets=("a", "b"))
with st.container(horizontal=True, vertical_alignment="bottom"):
    if by == "time":
        sides: tuple[SideRange, SideRange] | None = _times(frame)
    else:
        there = ui.fetch(frame, choices, frame.chain, component, frame.span)
        sides = _named(frame, by, [c for c in there if c.way == by])
if sides is None:
    ui.empty(
        f"There are not two {_WAYS[by].removeprefix('Two ')} of {component}",
        "Spans say of themselves which version and model they are of, and which evaluation set they are in. "
        "Choose a longer range, another component, or two times.",
    )
else:
    side_a, side_b = (replace(side, environment=frame.only.environment) for side in sides)
    if side_a == side_b:
        ui.empty("Both sides are the same", "Choose another A or B.")
    found = ui.fetch(frame, comparison, frame.chain, component, side_a, side_b)
    if not found.spans_a or not found.spans_b:
        empty = side_a if not found.spans_a else side_b
        ui.empty(
            f"{component} has no spans of {empty.name}",
            f"The chain has spans from {frame.when(frame.extent.first_at)} to "
            f"{frame.when(frame.extent.last_at)}. Choose other days.",
        )
    compare_parts.headline(found, side_a, side_b)
    compare_parts.table(found, component)
    compare_parts.shapes(found, frame, component, side_a, side_b)
    compare_parts.texts(found)
    compare_parts.report(frame, component, side_a, side_b)
