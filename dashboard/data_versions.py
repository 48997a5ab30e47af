"""What the versions of a component are worth: mean grades, most of them without a look at the spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from collectors.rollups.read import Cut, Rolled
from collectors.rollups.refresh import OTHER, runs
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row
from dashboard.data import TimeRange, select
from dashboard.data_figures import version_text

_HOUR = timedelta(hours=1)
# Each costs as much as some 100,000 spans: more of them cost more than to read all that lies between.
_MOST_STRETCHES = 24


def version_grades(
    con: Connection, rolled: Rolled, chain: str, component: str, span: TimeRange
) -> Mapping[str, Mapping[str, float]]:
    """Mean grade of each version of one component, by version and criterion.

    In most hours a component has one version, which the rollups know: the grades of such an hour are of it.
    Of hours with several the spans are asked.
    """
    scope = {"chain": chain, "component": component, **span.parameters}
    if not rolled.exists:
        return _means(select(con, "version_quality", {**scope, "hours": None}))
    alone, several = _hours(rolled, chain, component, span)
    graded = select(con, "hour_quality", scope)
    rows = [{**row, "version": alone[row["bucket"]]} for row in graded if row["bucket"] in alone]
    wanted = sorted(several & {row["bucket"] for row in graded})
    for low, high in stretches(wanted, span.start, span.end):
        rows += select(con, "version_quality", {**scope, "start": low, "end": high, "hours": wanted})
    return _means(rows)


def stretches(
    hours: Sequence[datetime], start: datetime, end: datetime
) -> Sequence[tuple[datetime, datetime]]:
    """Where some hours lie, in order, from `start` to `end`: no more stretches than are worth a read each."""
    found = list(runs(hours))
    if len(found) > _MOST_STRETCHES:
        found = [(hours[0], hours[-1] + _HOUR)]
    return [(max(low, start), min(high, end)) for low, high in found]


def _hours(
    rolled: Rolled, chain: str, component: str, span: TimeRange
) -> tuple[dict[datetime, str], set[datetime]]:
    """The hours in which all spans are of one version, with it, and the others."""
    origin = span.start.replace(minute=0, second=0, microsecond=0)
    cut = Cut(
        chain=chain,
        component=component,
        start=span.start,
        end=span.end,
        origin=origin,
        step_s=_HOUR.total_seconds(),
    )
    found: dict[datetime, set[str]] = {}
    for place, version in rolled.counts(cut, lambda row: (row["place"], version_text(row))):
        found.setdefault(origin + place * _HOUR, set()).add(version)
    alone = {hour: next(iter(v)) for hour, v in found.items() if len(v) == 1 and OTHER not in next(iter(v))}
    return alone, found.keys() - alone.keys()


def _means(rows: Iterable[Row]) -> dict[str, dict[str, float]]:
    sums: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        mine = sums.setdefault((row["version"], row["criterion"]), [0.0, 0])
        mine[0], mine[1] = mine[0] + (row["total"] or 0.0), mine[1] + row["n"]
    found: dict[str, dict[str, float]] = {}
    for (version, criterion), (total, n) in sums.items():
        if n:
            found.setdefault(version, {})[criterion] = total / n
    return found
