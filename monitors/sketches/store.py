"""Sketches in the warehouse: one row per stream and bucket, and one per whole day made of its buckets.

Long stretches are read as days, with single windows at their ends only, so reading 90 days costs 90 rows.
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

DAY = timedelta(days=1)
KINDS = ("text", "number")
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

    Days that a window lies in go too: they are made again by `write_days`.
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
    """Store sketches of buckets that have none. Days have tables of their own, which stay short."""
    by_table: dict[str, list[Row]] = {}
    for one in sketched:
        is_day = one.dataset == PRODUCTION and one.window.end - one.window.start == DAY
        table = f"{_kind(one.stream)}_sketch_days" if is_day else f"{_kind(one.stream)}_sketches"
        by_table.setdefault(table, []).append(_row(one))
    for table, rows in by_table.items():
        insert(con, table, rows)


def write_sets(con: Connection, dataset: str, sketched: Sequence[Sketched]) -> None:
    """Store the sketches of an evaluation set, replacing what was there."""
    for kind in KINDS:
        con.execute(f"DELETE FROM {kind}_sketches WHERE dataset = ?", [dataset])  # noqa: S608 - names are ours
    add_sketches(con, sketched)


def write_days(con: Connection, *, since: datetime, until: datetime) -> None:
    """Merge the windows of each day from that of `since` on that is over by `until` and has no sketch yet."""
    bounds = {"low": day_of(since), "until": until}
    made: list[Sketched] = []
    for kind in KINDS:
        rows = fetch(con, query(f"{kind}_days"), bounds)
        parts: dict[tuple[Any, ...], list[Bucket]] = {}
        for row in rows:
            place = (row["chain"], row["component"], row["field"], row["basis"], row["day"])
            parts.setdefault(place, []).append(_bucket(row))
        for (chain, component, field, basis, day), buckets in parts.items():
            made.append(
                Sketched(
                    stream=Stream(chain, component, field),
                    window=Window(start=day, end=day + DAY),
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
    """The buckets of a stream that lie in `period` and cover it: whole days, and windows where no day is.

    In time order, by basis; a window whose stream had nothing has none. An evaluation set is one bucket.
    """
    if dataset != PRODUCTION:
        return _read(con, stream, Window(start=_FIRST, end=_LAST), dataset=dataset, days=False)
    is_long = day_of(period.start - timedelta(microseconds=1)) + 2 * DAY <= period.end
    found = _read(con, stream, period, dataset=dataset, days=True) if is_long else []
    # Days first, and then only the time between them: the windows of a day are twenty-four times its size.
    for part in _between([b.window for b in found], period):
        found += _read(con, stream, part, dataset=dataset, days=False)
    return sorted(found, key=lambda b: (b.window.start, b.basis))


def _read(con: Connection, stream: Stream, period: Window, *, dataset: str, days: bool) -> list[Bucket]:
    bounds = {
        "dataset": dataset,
        "chain": stream.chain,
        "component": stream.component,
        "field": stream.field,
        "start": period.start,
        "end": period.end,
    }
    name = f"{_kind(stream)}_day_buckets" if days else f"{_kind(stream)}_buckets"
    return [_bucket(row) for row in fetch(con, query(name), bounds)]


def _kind(stream: Stream) -> str:
    return "text" if stream.field in TEXT_FIELDS else "number"


def _between(days: Sequence[Window], period: Window) -> list[Window]:
    """What of the period lies outside the days, which are in time order."""
    parts, at = [], period.start
    for day in days:
        if day.start > at:
            parts.append(Window(start=at, end=day.start))
        at = max(at, day.end)
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
