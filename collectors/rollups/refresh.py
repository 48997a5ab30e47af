"""Keeps the rollups what the spans are: hours that changed are rolled up again, and nothing else.

Storing spans does nothing for it. An hour is stale when it has other spans than were rolled up: those stored
lately are found by when they were stored, which costs what is new; and where the numbers of spans do not add
up to that of all (rows were deleted, or came with an older time), every hour is counted once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources

from collectors.rollups.bins import PARAMETERS
from collectors.warehouse.connection import Connection, Warehouse
from collectors.warehouse.store import fetch

HOUR_S, QUARTER_S, DAY_S = 3600, 21600, 86400
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
# A transaction stamps its spans when it begins to wait for its turn, and others may be stored before it.
_SLACK = timedelta(hours=1)
# Whatever spans say of their time lies within.
EVER = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC))
# Days of one transaction: a second or two, after which others have their turn.
_MERGED_AT_A_TIME = 4
_MERGED_LEVELS = (QUARTER_S, DAY_S)
_TABLES = ("rollup_tiles", "rollup_spans", "rollup_numbers", "rollup_sources")
# Version sets that a stretch of a component keeps: whoever sends another version with each span must not make
# the rollups as long as the spans.
MOST_SETS = 40
OTHER = "(other)"
_CAP = {"most": MOST_SETS, "other": OTHER}
LISTED = "CREATE OR REPLACE TEMP TABLE {table} AS SELECT unnest($hours::TIMESTAMPTZ[]) AS bucket"
_DROP = """
    DELETE FROM {table} WHERE bucket >= $low AND bucket < $high AND EXISTS (
        SELECT 1 FROM stale_hours AS s
        WHERE s.bucket >= {table}.bucket AND s.bucket < {table}.bucket + to_seconds({table}.level_s)
    )
"""


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """What is stored of one hour."""

    spans: int
    stamp: int
    seen_at: datetime


@cache
def sql(name: str) -> str:
    """The text of `collectors/rollups/<name>.sql`."""
    return (resources.files("collectors.rollups") / f"{name}.sql").read_text("utf-8")


def refresh(
    warehouse: Warehouse, *, now: datetime, most: int | None = None, since: datetime | None = None
) -> int:
    """Roll up what is stale, a day's hours a transaction; returns how many hours.

    most: the newest so many, and with `since` also every hour that got spans since then.

    The hour of `now` is left until it is over: it would be rolled up again and again, and is soon read off
    its spans. Stopped at any point, the next call goes on from there. Raises WarehouseBusyError when others
    keep the warehouse.
    """
    with warehouse.read() as con:
        stale = [hour for hour in stale_hours(con) if not hour <= now < hour + _HOUR]
        if most is not None:
            mine = set() if since is None else _touched(con, since)
            stale = [hour for hour in stale[:-most] if hour in mine] + stale[-most:]
        unmerged = {level_s: _unmerged(con, level_s) for level_s in _MERGED_LEVELS}
    if not stale and not any(unmerged.values()):
        return 0
    for hours in _in_turns(stale, _DAY // _HOUR):
        with warehouse.write() as con:
            roll_up(con, hours)
    for level_s in _MERGED_LEVELS:
        with warehouse.read() as con:
            buckets = _unmerged(con, level_s)
        for some in _in_turns(buckets, _MERGED_AT_A_TIME * DAY_S // level_s):
            with warehouse.write() as con:
                merge_up(con, level_s, some)
    return len(stale)


def stale_hours(con: Connection) -> list[datetime]:
    """The hours whose rollups are not of the spans that are stored, in order."""
    told = fetch(con, sql("rolled_in_all"))[0]
    if told["seen_at"] is None:
        return sorted(_counted(con, *EVER))
    touched = _touched(con, told["seen_at"] - _SLACK)
    within = (min(touched), max(touched) + _HOUR) if touched else (EVER[0], EVER[0])
    found, rolled = _counted(con, *within), _rolled(con, *within)
    change = sum(found[hour].spans - (rolled[hour].spans if hour in rolled else 0) for hour in touched)
    if told["stored"] != told["spans"] + change:
        found, rolled = _counted(con, *EVER), _rolled(con, *EVER)
        touched = {*found, *rolled}
    return sorted(hour for hour in touched if rolled.get(hour) != found.get(hour))


def roll_up(con: Connection, hours: Sequence[datetime]) -> None:
    """Roll these hours up anew inside the caller's transaction; stretches that they are part of are dropped.

    An hour without spans has no rollup.
    """
    if not hours:
        return
    con.execute(LISTED.format(table="stale_hours"), {"hours": list(hours)})
    around = {"low": min(hours) - _DAY, "high": max(hours) + _HOUR}
    for table in _TABLES:
        con.execute(_DROP.format(table=table), around)
    con.execute(
        "DELETE FROM trace_hours WHERE bucket >= $low AND bucket < $high "
        "AND bucket IN (SELECT bucket FROM stale_hours)",
        around,
    )
    for low, high in runs(hours):
        bounds = {"low": low, "high": high}
        con.execute(sql("roll_sets") + sql("cap_sets"), bounds | _CAP)
        numbers = sql("roll_numbers") + sql("of_sets") + sql("count_in_bins")
        _keep_sets(con, HOUR_S, numbers, bounds | PARAMETERS | {"fields": None})
        con.execute(sql("roll_traces"), bounds)
        con.execute(sql("roll_sources"), bounds)
        con.execute(
            f"INSERT INTO rollup_tiles SELECT {HOUR_S}, * FROM ({sql('hour_counts')}) "  # noqa: S608 - ours
            "WHERE bucket IN (SELECT bucket FROM stale_hours)",
            bounds,
        )


def roll_up_between(con: Connection, low: datetime, high: datetime) -> None:
    """Roll up anew what is rolled up of [low, high), inside the transaction that deletes spans there."""
    where = f"WHERE level_s = {HOUR_S} AND bucket >= $low AND bucket < $high"
    rows = fetch(con, f"SELECT bucket FROM rollup_tiles {where} ORDER BY bucket", {"low": low, "high": high})  # noqa: S608
    roll_up(con, [row["bucket"] for row in rows])


def merge_up(con: Connection, level_s: int, buckets: Sequence[datetime]) -> None:
    """Merge the hours of stretches of `level_s` seconds that are over, inside the caller's transaction."""
    con.execute(LISTED.format(table="unmerged"), {"hours": list(buckets)})
    bounds = {"level_s": level_s, "low": min(buckets), "high": max(buckets) + timedelta(seconds=level_s)}
    con.execute(sql("merge_sets") + sql("cap_sets"), bounds | _CAP)
    _keep_sets(con, level_s, sql("merge_numbers") + sql("of_sets") + sql("add_numbers"), bounds)
    con.execute(sql("merge_sources"), bounds)
    con.execute(sql("merge_tiles"), bounds)


def _keep_sets(con: Connection, level_s: int, numbers: str, bounds: Mapping[str, object]) -> None:
    """Keep the counts of `version_sets`, and their numbers, which the query `numbers` gives by `set_id`."""
    con.execute(sql("kept_sets"), {"level_s": level_s})
    con.execute("INSERT INTO rollup_spans BY NAME SELECT * EXCLUDE (set_id) FROM kept_sets")
    con.execute(
        "INSERT INTO rollup_numbers BY NAME "  # noqa: S608 - ours
        "SELECT k.* EXCLUDE (set_id, spans, errors, first_at, last_at), n.* EXCLUDE (set_id) "
        f"FROM kept_sets AS k JOIN ({numbers}) AS n USING (set_id)",
        bounds,
    )


def _touched(con: Connection, since: datetime) -> set[datetime]:
    """The hours of the spans that were stored after `since`."""
    return {row["bucket"] for row in fetch(con, sql("touched"), {"since": since})}


def _unmerged(con: Connection, level_s: int) -> list[datetime]:
    return [row["bucket"] for row in fetch(con, sql("unmerged"), {"level_s": level_s})]


def _counted(con: Connection, low: datetime, high: datetime) -> dict[datetime, _Counted]:
    return {
        row["bucket"]: _Counted(spans=row["spans"], stamp=row["stamp"], seen_at=row["seen_at"])
        for row in fetch(con, sql("hour_counts"), {"low": low, "high": high})
    }


def _rolled(con: Connection, low: datetime, high: datetime) -> dict[datetime, _Counted]:
    """What the rollups of the hours from `low` to `high` were made of."""
    where = f"WHERE level_s = {HOUR_S} AND bucket >= $low AND bucket < $high"
    return {
        row["bucket"]: _Counted(spans=row["spans"], stamp=row["stamp"], seen_at=row["seen_at"])
        for row in fetch(con, f"SELECT * FROM rollup_tiles {where}", {"low": low, "high": high})  # noqa: S608
    }


def _in_turns(buckets: Sequence[datetime], most: int) -> Iterator[Sequence[datetime]]:
    for at in range(0, len(buckets), most):
        yield buckets[at : at + most]


def runs(hours: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Ascending hours as stretches without a gap of a day: a late span of last year costs its hour."""
    if not hours:
        return
    low = last = hours[0]
    for hour in hours[1:]:
        if hour - last > _DAY:
            yield low, last + _HOUR
            low = hour
        last = hour
    yield low, last + _HOUR
