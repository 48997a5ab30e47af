"""The compare page's reads: two sides of one component, number by number, and how sure each difference is."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from collectors.model import PRODUCTION
from collectors.rollups.read import Rolled
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import Row
from dashboard import data_sides
from dashboard.data import TimeRange, records, select
from dashboard.intervals import of_means, of_shares
from monitors.evidently_report import Slice, read_rows, write_report
from monitors.result import Window
from monitors.sketches.compare import TextComparison, compare
from monitors.sketches.cover import read_buckets
from monitors.streams import TEXT_FIELDS, Stream

By = Literal["time", "version", "model", "dataset"]
_SAMPLE = 2000
_REPORTED = 3000
_FEWEST = 2
# A normal interval of fewer values is too narrow, and of equal ones it has no width at all.
_FEWEST_OF_MEANS = 20
# Means of zeros and ones.
_SHARES = frozenset({"error_rate"})


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One version, model or data set that a component has, with its spans."""

    way: str
    name: str
    spans: int
    last_at: datetime


@dataclass(frozen=True, kw_only=True)
class SideRange:
    """Which spans stand on one side. version, model, environment: None for any."""

    name: str
    start: datetime
    end: datetime
    dataset: str = PRODUCTION
    version: str | None = None
    model: str | None = None
    environment: str | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether its spans are fewer than those of its time and data set."""
        return (self.version, self.model, self.environment) != (None, None, None)


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One number of one side. n: spans that have it; the rest is None without any."""

    measure: str
    n: int
    mean: float | None
    spread: float | None
    p50: float | None
    p95: float | None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One number on both sides.

    Attributes:
        change: the mean of b less that of a; low, high: its 95 % interval: Welch's for large samples, Agresti
            and Caffo's (2000) for shares. None where a side has fewer than twenty values, two for shares.
    """

    measure: str
    a: Measure | None
    b: Measure | None
    change: float | None
    low: float | None
    high: float | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out no difference at all."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, kw_only=True)
class Values:
    """A sample of one side's numbers; what a span does not say is left out."""

    duration_s: tuple[float, ...]
    output_tokens: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Everything side by side.

    Attributes:
        spans_a, spans_b: on each side. numbers, grades: by their names.
        texts: what the embeddings of inputs and outputs say, where both sides are times that were watched.
    """

    spans_a: int
    spans_b: int
    numbers: tuple[Difference, ...]
    grades: tuple[Difference, ...]
    values_a: Values
    values_b: Values
    texts: Mapping[str, TextComparison]


@dataclass(frozen=True, kw_only=True)
class EvidentlyReport:
    """Evidently's page of a pair, and the columns that are past its thresholds."""

    html: str
    drifted: tuple[str, ...]
    spans_a: int
    spans_b: int


def choices(warehouse: Warehouse, chain: str, component: str, span: TimeRange) -> tuple[Choice, ...]:
    """What a component can be split by, the newest first."""
    with warehouse.read() as con:
        return records(Choice, data_sides.choices(con, Rolled(con), chain, component, span))


def comparison(warehouse: Warehouse, chain: str, component: str, a: SideRange, b: SideRange) -> Comparison:
    """Two sides in one connection; what is reckoned is reckoned after it is closed."""
    sides = [_scope(chain, component, side) for side in (a, b)]
    streams = [Stream(chain, component, field) for field in sorted(TEXT_FIELDS)]
    watched = all(s.dataset == PRODUCTION and not s.is_narrowed for s in (a, b))
    with warehouse.read() as con:
        rolled = Rolled(con)
        read = [data_sides.numbers(con, rolled, side) for side in sides]
        grades = [select(con, "compare_grades", side) for side in sides]
        kept = {
            stream.field: [read_buckets(con, stream, Window(start=s.start, end=s.end)) for s in (a, b)]
            for stream in (streams if watched else ())
        }
    numbers = [rows for rows, _ in read]
    spans_a, spans_b = (
        next((int(r["n"]) for r in rows if r["measure"] == "error_rate"), 0) for rows in numbers
    )
    texts: dict[str, TextComparison] = {}
    for field, (before, after) in kept.items():
        try:
            found = compare(before, after)
        except ValueError:
            # One side has no sketch of this field.
            continue
        if isinstance(found, TextComparison):
            texts[field] = found
    return Comparison(
        spans_a=spans_a,
        spans_b=spans_b,
        numbers=_differences(*numbers),
        grades=_differences(*grades),
        values_a=_values(read[0][1]),
        values_b=_values(read[1][1]),
        texts=texts,
    )


def sampled(chain: str, component: str, side: SideRange, spans: int) -> dict[str, Any]:
    """The parameters of compare_values.sql for one side with so many spans."""
    return {**_scope(chain, component, side), "one_in": data_sides.one_in(spans, _SAMPLE)}


def _scope(chain: str, component: str, side: SideRange) -> dict[str, Any]:
    return {"chain": chain, "component": component, "limit": _SAMPLE, **vars(side)}


def evidently(
    warehouse: Warehouse, chain: str, component: str, a: SideRange, b: SideRange
) -> EvidentlyReport:
    """Evidently's report of the same pair, as `chainwatch report` writes it. Takes seconds."""
    parts = [
        Slice(
            start=s.start,
            end=s.end,
            dataset=s.dataset,
            version=s.version,
            model=s.model,
            environment=s.environment,
        )
        for s in (a, b)
    ]
    with warehouse.read() as con:
        rows = [
            read_rows(con, part, component=component, chain=chain, limit=_REPORTED, seed=0) for part in parts
        ]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.html"
        columns = write_report(rows[0], rows[1], out, method=None)
        html = out.read_text("utf-8")
    return EvidentlyReport(
        html=html,
        drifted=tuple(c.column for c in columns if c.drifted),
        spans_a=len(rows[0]),
        spans_b=len(rows[1]),
    )


def _differences(before: Sequence[Row], after: Sequence[Row]) -> tuple[Difference, ...]:
    sides = [{m.measure: m for m in records(Measure, rows)} for rows in (before, after)]
    names = list(dict.fromkeys(name for side in sides for name in sorted(side)))
    return tuple(_difference(name, sides[0].get(name), sides[1].get(name)) for name in names)


def _difference(name: str, a: Measure | None, b: Measure | None) -> Difference:
    """The difference of two means with Welch's interval.

    >>> a = Measure(measure="x", n=50, mean=1.0, spread=1.0, p50=1.0, p95=2.0)
    >>> found = _difference("x", a, replace(a, mean=2.0))
    >>> round(found.low, 3), round(found.high, 3), found.is_clear
    (0.608, 1.392, True)
    """
    nothing = Difference(measure=name, a=a, b=b, change=None, low=None, high=None)
    if a is None or b is None or a.mean is None or b.mean is None:
        return nothing
    # Sums of equal costs differ in the last digit.
    change = 0.0 if math.isclose(a.mean, b.mean, rel_tol=1e-9) else b.mean - a.mean
    if min(a.n, b.n) < _FEWEST or a.spread is None or b.spread is None:
        return replace(nothing, change=change)
    if name in _SHARES:
        low, high = of_shares(a.mean, a.n, b.mean, b.n)
        return replace(nothing, change=change, low=low, high=high)
    if min(a.n, b.n) < _FEWEST_OF_MEANS:
        return replace(nothing, change=change)
    low, high = of_means(change, a.spread, a.n, b.spread, b.n)
    return replace(nothing, change=change, low=low, high=high)


def _values(rows: Sequence[Mapping[str, Any]]) -> Values:
    def known(name: str) -> tuple[float, ...]:
        return tuple(float(row[name]) for row in rows if row[name] is not None)

    return Values(duration_s=known("duration_s"), output_tokens=known("output_tokens"))
