"""The range of time that a page looks at: one that ends at the newest span, or any two moments.

In the address it is a name (`range=7d`) or two UTC moments (`range=2026-03-01T10:00..2026-03-01T14:00`), as
a link or a stretch marked in a chart gives them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from collectors.errors import ConfigError
from dashboard import data, formats
from monitors.moments import parse_range

# About as many points as the named ranges have.
_MOST_BUCKETS = 120
_STEPS = tuple(step for _, step in data.RANGES.values())
# A click that moved a little marks no stretch.
_SHORTEST = timedelta(minutes=2)
# Plotly writes up to four decimals of a second, which Python's parser does not take.
_DECIMALS = re.compile(r"(?<=:\d\d)\.\d+")


def span_of(wanted: str | None, newest: datetime, *, now: datetime) -> tuple[str, data.TimeRange]:
    """The range in the address and its name; the default when it is none.

    >>> span_of("2026-03-01T10:02..2026-03-01T11:00", datetime(2026, 3, 9, tzinfo=UTC),
    ...     now=datetime(2026, 3, 9, tzinfo=UTC))[1].start.isoformat()
    '2026-03-01T10:00:00+00:00'
    """
    if wanted is not None and ".." in wanted:
        try:
            start, end = parse_range(wanted, "range", now=now)
        except ConfigError:
            return data.DEFAULT_RANGE, data.range_until(newest, data.DEFAULT_RANGE)
        longest = max(length for length, _ in data.RANGES.values())
        return wanted, _aligned(max(start, end - longest), end)
    name = wanted if wanted is not None and wanted in data.RANGES else data.DEFAULT_RANGE
    return name, data.range_until(newest, name)


def _aligned(start: datetime, end: datetime) -> data.TimeRange:
    """In the finest step that gives no more points than usual, and in whole steps of it."""
    step = next((s for s in _STEPS if (end - start) / s <= _MOST_BUCKETS), _STEPS[-1])
    bucket_s = int(step.total_seconds())
    first = int(start.timestamp()) // bucket_s * bucket_s
    last = -(-int(end.timestamp()) // bucket_s) * bucket_s
    return data.TimeRange(
        start=datetime.fromtimestamp(first, tz=UTC),
        end=datetime.fromtimestamp(max(last, first + bucket_s), tz=UTC),
        bucket_s=bucket_s,
    )


def text_of(start: datetime, end: datetime) -> str:
    """Two moments for the address, to the minute, in UTC.

    >>> text_of(datetime(2026, 3, 1, 10, tzinfo=UTC), datetime(2026, 3, 1, 14, tzinfo=UTC))
    '2026-03-01T10:00..2026-03-01T14:00'
    """
    return "..".join(f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M}" for moment in (start, end))


def words_of(name: str, span: data.TimeRange, zone: tzinfo) -> str:
    """A range for people: its name, or from when to when in the viewer's zone."""
    if name in data.RANGES:
        return name
    same_day = span.start.astimezone(zone).date() == span.end.astimezone(zone).date()
    end = f"{span.end.astimezone(zone):%H:%M}" if same_day else formats.when(span.end, zone)
    return f"{formats.when(span.start, zone)} to {end}"


def marked(selection: Mapping[str, Any], zone: tzinfo) -> str | None:
    """The stretch that was marked in a time chart, for the address; None where nothing was.

    The chart shows naive times of the viewer's zone.
    """
    for box in selection.get("box") or ():
        edges = sorted(str(edge) for edge in box.get("x") or ())
        try:
            moments = [datetime.fromisoformat(_DECIMALS.sub("", edge)).replace(tzinfo=zone) for edge in edges]
        except ValueError:
            continue
        if len(moments) == 2 and all(after - before >= _SHORTEST for before, after in pairwise(moments)):
            return text_of(*moments)
    return None
