"""Sketches in the warehouse: a row per stream and window, and one per day, week, and 2, 4, 8 ... 64 weeks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from collectors.model import PRODUCTION
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch, insert
from monitors.result import Window
from monitors.sketches.cover import (
    DAY,
    LENGTHS,
    MONDAY,
    Bucket,
    begin,
    bucket_of,
    cover,
    kind_of,
    merge_buckets,
)
from monitors.sketches.made import Sketched
from monitors.sketches.text_sketch import TextSketch
from monitors.sql import query
from monitors.streams import Stream

KINDS = ("text", "number")

# Stream, start of the window, basis.
SketchKey = tuple[Stream, datetime, str]


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
        is_long = one.dataset == PRODUCTION and one.window.end - one.window.start in LENGTHS
        table = f"{kind_of(one.stream)}_sketch_days" if is_long else f"{kind_of(one.stream)}_sketches"
        by_table.setdefault(table, []).append(_row(one))
    for table, rows in by_table.items():
        insert(con, table, rows)


def write_sets(con: Connection, dataset: str, sketched: Sequence[Sketched]) -> None:
    """Store the sketches of an evaluation set, replacing what was there."""
    for kind in KINDS:
        con.execute(f"DELETE FROM {kind}_sketches WHERE dataset = ?", [dataset])  # noqa: S608 - names are ours
    add_sketches(con, sketched)


def write_days_and_weeks(con: Connection, *, since: datetime, until: datetime) -> None:
    """Merge windows to days from that of `since` on, days to weeks, and weeks to 2, 4, 8 ... 64 weeks.

    Only what is over by `until` and has no sketch yet. Weeks are made wherever one is missing.
    """
    bounds = {"until": until, "longest_days": LENGTHS[-1].days, "monday": MONDAY}
    for kind in KINDS:
        windows = fetch(con, query(f"{kind}_days"), {"low": begin(since, DAY), "until": until})
        _merge_parts(con, windows, DAY)
        while due := fetch(con, query(f"{kind}_parts"), bounds):
            # What is made of them may be a part of what is longer still.
            days = min(row["days"] for row in due)
            places = {"places": [row["place"] for row in due if row["days"] == days]}
            _merge_parts(con, fetch(con, query(f"{kind}_at"), places), days * DAY)


def _merge_parts(con: Connection, rows: Sequence[Row], length: timedelta) -> None:
    """Store the bucket of that length of each stream and basis whose parts these rows are."""
    parts: dict[tuple[Any, ...], list[Bucket]] = {}
    for row in rows:
        start = begin(row["window_start"], length)
        place = (Stream(row["chain"], row["component"], row["field"]), row["basis"], start)
        parts.setdefault(place, []).append(bucket_of(row))
    made: list[Sketched] = []
    for (stream, basis, start), buckets in parts.items():
        whole = Window(start=start, end=start + length)
        # A day that a forgotten user wrote in is not kept as a whole; its other windows are.
        for gap in _gaps(buckets, whole) if length > DAY else ():
            shorter = LENGTHS[: LENGTHS.index(length) - 1]
            buckets += [b for b in cover(con, stream, gap, shorter) if b.basis == basis]
        made.append(Sketched(stream=stream, window=whole, basis=basis, sketch=merge_buckets(buckets)))
    add_sketches(con, made)


def _gaps(buckets: Sequence[Bucket], whole: Window) -> list[Window]:
    """What of `whole` lies outside the buckets, which are in time order."""
    edges = [whole.start, *(t for b in buckets for t in (b.window.start, b.window.end)), whole.end]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [Window(start=start, end=end) for start, end in pairs if start < end]


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
