"""The overview's second read: the figures of every component over time, and what its answers are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from collectors.rollups.read import Rolled
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import Row
from dashboard.data import EVERY, Only, TimeRange, chain_components, select
from dashboard.data_figures import component_series
from dashboard.data_overview import total
from dashboard.data_overview_grades import grades
from dashboard.data_overview_quality import Quality, chosen_quality, quality_course, within_scale
from monitors.judges.config import JudgeConfig
from monitors.judges.scales import scales_of

_RUBRIC = JudgeConfig().rubric


@dataclass(frozen=True, kw_only=True)
class Points:
    """One figure per bucket of the range; None where there was nothing."""

    requests: tuple[float | None, ...]
    error_rate: tuple[float | None, ...]
    p95_s: tuple[float | None, ...]
    cost_usd: tuple[float | None, ...]
    quality: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class ComponentCourse:
    """One component over time, and its quality now.

    The costs of an application whose own spans carry none are those of all its components.
    """

    quality: Quality | None
    points: Points


def courses(
    warehouse: Warehouse, chain: str, span: TimeRange, rubric: str = _RUBRIC, only: Only = EVERY
) -> Mapping[str, ComponentCourse]:
    """The courses of one chain by component. rubric: the configured one, which has the scale.

    only: which spans the figures, but not quality, are of.
    """
    parameters = {"chain": chain, "component": None, **span.parameters}
    with warehouse.read() as con:
        rows = chain_components(con, chain, span)
        series = component_series(con, Rolled(con), chain, None, span, only)
        estimates = within_scale(select(con, "overview_estimates", parameters), scales_of(rubric))
        # There are far more grades than estimates, which stand before them.
        estimated = {e["component"] for e in estimates if e["is_current"]}
        left = [row.component for row in rows if row.component not in estimated]
        graded = grades(con, chain, span, left)
    found: dict[str, ComponentCourse] = {}
    for row in rows:
        name = row.component
        mine = [e for e in estimates if e["component"] == name]
        quality = chosen_quality(name, mine, graded.totals)
        course = quality_course(name, mine, graded.course, span, quality)
        found[name] = ComponentCourse(quality=quality, points=_points(name, span.buckets(), series, course))
    for name in (row.component for row in rows if row.is_application):
        if all(cost is None for cost in found[name].points.cost_usd):
            others = [c.points.cost_usd for other, c in found.items() if other != name]
            of_all = tuple(map(total, zip(*others, strict=True)))
            found[name] = replace(found[name], points=replace(found[name].points, cost_usd=of_all))
    return found


def _points(
    component: str,
    buckets: Sequence[datetime],
    series: Sequence[Row],
    graded: Mapping[datetime, float],
) -> Points:
    mine = {row["bucket"]: row for row in series if row["component"] == component}
    rows: list[Mapping[str, Any] | None] = [mine.get(bucket) for bucket in buckets]
    return Points(
        requests=tuple(row["requests"] if row else None for row in rows),
        error_rate=tuple(row["errors"] / row["requests"] if row else None for row in rows),
        p95_s=tuple(row["p95_s"] if row else None for row in rows),
        cost_usd=tuple(row["cost_usd"] if row else None for row in rows),
        quality=tuple(graded.get(bucket) for bucket in buckets),
    )
