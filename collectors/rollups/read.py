"""Figures of spans over time: off the rollups, and off the spans where these are not rolled up (yet).

The answer is that of the spans as they are stored: counts and sums exactly, quantiles within 1 %.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from collectors.model import PRODUCTION
from collectors.rollups.bins import PARAMETERS, value_of
from collectors.rollups.refresh import EVER, HOUR_S, LISTED, sql, stale_hours
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

QUANTILES = (0.5, 0.95, 0.99)
MARKERS = ("chain_version", "component_version", "prompt_version", "index_version", "model")
_HOUR = timedelta(hours=1)
# Codes that lie closer together than this are counted in one table, whatever lies between them.
_WIDEST = 8192


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Which spans, and how they are divided.

    Attributes:
        start, end: half-open. origin, step_s: span belongs to place `floor((started_at - origin) / step_s)`.
        component, version, model, environment, marker: None for any; a version is the component's, or else
            the chain's; a marker is any of MARKERS.
    """

    chain: str
    start: datetime
    end: datetime
    origin: datetime
    step_s: float
    dataset: str = PRODUCTION
    component: str | None = None
    version: str | None = None
    model: str | None = None
    environment: str | None = None
    marker: str | None = None


@dataclass(frozen=True, kw_only=True)
class Number:
    """One field of one group. quantiles: at those asked for, interpolated, each within 1 %."""

    n: int
    total: float
    squares: float
    quantiles: tuple[float, ...]

    @property
    def mean(self) -> float:
        return self.total / self.n

    @property
    def spread(self) -> float | None:
        """Standard deviation; None of one value."""
        if self.n < 2:
            return None
        return float(max(0.0, (self.squares - self.total**2 / self.n) / (self.n - 1)) ** 0.5)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many spans a group has; first_at, last_at: starts of the first and the last."""

    spans: int
    errors: int
    first_at: datetime
    last_at: datetime


GroupOf = Callable[[Row], Hashable]


class Rolled:
    """What a connection reads off the rollups: one for all reads. Which hours are stale is found out once.

    exists: whether any hour was ever rolled up. Before that everything comes off the spans.
    """

    def __init__(self, con: Connection) -> None:
        self._con = con
        self._tiled: dict[str, Any] | None = None
        self.exists = bool(con.execute("SELECT 1 FROM rollup_tiles LIMIT 1").fetchall())

    @cached_property
    def _stale(self) -> list[datetime]:
        return stale_hours(self._con)

    def counts(self, cut: Cut, by: GroupOf) -> dict[Any, Counts]:
        """Spans by group. by: the group of a row: it has `component`, `place`, `environment`, MARKERS."""
        bounds = self._prepare(cut)
        found: dict[Any, Counts] = {}
        for row in fetch(self._con, sql("read_spans"), bounds):
            mine = found.get(group := by(row))
            found[group] = Counts(
                spans=row["spans"] + (mine.spans if mine else 0),
                errors=row["errors"] + (mine.errors if mine else 0),
                first_at=min(row["first_at"], mine.first_at) if mine else row["first_at"],
                last_at=max(row["last_at"], mine.last_at) if mine else row["last_at"],
            )
        return found

    def extent(self, chain: str) -> Counts | None:
        """All of a chain's production; None where it has none."""
        length_s = (EVER[1] - EVER[0]).total_seconds()
        cut = Cut(chain=chain, start=EVER[0], end=EVER[1], origin=EVER[0], step_s=length_s)
        return self.counts(cut, lambda row: None).get(None)

    def seen_in(self, trace_id: str) -> list[datetime]:
        """The hours that are rolled up and have spans of a trace, in order; rarely one more."""
        rows = fetch(self._con, sql("trace_hours"), {"trace_id": trace_id})
        return sorted(row["bucket"] for row in rows)

    def hours_of(self, trace_id: str) -> list[datetime]:
        """The hours in which to look for a trace: where it was seen, and those that are not rolled up."""
        return sorted({*self.seen_in(trace_id), *self._stale})

    def numbers(
        self, cut: Cut, fields: Sequence[str], by: GroupOf, *, quantiles: Sequence[float] = QUANTILES
    ) -> dict[str, dict[Any, Number]]:
        """Numbers by field and group; a group without a value has none."""
        return self.numbers_by(cut, fields, by, quantiles=quantiles)[0]

    def numbers_by(
        self, cut: Cut, fields: Sequence[str], *by: GroupOf, quantiles: Sequence[float] = QUANTILES
    ) -> list[dict[str, dict[Any, Number]]]:
        """The numbers of one reading, for each of several ways to group them."""
        bounds = self._prepare(cut) | {"fields": list(fields)}
        parts = [_arrow(self._con, sql("read_numbers"), bounds)]
        if bounds["low"] is not None:
            binned = sql("bin_numbers") + sql("count_in_bins")
            parts.append(_arrow(self._con, binned, bounds | PARAMETERS))
        table = pa.concat_tables([part.select(parts[0].column_names).cast(parts[0].schema) for part in parts])
        rows = {field: table.filter(pc.equal(table["field"], field)).combine_chunks() for field in fields}
        return [
            {
                field: dict(_merged(mine, one, quantiles)) if mine.num_rows else {}
                for field, mine in rows.items()
            }
            for one in by
        ]

    def sources(self, start: datetime, end: datetime, step_s: int) -> list[Row]:
        """Production's spans by source, exporter and place, counted from `start`; all chains together."""
        bounds = self._prepare(Cut(chain="", start=start, end=end, origin=start, step_s=step_s))
        text = sql("read_sources")
        return fetch(self._con, text, {k: v for k, v in bounds.items() if f"${k}" in text})

    def _prepare(self, cut: Cut) -> dict[str, Any]:
        """The tables `tiles` and `left_out` of the cut, and the parameters that go with them."""
        edges = {_hour_of(at) for at in (cut.start, cut.origin, cut.end) if at != _hour_of(at)}
        if cut.step_s % HOUR_S and cut.step_s < (cut.end - cut.start).total_seconds():
            raise ValueError(f"steps of {cut.step_s} seconds are no hours")
        hours = sorted(h for h in {*self._stale, *edges} if h + _HOUR > cut.start and h < cut.end)
        period = {"start": cut.start, "end": cut.end, "origin": cut.origin, "step_s": cut.step_s}
        # Counts and numbers of the same time follow one another.
        if period != self._tiled:
            self._con.execute(LISTED.format(table="left_out"), {"hours": hours})
            self._con.execute(sql("tiles"), period)
            self._tiled = period
        return period | {
            "chain": cut.chain,
            "dataset": cut.dataset,
            "component": cut.component,
            "version": cut.version,
            "model": cut.model,
            "environment": cut.environment,
            "marker": cut.marker,
            "low": hours[0] if hours else None,
            "high": hours[-1] + _HOUR if hours else None,
        }


def _hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _arrow(con: Connection, text: str, bounds: dict[str, Any]) -> pa.Table:
    used = {name: value for name, value in bounds.items() if f"${name}" in text}
    return con.sql(text, params=used).to_arrow_table()


def _merged(rows: pa.Table, by: GroupOf, asked: Sequence[float]) -> Iterator[tuple[Any, Number]]:
    """The rows of one field, those of one group added up."""
    groups: dict[Any, int] = {}
    keys = rows.select(["component", "place", "environment", *MARKERS]).to_pylist()
    of = np.array([groups.setdefault(by(key), len(groups)) for key in keys], dtype=np.int64)
    n, total, squares = (
        np.bincount(of, weights=rows[name].to_numpy(), minlength=len(groups))
        for name in ("n", "total", "squares")
    )
    low, high = np.full(len(groups), np.inf), np.full(len(groups), -np.inf)
    np.minimum.at(low, of, rows["low"].to_numpy())
    np.maximum.at(high, of, rows["high"].to_numpy())
    codes, lengths = _flat(rows["codes"])
    counts, _ = _flat(rows["counts"])
    quantiles = np.clip(_quantiles(np.repeat(of, lengths), codes, counts, len(groups), asked), low, high)
    for group, at in groups.items():
        yield (
            group,
            Number(
                n=round(n[at]),
                total=float(total[at]),
                squares=float(squares[at]),
                quantiles=tuple(quantiles[:, at].tolist()),
            ),
        )


def _flat(lists: pa.ChunkedArray) -> tuple[Ints, Ints]:
    """All items of a column of lists, and the length of each list."""
    joined = lists.combine_chunks()
    return joined.flatten().to_numpy().astype(np.int64), joined.value_lengths().to_numpy().astype(np.int64)


def _quantiles(of: Ints, codes: Ints, counts: Ints, groups: int, asked: Sequence[float]) -> Floats:
    """(len(asked), groups) values between those at the two ranks around each quantile."""
    first, last = int(codes.min()), int(codes.max())
    if last - first < _WIDEST:
        used, place = np.arange(first, last + 1), codes - first
    else:
        used, place = np.unique(codes, return_inverse=True)
    flat = np.bincount(of * len(used) + place, weights=counts, minlength=groups * len(used))
    below = flat.reshape(groups, len(used)).cumsum(axis=1)
    values = np.array([value_of(int(code)) for code in used])
    # All groups in one ascending row, each above all of the one before: one search finds every rank.
    above, start = np.arange(groups) * (below[:, -1].max() + 1), np.arange(groups) * len(used)
    row = (below + above[:, None]).ravel()

    rank = np.asarray(asked)[:, None] * (below[:, -1] - 1)
    low, high = (
        values[np.minimum(np.searchsorted(row, at + above, "right") - start, len(used) - 1)]
        for at in (np.floor(rank), np.ceil(rank))
    )
    found: Floats = low + (high - low) * (rank - np.floor(rank))
    return found
