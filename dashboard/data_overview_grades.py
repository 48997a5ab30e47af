"""The overview's grades: one look at them, of which the means of a range and of its buckets are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from collectors.rollups.read import Number
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row
from dashboard.data import TimeRange, select

_BEFORE = -1


@dataclass(frozen=True, kw_only=True)
class Grades:
    """Mean grades by component, criterion and kind of judge.

    Attributes:
        totals: of the range and of the equally long one before it (`is_current`), with their spread.
        course: of the range, by the start of each `bucket` that has any.
    """

    totals: tuple[Row, ...] = ()
    course: tuple[Row, ...] = ()


def grades(con: Connection, chain: str, span: TimeRange, components: Sequence[str]) -> Grades:
    """The grades of these components."""
    if not components:
        return Grades()
    rows = select(con, "overview_grades", {"chain": chain, **span.parameters, "components": list(components)})
    sums: dict[tuple[Any, ...], Number] = {}
    for row in rows:
        place = (row["component"], row["criterion"], row["judge_kind"], row["place"] != _BEFORE)
        more = sums.get(place, Number(n=0, total=0.0, squares=0.0, quantiles=()))
        sums[place] = Number(
            n=more.n + row["scored"],
            total=more.total + row["total"],
            squares=more.squares + row["squares"],
            quantiles=(),
        )
    step = timedelta(seconds=span.bucket_s)
    return Grades(
        totals=tuple(
            {
                **dict(zip(("component", "criterion", "judge_kind", "is_current"), place, strict=True)),
                "mean": one.mean,
                "spread": one.spread,
                "scored": one.n,
            }
            for place, one in sums.items()
        ),
        course=tuple(
            row | {"bucket": span.start + row["place"] * step, "mean": row["total"] / row["scored"]}
            for row in rows
            if row["place"] != _BEFORE
        ),
    )
