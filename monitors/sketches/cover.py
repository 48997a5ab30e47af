"""Which stored sketches cover a stretch of time, and reading them: few, however long the stretch is.

There is one of every window, day and week, and one of every 2, 4, 8 ... 64 weeks. A stretch is covered from
the middle to its ends: by buckets of an eighth of its length or less, fifteen at most (and one more for each
64 weeks beyond twenty years), by one at most of each shorter number of weeks at either end, then by days, and
windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from collectors.model import PRODUCTION
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch
from monitors.result import Window
from monitors.sketches.number_sketch import NumberSketch, merged_numbers
from monitors.sketches.text_sketch import TextSketch, merged
from monitors.sql import query
from monitors.streams import TEXT_FIELDS, Stream

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
LENGTHS = (DAY, *(2**k * WEEK for k in range(7)))
# What is permuted are whole buckets: of fewer there would be too few for a small p-value.
_FEWEST = 8
# Weeks are counted from this Monday on: there is no time before it.
MONDAY = datetime(1, 1, 1, tzinfo=UTC)
_EVER = Window(start=MONDAY, end=datetime(9999, 12, 31, tzinfo=UTC))


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """What is stored of one stream in one bucket."""

    window: Window
    basis: str
    sketch: TextSketch | NumberSketch


def merge_buckets(buckets: Iterable[Bucket]) -> TextSketch | NumberSketch:
    """One sketch of all; ValueError when there is none, or when they are of different kinds."""
    sketches = [b.sketch for b in buckets]
    texts = [s for s in sketches if isinstance(s, TextSketch)]
    numbers = [s for s in sketches if isinstance(s, NumberSketch)]
    if texts and numbers:
        raise ValueError("sketches of texts and of numbers cannot be merged")
    return merged(texts) if texts else merged_numbers(numbers)


def read_buckets(
    con: Connection, stream: Stream, period: Window, *, dataset: str = PRODUCTION
) -> list[Bucket]:
    """The buckets of a stream that lie in `period` and cover it once.

    Weeks in powers of two (of a period of eight weeks or more), days where none of these is, windows where
    no day is. In time order, by basis; a window whose stream had nothing has none. An evaluation set is one.
    """
    if dataset != PRODUCTION:
        return _read_windows(con, stream, _EVER, dataset)
    return cover(con, stream, period, _lengths_of(period))


def cover(con: Connection, stream: Stream, period: Window, lengths: Sequence[timedelta]) -> list[Bucket]:
    """As `read_buckets`, with buckets of these lengths, in ascending order, and windows."""
    found: list[Bucket] = []
    todo, ends = _split(period, lengths)
    within = None
    while todo:
        there = _read_long(con, stream, [window for window, _ in todo])
        found += there
        stored = {b.window.start for b in there}
        # Nothing was there, or nothing is kept of it as a whole: what lies in it may be.
        absent = [(window, fewer) for window, fewer in todo if window.start not in stored]
        if absent and within is None:
            within = _extent(con, stream, period)
            if within is None:
                return []
        todo = []
        for window, fewer in absent:
            if within is not None and window.start < within.end and window.end > within.start:
                parts, rest = _split(window, lengths[:fewer])
                todo += parts
                ends += rest
    for part in _joined(ends):
        found += _read_windows(con, stream, part, PRODUCTION)
    return sorted(found, key=lambda b: (b.window.start, b.basis))


def begin(at: datetime, length: timedelta) -> datetime:
    """Of the day, or the week or weeks from a Monday on, that holds `at`; UTC.

    >>> begin(datetime(2026, 3, 5, 7, tzinfo=UTC), WEEK).isoformat()
    '2026-03-02T00:00:00+00:00'
    """
    return at.astimezone(UTC) - (at - MONDAY) % length


def kind_of(stream: Stream) -> str:
    """Which tables hold its sketches."""
    return "text" if stream.field in TEXT_FIELDS else "number"


def bucket_of(row: Row) -> Bucket:
    """From its row in the warehouse."""
    window = Window(start=row["window_start"], end=row["window_end"])
    sketch: TextSketch | NumberSketch
    if "sketch" in row:
        sketch = TextSketch.from_bytes(bytes(row["sketch"]))
    else:
        sketch = NumberSketch(
            n_missing=row["n_missing"],
            codes=tuple(row["codes"]),
            counts=tuple(row["counts"]),
            total=row["total"],
            low=row["low"],
            high=row["high"],
        )
    return Bucket(window=window, basis=row["basis"], sketch=sketch)


def _lengths_of(period: Window) -> Sequence[timedelta]:
    long = [length for length in LENGTHS[1:] if _FEWEST * length <= period.end - period.start]
    return (DAY, *long)


def _split(period: Window, lengths: Sequence[timedelta]) -> tuple[list[tuple[Window, int]], list[Window]]:
    """Whole buckets in the period, each with how many lengths are shorter, and the time left at its ends."""
    if not lengths:
        return [], [period]
    length, fewer = lengths[-1], len(lengths) - 1
    first, last = begin(period.start - timedelta.resolution, length) + length, begin(period.end, length)
    if first >= last:
        return _split(period, lengths[:-1])
    steps = range((last - first) // length)
    whole = [(Window(start=first + i * length, end=first + (i + 1) * length), fewer) for i in steps]
    rest: list[Window] = []
    for start, end in ((period.start, first), (last, period.end)):
        if start < end:
            more, left = _split(Window(start=start, end=end), lengths[:-1])
            whole += more
            rest += left
    return whole, rest


def _read_long(con: Connection, stream: Stream, windows: Sequence[Window]) -> list[Bucket]:
    """Those of exactly these days and weeks that are stored, in any order."""
    if not windows:
        return []
    hull = Window(start=min(w.start for w in windows), end=max(w.end for w in windows))
    bounds = _bounds(stream, hull, PRODUCTION)
    bounds |= {"starts": [w.start for w in windows], "ends": [w.end for w in windows]}
    return [bucket_of(row) for row in fetch(con, query(f"{kind_of(stream)}_day_buckets"), bounds)]


def _read_windows(con: Connection, stream: Stream, period: Window, dataset: str) -> list[Bucket]:
    bounds = _bounds(stream, period, dataset)
    return [bucket_of(row) for row in fetch(con, query(f"{kind_of(stream)}_buckets"), bounds)]


def _extent(con: Connection, stream: Stream, period: Window) -> Window | None:
    """From the first of what is stored in the period to the last."""
    row = fetch(con, query(f"{kind_of(stream)}_extent"), _bounds(stream, period, PRODUCTION))[0]
    return None if row["start"] is None else Window(start=row["start"], end=row["end"])


def _bounds(stream: Stream, period: Window, dataset: str) -> Row:
    return {
        "dataset": dataset,
        "chain": stream.chain,
        "component": stream.component,
        "field": stream.field,
        "start": period.start,
        "end": period.end,
    }


def _joined(parts: Iterable[Window]) -> list[Window]:
    """The same time, neighbours in one."""
    joined: list[Window] = []
    for part in sorted(parts, key=lambda w: w.start):
        if joined and joined[-1].end == part.start:
            joined[-1] = Window(start=joined[-1].start, end=part.end)
        else:
            joined.append(part)
    return joined
