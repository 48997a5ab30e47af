"""Rollups are what the spans are: after any split, order, late arrival, completion and deletion."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rollup_world import DAY, DAYS, HOUR, LATER, START, made_up_spans, store

from collectors.model import Span
from collectors.rollups import refresh as rolling
from collectors.rollups.read import QUANTILES, Cut, Rolled
from collectors.rollups.refresh import refresh, stale_hours
from collectors.warehouse.connection import Connection, Warehouse
from collectors.warehouse.migrate import migrate
from collectors.warehouse.store import Row, fetch

FIELDS = {
    "duration_s": "duration_s",
    "time_to_first_token_s": "time_to_first_token_s",
    "cost_usd": "cost_usd",
    "output_tokens": "output_tokens",
    "output_characters": "length(output_text)",
    "documents": "len(documents)",
}


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path / "w.duckdb")
    migrate(made)
    return made


def _is_right(warehouse: Warehouse) -> None:
    """What is read off the rollups is what the spans say, by six hours and by version; narrowed as well."""
    cut = Cut(
        chain="chat", start=START + HOUR, end=START + DAYS * DAY - 30 * timedelta(minutes=1),
        origin=START, step_s=6 * 3600,
    )  # fmt: skip
    for narrowed in (cut, replace(cut, environment="staging"), replace(cut, marker="v1")):
        _is_right_of(warehouse, narrowed)


def _is_right_of(warehouse: Warehouse, cut: Cut) -> None:
    with warehouse.read() as con:
        rolled = Rolled(con)
        counts = rolled.counts(cut, _group)
        numbers = rolled.numbers(cut, list(FIELDS), _group)
        told = _from_spans(con, cut)
    assert set(counts) == set(told)
    for group, row in told.items():
        mine = counts[group]
        assert (mine.spans, mine.errors) == (row["spans"], row["errors"])
        assert (mine.first_at, mine.last_at) == (row["first_at"], row["last_at"])
        for field in FIELDS:
            if not row[f"{field}_n"]:
                assert group not in numbers[field]
                continue
            one = numbers[field][group]
            assert one.n == row[f"{field}_n"]
            assert one.mean == pytest.approx(row[f"{field}_mean"], rel=1e-9)
            assert one.quantiles == pytest.approx(row[f"{field}_quantiles"], rel=0.01, abs=1e-12)
            if one.n > 1:
                assert one.spread == pytest.approx(row[f"{field}_spread"], rel=1e-6, abs=1e-9)


def _group(row: Row) -> tuple[str, int, str | None, str | None]:
    return row["component"], row["place"], row["component_version"], row["model"]


def _from_spans(con: Connection, cut: Cut) -> dict[tuple[object, ...], Row]:
    figures = ", ".join(
        f"count({value}) AS {field}_n, avg({value}) AS {field}_mean, stddev_samp({value}) AS {field}_spread, "
        f"quantile_cont({value}, {list(QUANTILES)}) AS {field}_quantiles"
        for field, value in FIELDS.items()
    )
    rows = fetch(
        con,
        "SELECT component, (epoch(started_at) - epoch($origin::TIMESTAMPTZ))::BIGINT // 21600 AS place, "
        "component_version, model, count(*) AS spans, count(*) FILTER (status = 'error') AS errors, "
        f"min(started_at) AS first_at, max(started_at) AS last_at, {figures} FROM spans "
        "WHERE chain = 'chat' AND dataset = 'production' AND started_at >= $start AND started_at < $end "
        "AND ($environment IS NULL OR environment = $environment) "
        "AND ($marker IS NULL OR component_version = $marker OR model = $marker) GROUP BY ALL",
        {
            "origin": cut.origin,
            "start": cut.start,
            "end": cut.end,
            "environment": cut.environment,
            "marker": cut.marker,
        },
    )
    return {_group(row): row for row in rows}


@pytest.mark.parametrize("seed", range(2))
def test_rollups_equal_the_spans_after_any_history(warehouse: Warehouse, seed: int) -> None:
    chance = random.Random(seed)
    clock = START + 10 * DAY
    unfinished: list[Span] = []
    for _ in range(6):
        clock += timedelta(minutes=chance.randrange(-20, 300))
        spans = made_up_spans(chance, chance.choice([1, 20, 200]))
        store(warehouse, spans, clock)
        unfinished += [s for s in spans if s.duration_s is None]
        step = chance.randrange(4)
        with warehouse.write() as con:
            if step == 0:
                low = START + chance.randrange(DAYS * 24) * HOUR
                con.execute(
                    "DELETE FROM spans WHERE started_at >= $1 AND started_at < $2", [low, low + 9 * HOUR]
                )
            elif step == 1:
                con.execute("DELETE FROM spans WHERE hash(trace_id) % 7 = $1", [chance.randrange(7)])
        if unfinished and step == 2:
            late = unfinished.pop()
            store(warehouse, [Span(**{**vars(late), "duration_s": 3.0, "status": "ok"})], clock)
        if chance.random() < 0.6:
            refresh(warehouse, now=LATER)
        if chance.random() < 0.4:
            _is_right(warehouse)
    refresh(warehouse, now=LATER)
    _is_right(warehouse)
    with warehouse.read() as con:
        assert stale_hours(con) == []
    assert refresh(warehouse, now=LATER) == 0


def test_a_day_is_read_as_one_stretch_and_a_late_span_opens_it_again(warehouse: Warehouse) -> None:
    store(warehouse, made_up_spans(random.Random(7), 400), START + 10 * DAY)
    refresh(warehouse, now=LATER)
    day, hour = "level_s = 86400", "level_s = 3600"
    assert _tiles(warehouse, day) == DAYS - 1, "the last day is not over"
    late = made_up_spans(random.Random(8), 1)[0]
    store(warehouse, [late], START + 11 * DAY)
    with warehouse.read() as con:
        assert stale_hours(con) == [late.started_at.replace(minute=0, second=0)]
    before = _tiles(warehouse, hour)
    assert refresh(warehouse, now=LATER) == 1
    assert _tiles(warehouse, day) == DAYS - 1
    assert _tiles(warehouse, hour) - before in (0, 1)
    _is_right(warehouse)


def test_what_is_rolled_up_halfway_is_right_and_is_finished_by_the_next(warehouse: Warehouse) -> None:
    store(warehouse, made_up_spans(random.Random(9), 300), START + 10 * DAY)
    with warehouse.read() as con:
        stale = stale_hours(con)
    with warehouse.write() as con:
        rolling.roll_up(con, stale[: len(stale) // 2])
    _is_right(warehouse)
    assert refresh(warehouse, now=LATER) == len(stale) - len(stale) // 2
    _is_right(warehouse)


def test_values_that_are_hardly_numbers_are_left_out_or_counted(warehouse: Warehouse) -> None:
    spans = [
        Span(
            trace_id=f"t{i}",
            span_id="s",
            component="app",
            name="n",
            chain="chat",
            started_at=START,
            source="t",
            cost_usd=v,
        )
        for i, v in enumerate([1e-300, 1e300, 1.0])
    ]
    store(warehouse, spans, START)
    refresh(warehouse, now=LATER)
    with warehouse.read() as con:
        cut = Cut(chain="chat", start=START, end=START + DAY, origin=START, step_s=86400)
        one = Rolled(con).numbers(cut, ["cost_usd"], lambda row: None)["cost_usd"][None]
    assert one.n == 3
    assert one.quantiles[0] == pytest.approx(1.0, rel=0.01)


def test_the_hour_that_goes_on_is_read_off_its_spans(warehouse: Warehouse) -> None:
    store(warehouse, made_up_spans(random.Random(3), 60), START + 10 * DAY)
    newest = START + DAYS * DAY - timedelta(minutes=20)
    refresh(warehouse, now=newest)
    with warehouse.read() as con:
        assert stale_hours(con) in ([], [newest.replace(minute=0)])
    _is_right(warehouse)


def _tiles(warehouse: Warehouse, where: str) -> int:
    with warehouse.read() as con:
        return int(fetch(con, f"SELECT count(*) AS n FROM rollup_tiles WHERE {where}")[0]["n"])
