"""Before and after a change, by version: the figures that say whether a deploy explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

from collectors.warehouse.store import fetch

if TYPE_CHECKING:
    from collectors.warehouse.connection import Connection

# So much of the time before a change is set beside so much of what came after it.
BEFORE = timedelta(days=3)
AFTER = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class VersionFigures:
    """One version of a component on one side of a change.

    Attributes:
        version: '' where its spans carry none.
        after: the change; else before it.
        output_tokens: mean. cost_usd: a request's mean. grades: means of the local scorer, by criterion.
    """

    version: str
    after: bool
    requests: int
    errors: int
    p50_s: float | None
    p95_s: float | None
    output_tokens: float | None
    cost_usd: float | None
    grades: Mapping[str, float]


def by_version(
    con: Connection,
    chain: str,
    component: str,
    *,
    low: datetime,
    high: datetime,
    end: datetime,
) -> tuple[VersionFigures, ...]:
    """Each version of the three days before `low`, then each from `high` to `end`, a week at most; empty
    without spans.

    `low` and `high` bound the time in which the change began: what lies between may be of either side.
    """
    scope: dict[str, Any] = {
        "chain": chain,
        "component": component,
        "start": low - BEFORE,
        "low": low,
        "high": max(low, high),
        "end": min(max(low, high, end), max(low, high) + AFTER),
    }
    grades: dict[tuple[str, bool], dict[str, float]] = {}
    for row in fetch(con, _sql("grades_around"), scope):
        grades.setdefault((row["version"], row["after"]), {})[row["criterion"]] = row["mean"]
    return tuple(
        VersionFigures(
            version=row["version"],
            after=row["after"],
            requests=row["requests"],
            errors=row["errors"],
            p50_s=row["p50_s"],
            p95_s=row["p95_s"],
            output_tokens=row["output_tokens"],
            cost_usd=None if row["cost_usd"] is None else row["cost_usd"] / row["requests"],
            grades=grades.get((row["version"], row["after"]), {}),
        )
        for row in fetch(con, _sql("versions_around"), scope)
    )


def _sql(name: str) -> str:
    return (resources.files("monitors.alerting") / f"{name}.sql").read_text("utf-8")
