"""The component page's first read: how it is, and its figures over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import quantiles

from collectors.rollups.read import Rolled
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import Row
from dashboard.data import EVERY, DeployRow, Only, TimeRange, records, select
from dashboard.data_figures import component_course
from dashboard.data_incident import IncidentRow
from dashboard.data_overview import Health, health_of

# Fewer buckets than this say little of what is usual.
_FEWEST = 20


@dataclass(frozen=True, kw_only=True)
class SeriesPoint:
    """One bucket of one component; None is unknown."""

    bucket: datetime
    requests: int
    errors: int
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    ttft_p50_s: float | None
    ttft_p95_s: float | None
    cost_usd: float | None
    input_tokens_p50: float | None
    input_tokens_p95: float | None
    output_tokens_p50: float | None
    output_tokens_p95: float | None


@dataclass(frozen=True, kw_only=True)
class TotalRow:
    """The whole range in one row."""

    requests: int
    errors: int
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None
    ttft_p95_s: float | None
    cost_usd: float | None


@dataclass(frozen=True, kw_only=True)
class ComponentView:
    """What the component page draws first.

    `usual` is, by figure, between which values 90 % of the buckets of the range before lay; a figure with
    too few of them is absent. `incidents` are the open ones that blame it or that its alerts are part of.
    """

    span: TimeRange
    total: TotalRow | None
    usual: Mapping[str, tuple[float, float]]
    series: tuple[SeriesPoint, ...]
    deploys: tuple[DeployRow, ...]
    health: Health
    health_reason: str
    incidents: tuple[IncidentRow, ...]


def component_view(
    warehouse: Warehouse, chain: str, component: str, span: TimeRange, only: Only = EVERY
) -> ComponentView:
    """How one component is and was, in one connection.

    only: which spans `series`, `total` and `usual` are of.
    """
    scope = {"chain": chain, "component": component, **span.parameters, **only.parameters}
    with warehouse.read() as con:
        series, before, total = component_course(con, Rolled(con), chain, component, span, only)
        deploys = select(con, "deploys", scope)
        latest = [r for r in select(con, "health_latest", scope) if r["component"] == component]
        firing = [r for r in select(con, "firing_alerts", scope) if r["component"] == component]
        incidents = records(IncidentRow, select(con, "incidents", scope))
    health, reason = health_of(latest[0] if latest else None, firing)
    theirs = {row["incident_id"] for row in firing}
    return ComponentView(
        span=span,
        total=records(TotalRow, [total])[0] if total else None,
        usual=_usual(before),
        series=records(SeriesPoint, series),
        deploys=tuple(d for d in records(DeployRow, deploys) if d.component == component),
        health=health,
        health_reason=reason,
        incidents=tuple(
            i
            for i in incidents
            if i.state != "resolved" and (i.component == component or i.incident_id in theirs)
        ),
    )


def _usual(before: Sequence[Row]) -> dict[str, tuple[float, float]]:
    """The 5th and 95th percentile of every figure over the buckets of the range before."""
    figures: dict[str, list[float]] = {}
    for row in before:
        figures.setdefault("error_rate", []).append(row["errors"] / row["requests"])
        for name, value in row.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                figures.setdefault(name, []).append(float(value))
    found = {}
    for name, values in figures.items():
        if len(values) >= _FEWEST:
            cuts = quantiles(values, n=20, method="inclusive")
            found[name] = (cuts[0], cuts[-1])
    return found
