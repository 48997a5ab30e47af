"""Where spans come from: each source and exporter, when it was last heard of, and how much it sends."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from collectors.model import PRODUCTION
from collectors.rollups.read import Rolled
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import Row
from dashboard.data import TimeRange, range_until, select

# Rows of the table; the newest arrivals stand first, so what is left out has been quiet for longest.
MOST_SOURCES = 100
# Lines of the chart, the busiest first; the rest is one line together.
MOST_FEEDS = 5
OTHERS = "all others"
_HOUR_S = 3600


@dataclass(frozen=True, kw_only=True)
class Newest:
    """How new what is stored is.

    Attributes:
        spans: stored in all. newest_at: start of the newest production span up to now.
        arrived_at: when anything came last. ahead: spans dated more than five minutes after now.
    """

    spans: int
    newest_at: datetime | None
    arrived_at: datetime | None
    ahead: int


@dataclass(frozen=True, kw_only=True)
class SourceRow:
    """One source as spans name it (format and file), one exporter of it, one dataset."""

    source: str
    exporter: str | None
    dataset: str
    spans: int
    arrived_at: datetime
    newest_at: datetime


@dataclass(frozen=True, kw_only=True)
class Feed:
    """Spans an hour of one format and exporter, by bucket; None where none came."""

    name: str
    per_hour: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class SourcesView:
    """The sources section.

    Attributes:
        rows: newest arrival first, at most MOST_SOURCES of `sources`.
        formats: every format in the range, whatever is chosen. buckets: starts, the one that is still
            filling left out. last_per_hour, usual_per_hour: all feeds together in the last whole bucket
            (None: nothing came), and the median of the buckets with spans.
    """

    span: TimeRange
    rows: tuple[SourceRow, ...]
    sources: int
    formats: tuple[str, ...]
    buckets: tuple[datetime, ...]
    feeds: tuple[Feed, ...]
    last_per_hour: float | None
    usual_per_hour: float | None


def newest(warehouse: Warehouse, now: datetime) -> Newest:
    """How new the warehouse is; reads no text."""
    with warehouse.read() as con:
        return Newest(**select(con, "newest_spans", {"now": now})[0])


def sources_view(warehouse: Warehouse, until: datetime, range_name: str, chosen: str | None) -> SourcesView:
    """The sources of the range called `range_name` that ends at `until`; of the format `chosen`, or all."""
    span = range_until(until, range_name)
    with warehouse.read() as con:
        rolled = Rolled(con)
        if rolled.exists and span.bucket_s % _HOUR_S == 0:
            sets = select(con, "source_sets")
            found = _parts(rolled.sources(span.start, span.end, span.bucket_s), sets, chosen)
        else:
            found = select(con, "sources", {**span.parameters, "format": chosen, "limit": MOST_SOURCES})
    totals = [row for row in found if row["part"] == "total"]
    # The newest span is in the last bucket, which is still filling: it would always look like a drop.
    buckets = span.buckets()[:-1]
    feeds = _feeds([row for row in found if row["part"] == "point"], len(buckets), span.bucket_s)
    together = [_sum(values) for values in zip(*(f.per_hour for f in feeds), strict=True)]
    known = [value for value in together if value is not None]
    return SourcesView(
        span=span,
        rows=tuple(SourceRow(**{k: row[k] for k in SourceRow.__dataclass_fields__}) for row in totals),
        sources=totals[0]["sources"] if totals else 0,
        formats=tuple(sorted(row["source"] for row in found if row["part"] == "format")),
        buckets=tuple(buckets),
        feeds=feeds,
        last_per_hour=together[-1] if together else None,
        usual_per_hour=median(known) if known else None,
    )


def _parts(points: list[Row], sets: list[Row], chosen: str | None) -> list[Row]:
    """Rows as sources.sql has them. points: of production, by place; sets: evaluation sets."""
    totals: dict[tuple[str, str | None, str], Row] = {}
    for row in [*({**point, "dataset": PRODUCTION} for point in points), *sets]:
        mine = totals.setdefault(
            (row["source"], row["exporter"], row["dataset"]),
            {**row, "part": "total", "spans": 0},
        )
        mine["spans"] += row["spans"]
        for name in ("arrived_at", "newest_at"):
            mine[name] = max(mine[name], row[name])
    formats = {_format(source) for source, _, _ in totals}
    shown = [row for row in totals.values() if chosen is None or _format(row["source"]) == chosen]
    shown.sort(key=lambda row: (-row["arrived_at"].timestamp(), row["source"], row["exporter"] or ""))
    return [
        *({**row, "sources": len(shown)} for row in shown[:MOST_SOURCES]),
        *({"part": "format", "source": name} for name in formats),
        *(
            {**row, "part": "point", "source": _format(row["source"]), "bucket": row["place"]}
            for row in sorted(points, key=lambda row: row["place"])
            if chosen is None or _format(row["source"]) == chosen
        ),
    ]


def _format(source: str) -> str:
    return source.partition(":")[0]


def _feeds(points: list[Row], buckets: int, bucket_s: int) -> tuple[Feed, ...]:
    spans: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in points:
        name = f"{row['source']}, {row['exporter']}" if row["exporter"] else row["source"]
        spans[name][row["bucket"]] += row["spans"]
    ranked = sorted(spans, key=lambda name: (-sum(spans[name].values()), name))
    if len(ranked) > MOST_FEEDS:
        for name in ranked[MOST_FEEDS:]:
            for bucket, n in spans[name].items():
                spans[OTHERS][bucket] += n
        ranked = [*ranked[:MOST_FEEDS], OTHERS]
    an_hour = timedelta(hours=1).total_seconds() / bucket_s
    return tuple(
        Feed(
            name=name,
            per_hour=tuple(spans[name][i] * an_hour if i in spans[name] else None for i in range(buckets)),
        )
        for name in ranked
    )


def _sum(values: tuple[float | None, ...]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
