"""Sketches in the warehouse: one row per stream and bucket, one per whole day, and one per whole week.

Long stretches are read as days, from eight weeks on as weeks, and with windows at their ends only: reading a
year costs some eighty rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.model import PRODUCTION
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch, insert
from monitors.result import Window
from monitors.sketches.made import Sketched
from monitors.sketches.number_sketch import NumberSketch, merged_numbers
from monitors.sketches.text_sketch import TextSketch, merged
from monitors.sql import query
from monitors.streams import TEXT_FIELDS, Stream
from monitors.window import day_of

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
KINDS = ("text", "number")
# What is permuted are whole buckets: of fewer weeks there would be too few for a small p-value.
_LONG = 8 * WEEK
_MICROSECOND = timedelta(microseconds=1)
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

# Stream, start of the window, basis.
SketchKey = tuple[Stream, datetime, str]


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """What is stored of one stream in one bucket."""

    window: Window
    basis: str
    sketch: TextSketch | NumberSketch


def write_sketches(con: Connection, sketched: Sequence[Sketched], windows: Sequence[Window]) -> None:
    """Store production's sketches of `windows`, in the place of whatever covered any of that time.

    Days and weeks that a window lies in go too: `write_days_and_weeks` makes them again.
    """
    if not windows:
        return
    bounds = {
        "low": windows[0].start,
        "high": windows[-1].end,
        "starts": [w.start for w in windows],
        "length": windows[0].end - windows[0].start,
    }
    for kind in KINDS:
        con.execute(query(f"drop_{kind}_sketches"), bounds)
        con.execute(query(f"drop_{kind}_sketch_days"), bounds)
    add_sketches(con, sketched)


def add_sketches(con: Connection, sketched: Sequence[Sketched]) -> None:
    """Store sketches of buckets that have none. Days and weeks have tables of their own, which stay short."""
    by_table: dict[str, list[Row]] = {}
    for one in sketched:
        is_long = one.dataset == PRODUCTION and one.window.end - one.window.start in (DAY, WEEK)
        table = f"{_kind(one.stream)}_sketch_days" if is_long else f"{_kind(one.stream)}_sketches"
        by_table.setdefault(table, []).append(_row(one))
    for table, rows in by_table.items():
        insert(con, table, rows)


def write_sets(con: Connection, dataset: str, sketched: Sequence[Sketched]) -> None:
    """Store the sketches of an evaluation set, replacing what was there."""
    for kind in KINDS:
        con.execute(f"DELETE FROM {kind}_sketches WHERE dataset = ?", [dataset])  # noqa: S608 - names are ours
    add_sketches(con, sketched)


def write_days_and_weeks(con: Connection, *, since: datetime, until: datetime) -> None:
    """Merge the windows of each day, and then the days of each week, from those of `since` on.

    Only of those that are over by `until` and have no sketch yet.
    """
    for name, length in (("days", DAY), ("weeks", WEEK)):
        made: list[Sketched] = []
        for kind in KINDS:
            bounds = {"low": _begin(since, length), "until": until}
            parts: dict[tuple[Any, ...], list[Bucket]] = {}
            for row in fetch(con, query(f"{kind}_{name}"), bounds):
                place = (row["chain"], row["component"], row["field"], row["basis"], row["bucket"])
                parts.setdefault(place, []).append(_bucket(row))
            for (chain, component, field, basis, start), buckets in parts.items():
                made.append(
                    Sketched(
                        stream=Stream(chain, component, field),
                        window=Window(start=start, end=start + length),
                        basis=basis,
                        sketch=merge_buckets(buckets),
                    )
                )
        add_sketches(con, made)


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
    """The buckets of a stream that lie in `period` and cover it.

    Whole weeks (of a long period), days where no week is, windows where no day is. In time order, by basis;
    a window whose stream had nothing has none. An evaluation set is one bucket.
    """
    if dataset != PRODUCTION:
        return _read(con, stream, Window(start=_FIRST, end=_LAST), dataset=dataset)
    found: list[Bucket] = []
    # The longest first, and then only the time between: the windows of a day are twenty-four times its size.
    for length in (WEEK, DAY, None) if period.end - period.start >= _LONG else (DAY, None):
        for part in _between([b.window for b in found], period):
            if length is None or _begin(part.start - _MICROSECOND, length) + 2 * length <= part.end:
                found += _read(con, stream, part, length=length)
        found.sort(key=lambda b: (b.window.start, b.basis))
    return found


def _read(
    con: Connection,
    stream: Stream,
    period: Window,
    *,
    dataset: str = PRODUCTION,
    length: timedelta | None = None,
) -> list[Bucket]:
    """Buckets of that length, in any order; None: of windows."""
    bounds = {
        "dataset": dataset,
        "chain": stream.chain,
        "component": stream.component,
        "field": stream.field,
        "start": period.start,
        "end": period.end,
    }
    if length is None:
        return [_bucket(row) for row in fetch(con, query(f"{_kind(stream)}_buckets"), bounds)]
    name = f"{_kind(stream)}_day_buckets"
    return [_bucket(row) for row in fetch(con, query(name), {**bounds, "length": length})]


def _begin(at: datetime, length: timedelta) -> datetime:
    """Of the day, or the week from Monday on, that holds `at`; UTC.

    >>> _begin(datetime(2026, 3, 5, 7, tzinfo=UTC), WEEK).isoformat()
    '2026-03-02T00:00:00+00:00'
    """
    day = day_of(at)
    return day if length == DAY else day - day.weekday() * DAY


def _kind(stream: Stream) -> str:
    return "text" if stream.field in TEXT_FIELDS else "number"


def _between(buckets: Sequence[Window], period: Window) -> list[Window]:
    """What of the period lies outside the buckets, which are in time order."""
    parts, at = [], period.start
    for bucket in buckets:
        if bucket.start > at:
            parts.append(Window(start=at, end=bucket.start))
        at = max(at, bucket.end)
    return parts if at >= period.end else [*parts, Window(start=at, end=period.end)]


def sketched_streams(con: Connection) -> list[tuple[Stream, datetime]]:
    """The streams of production that have sketches, sorted, and the end of the last of each."""
    return [
        (Stream(row["chain"], row["component"], row["field"]), row["last_end"])
        for row in fetch(con, query("sketched_streams"))
    ]


def stored_texts(
    con: Connection, period: Window, length: timedelta, *, whole: bool
) -> dict[SketchKey, TextSketch | None]:
    """The windows in the period whose embeddings have a sketch, and it, if `whole`; else None for each."""
    bounds = {"start": period.start, "end": period.end, "length": length, "whole": whole}
    return {
        (Stream(row["chain"], row["component"], row["field"]), row["window_start"], row["basis"]): (
            TextSketch.from_bytes(bytes(row["sketch"])) if row["sketch"] is not None else None
        )
        for row in fetch(con, query("text_sketches_there"), bounds)
    }


def _bucket(row: Row) -> Bucket:
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


def _row(sketched: Sketched) -> Row:
    sketch = sketched.sketch
    row: Row = {
        "dataset": sketched.dataset,
        "chain": sketched.stream.chain,
        "component": sketched.stream.component,
        "field": sketched.stream.field,
        "basis": sketched.basis,
        "window_start": sketched.window.start,
        "window_end": sketched.window.end,
    }
    if isinstance(sketch, TextSketch):
        return row | {"sketch": sketch.to_bytes()}
    return row | {
        "n_missing": sketch.n_missing,
        "total": sketch.total,
        "low": sketch.low,
        "high": sketch.high,
        "codes": list(sketch.codes),
        "counts": list(sketch.counts),
    }
