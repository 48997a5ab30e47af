"""A run keeps sketches of what it reads: whatever comes late, goes or is forgotten, they stay right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from run_world import HOUR, START, open_world, rows, store, traffic

from collectors.context import Context
from collectors.home import Home
from collectors.model import Span
from collectors.retention.forget import forget
from collectors.retention.prune import execute, plan
from collectors.retention.users import UserForms
from collectors.warehouse.connection import Warehouse
from monitors.result import Window
from monitors.runner import run_pass
from monitors.sketches.compare import NumberComparison, TextComparison, compare
from monitors.sketches.cover import Bucket, merge_buckets, read_buckets
from monitors.sketches.made import Sketched
from monitors.sketches.number_sketch import NumberSketch
from monitors.sketches.store import add_sketches, write_days_and_weeks, write_sketches
from monitors.streams import Stream

GRACE = timedelta(minutes=6)
DAY = timedelta(days=1)
LATENCY = Stream("support", "generator", "duration_s")
INPUTS = Stream("support", "generator", "input_text")
EVER = Window(start=datetime(2020, 1, 1, tzinfo=UTC), end=datetime(2030, 1, 1, tzinfo=UTC))


def buckets(context: Context, stream: Stream, period: Window = EVER, **more: Any) -> list[Bucket]:
    with context.warehouse.read() as con:
        return read_buckets(con, stream, period, **more)


def passed(context: Context, hour: int) -> None:
    run_pass(context, now=START + hour * HOUR + GRACE, deliver=False)


def all_rows(context: Context) -> list[Any]:
    """Everything that the tables of sketches hold, in one order."""
    return [
        sorted(map(repr, (tuple(row.values()) for row in rows(context, f"SELECT * FROM {table}"))))
        for table in ("number_sketches", "number_sketch_days", "text_sketches", "text_sketch_days")
    ]


@pytest.fixture
def world(home: Home) -> Context:
    return open_world(home, "latency")


def test_days_and_windows_cover_the_time_once(world: Context) -> None:
    spans = traffic(range(30), a_window=4)
    store(world, spans)
    passed(world, 20)
    passed(world, 30)
    found = buckets(world, LATENCY)
    assert [b.window.end - b.window.start for b in found] == [DAY, *[HOUR] * 6]
    values = np.array([s.duration_s for s in spans if s.component == "generator"])
    whole = NumberSketch.of(values)
    merged = found[0].sketch
    assert isinstance(merged, NumberSketch)
    assert merged.n == 96
    for bucket in found[1:]:
        assert isinstance(bucket.sketch, NumberSketch)
        merged = merged.merge(bucket.sketch)
    assert (merged.codes, merged.counts, merged.total) == (whole.codes, whole.counts, whole.total)
    assert [b.window.start - START for b in buckets(world, INPUTS)] == [b.window.start - START for b in found]
    part = Window(start=START + 3 * HOUR, end=START + 26 * HOUR)
    assert len(buckets(world, INPUTS, part)) == 23, "a day that lies partly in the period is read as windows"


def test_long_stretches_are_read_as_weeks(warehouse: Warehouse) -> None:
    # From a Wednesday on: eight whole weeks, and days at both ends.
    start, length = START + 2 * DAY, 6 * HOUR
    places = [Window(start=start + i * length, end=start + (i + 1) * length) for i in range(4 * 64)]
    made = [
        Sketched(stream=LATENCY, window=w, basis="s", sketch=NumberSketch.of(np.array([1.0 + i])))
        for i, w in enumerate(places)
    ]
    with warehouse.write() as con:
        add_sketches(con, made)
        for day in range(0, 64, 16):
            write_days_and_weeks(con, since=start + day * DAY, until=start + (day + 16) * DAY)
    ends = start + 64 * DAY
    with warehouse.read() as con:
        whole = read_buckets(con, LATENCY, Window(start=start, end=ends - length))
        short = read_buckets(con, LATENCY, Window(start=start, end=ends - 9 * DAY))
    week = 7 * DAY
    assert [b.window.end - b.window.start for b in whole] == [
        *[DAY] * 5,
        *[week] * 8,
        *[DAY] * 2,
        *[length] * 3,
    ]
    assert all(b.window.start == a.window.end for a, b in pairwise(whole))
    assert merge_buckets(whole) == NumberSketch.of(np.arange(1.0, 4 * 64))
    assert {b.window.end - b.window.start for b in short} == {DAY}
    with warehouse.write() as con:
        write_sketches(con, [], [places[4 * 20]])
    with warehouse.read() as con:
        found = read_buckets(con, LATENCY, Window(start=start, end=ends))
    assert [b.window.end - b.window.start for b in found].count(week) == 7
    assert merge_buckets(found) != merge_buckets(whole), "the day of what is written anew goes with its week"


def test_a_run_in_one_go_keeps_what_runs_by_the_hour_keep(world: Context, tmp_path: Any) -> None:
    other = open_world(Home(root=tmp_path / "other").create(), "latency")
    spans = traffic(range(26), a_window=3)
    for context in (world, other):
        store(context, spans)
    passed(world, 26)
    for hour in (5, 23, 24, 26):
        passed(other, hour)
    assert all_rows(world) == all_rows(other)
    run_pass(other, now=START + 26 * HOUR + GRACE, since=START + 20 * HOUR, deliver=False)
    assert all_rows(world) == all_rows(other), "windows that are evaluated again are replaced"


def test_late_spans_are_in_the_sketches_of_their_window_and_day(world: Context) -> None:
    spans = traffic(range(27), a_window=4)
    late = [s for s in spans if s.started_at < START + 3 * HOUR and s.trace_id.endswith("10" + 24 * "0")]
    late = late or spans[:3]
    store(world, [s for s in spans if s not in late])
    passed(world, 27)
    before = buckets(world, LATENCY)[0].sketch
    store(world, [replace(s, ingested_at=START + 27 * HOUR) for s in late])
    passed(world, 28)
    after = buckets(world, LATENCY)[0].sketch
    assert isinstance(before, NumberSketch)
    assert isinstance(after, NumberSketch)
    assert after.n == before.n + sum(s.component == "generator" for s in late) == 96


def with_user(spans: list[Span], hour: int) -> list[Span]:
    """One request of that hour is a user's."""
    trace = next(s.trace_id for s in spans if s.started_at >= START + hour * HOUR)
    return [replace(s, user_id="jane") if s.trace_id == trace else s for s in spans]


def test_what_a_forgotten_user_wrote_leaves_the_sketches(world: Context) -> None:
    store(world, with_user(traffic(range(26), a_window=4), 3))
    passed(world, 26)
    before = {b.window: b.sketch for b in buckets(world, INPUTS, Window(start=START, end=START + 5 * HOUR))}
    numbers = buckets(world, LATENCY)
    user = UserForms(stored=("jane",), remembered=("jane",))
    report = forget(world, user, now=START + 26 * HOUR, compacting=False)
    assert report.rows["text_sketches"] > 0
    hour = Window(start=START + 3 * HOUR, end=START + 4 * HOUR)
    left = {b.window: b.sketch for b in buckets(world, INPUTS, Window(start=START, end=START + 5 * HOUR))}
    assert set(before) - set(left) == {hour}
    assert buckets(world, LATENCY) == numbers, "a number says nothing of whose it was"
    # The next run makes it anew of the texts that are left.
    store(world, traffic(range(26, 27), a_window=4))
    passed(world, 27)
    again = {b.window: b.sketch for b in buckets(world, INPUTS, Window(start=START, end=START + 5 * HOUR))}
    assert {w: s for w, s in again.items() if w != hour} == left
    assert again[hour].count == before[hour].count - 1  # type: ignore[union-attr]
    day = buckets(world, INPUTS)[0]
    assert day.window == Window(start=START, end=START + DAY)
    assert day.sketch.count == 95  # type: ignore[union-attr]


def test_sketches_past_their_limit_go(world: Context) -> None:
    store(world, traffic(range(50), a_window=2))
    passed(world, 50)
    with world.warehouse.read() as con:
        due = plan(con, {"sketches": START + 2 * DAY})
    execute(world.warehouse, due, now=START + 60 * HOUR)
    for stream in (LATENCY, INPUTS):
        assert min(b.window.start for b in buckets(world, stream)) >= START + DAY


def test_two_stretches_are_compared(world: Context) -> None:
    store(world, traffic(range(12), a_window=8))
    store(world, traffic(range(12, 24), a_window=8, slow=3.0, words="outage slow"))
    passed(world, 24)
    before, after = (
        Window(start=START, end=START + 12 * HOUR),
        Window(start=START + 12 * HOUR, end=START + DAY),
    )
    quiet = Window(start=START, end=START + 6 * HOUR), Window(start=START + 6 * HOUR, end=START + 12 * HOUR)
    texts = compare(buckets(world, INPUTS, before), buckets(world, INPUTS, after))
    assert isinstance(texts, TextComparison)
    assert texts.p <= 0.01
    assert texts.permuted == "windows"
    assert texts.mean_distance > 5 * texts.usual_mean_distance
    same = compare(*(buckets(world, INPUTS, part) for part in quiet))
    assert isinstance(same, TextComparison)
    assert same.p > 0.01
    numbers = compare(buckets(world, LATENCY, before), buckets(world, LATENCY, after))
    assert isinstance(numbers, NumberComparison)
    assert numbers.mean_after / numbers.mean_before == pytest.approx(3.0, rel=0.15)
    assert numbers.quantiles[0.5][1] / numbers.quantiles[0.5][0] == pytest.approx(3.0, rel=0.15)
    assert numbers.psi > 1.0
    assert numbers.ks > 0.8
    with pytest.raises(ValueError, match="second stretch"):
        compare(buckets(world, LATENCY, before), [])
    other = [replace(b, basis="characters") for b in buckets(world, LATENCY, after)]
    with pytest.raises(ValueError, match="characters, s"):
        compare(buckets(world, LATENCY, before), other)
