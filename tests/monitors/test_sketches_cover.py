"""Any stretch of time is covered once, by few sketches, whatever of the days and weeks is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.warehouse.connection import Connection, Warehouse
from monitors.result import Window
from monitors.sketches.cover import DAY, LENGTHS, WEEK, Bucket, cover, merge_buckets, read_buckets
from monitors.sketches.made import Sketched
from monitors.sketches.number_sketch import NumberSketch, merged_numbers
from monitors.sketches.store import add_sketches, write_days_and_weeks, write_sketches
from monitors.streams import Stream

LATENCY = Stream("support", "generator", "duration_s")
START = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday
LENGTH = 12 * timedelta(hours=1)
DAYS = 560
END = START + DAYS * DAY


def value(i: int) -> NumberSketch:
    return NumberSketch.of(np.array([1.0 + i]))


def windows(start: int, end: int) -> list[Window]:
    return [Window(start=START + i * LENGTH, end=START + (i + 1) * LENGTH) for i in range(start, end)]


def keep(con: Connection, start: int = 0, end: int = 2 * DAYS, *, but: Sequence[int] = ()) -> None:
    """The windows of these numbers, of one value each."""
    numbered = enumerate(windows(start, end), start)
    add_sketches(
        con,
        [Sketched(stream=LATENCY, window=w, basis="s", sketch=value(i)) for i, w in numbered if i not in but],
    )


def made(con: Connection, *, since: datetime = START, until: datetime = END) -> None:
    write_days_and_weeks(con, since=since, until=until)


def lengths(con: Connection) -> dict[timedelta, int]:
    rows = con.execute("SELECT window_end - window_start, count(*) FROM number_sketch_days GROUP BY ALL")
    return dict(sorted(rows.fetchall()))


def read(con: Connection, start: int = 0, end: int = 2 * DAYS) -> list[Bucket]:
    return read_buckets(con, LATENCY, Window(start=START + start * LENGTH, end=START + end * LENGTH))


def of(numbers: Sequence[int]) -> NumberSketch:
    return merged_numbers(value(i) for i in numbers)


def test_a_long_history_is_few_buckets_and_all_of_it(warehouse: Warehouse) -> None:
    with warehouse.write() as con:
        keep(con)
        made(con)
        whole = read(con, 1, 2 * DAYS - 1)
        assert merge_buckets(whole) == of(range(1, 2 * DAYS - 1))
        assert all(a.window.end == b.window.start for a, b in pairwise(whole))
        assert len(whole) < 40
        assert max(b.window.end - b.window.start for b in whole) == 8 * WEEK
        assert list(lengths(con)) == list(LENGTHS)
        assert {b.window.end - b.window.start for b in read(con, 0, 110)} == {DAY}


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.integers(-2 * DAYS, 2 * DAYS),
    size=st.integers(1, 4 * DAYS),
    hole=st.integers(0, 2 * DAYS),
    gone=st.lists(st.sampled_from([(n, k) for n in LENGTHS for k in range(5)]), max_size=12),
)
def test_every_window_is_covered_once(
    warehouse: Warehouse, start: int, size: int, hole: int, gone: list[tuple[timedelta, int]]
) -> None:
    end = start + size
    with warehouse.write() as con:
        con.execute("DELETE FROM number_sketches")
        con.execute("DELETE FROM number_sketch_days")
        keep(con, but=range(hole, hole + 9))
        made(con)
        for length, number in gone:
            con.execute(
                "DELETE FROM number_sketch_days WHERE rowid IN (SELECT rowid FROM number_sketch_days "
                "WHERE window_end - window_start = ? ORDER BY window_start OFFSET ? LIMIT 1)",
                [length, 7 * number],
            )
        found = read(con, start, end)
    there = [i for i in range(max(start, 0), min(end, 2 * DAYS)) if not hole <= i < hole + 9]
    assert bool(found) == bool(there)
    assert all(a.window.end <= b.window.start for a, b in pairwise(found))
    if there:
        assert merge_buckets(found) == of(there)


def test_what_is_written_anew_goes_with_all_that_holds_it(warehouse: Warehouse) -> None:
    with warehouse.write() as con:
        keep(con)
        made(con)
        before = lengths(con)
        again = windows(400, 401)
        write_sketches(con, [Sketched(stream=LATENCY, window=again[0], basis="s", sketch=value(0))], again)
        after = lengths(con)
        assert {n: before[n] - after.get(n, 0) for n in before} == dict.fromkeys(before, 1)
        made(con, since=again[0].start)
        assert lengths(con) == before
        changed = of([*range(400), 0, *range(401, 2 * DAYS)])
        assert merge_buckets(read(con)) == changed
        assert merge_buckets(cover(con, LATENCY, Window(start=START, end=END), [])) == changed


def test_weeks_stand_where_a_day_is_whole_no_more(warehouse: Warehouse) -> None:
    with warehouse.write() as con:
        keep(con)
        made(con)
        before = lengths(con)
        # As `forget` leaves it: one window, and all that holds it.
        for table in ("number_sketches", "number_sketch_days"):
            at = windows(401, 402)[0]
            con.execute(f"DELETE FROM {table} WHERE window_start < ? AND window_end > ?", [at.end, at.start])
        made(con, since=END - DAY)
        assert lengths(con) == before | {DAY: before[DAY] - 1}
        assert merge_buckets(read(con)) == of([i for i in range(2 * DAYS) if i != 401])


def test_weeks_without_longer_ones_get_them(warehouse: Warehouse) -> None:
    with warehouse.write() as con:
        keep(con)
        made(con)
        before, whole = lengths(con), read(con)
        con.execute("DELETE FROM number_sketch_days WHERE window_end - window_start > INTERVAL 7 DAY")
        assert merge_buckets(read(con)) == merge_buckets(whole)
        made(con, since=END - DAY)
        assert lengths(con) == before
        assert read(con) == whole


@pytest.mark.parametrize("kept_from", [100, 101])
def test_what_lost_its_beginning_is_not_made(warehouse: Warehouse, kept_from: int) -> None:
    limit = START + kept_from * LENGTH
    with warehouse.write() as con:
        keep(con)
        made(con)
        # As `prune` leaves it.
        con.execute("DELETE FROM number_sketches WHERE window_end <= ?", [limit])
        con.execute("DELETE FROM number_sketch_days WHERE window_start < ?", [limit])
        before = lengths(con)
        made(con, since=END - DAY)
        assert lengths(con) == before
        assert merge_buckets(read(con)) == of(range(kept_from, 2 * DAYS))


def test_an_encoder_that_changed_is_read_beside_the_other(warehouse: Warehouse) -> None:
    with warehouse.write() as con:
        for basis, part in (("a", windows(0, 150)), ("b", windows(150, 300))):
            add_sketches(
                con,
                [
                    Sketched(stream=LATENCY, window=w, basis=basis, sketch=value(i))
                    for i, w in enumerate(part)
                ],
            )
        made(con, until=START + 150 * DAY)
        found = read(con, 0, 300)
        for basis in ("a", "b"):
            assert merge_buckets([b for b in found if b.basis == basis]) == of(range(150))
