"""The component page's reads: its figures over time, what its monitors said, versions, samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import quantiles
from typing import Any

from collectors.rollups.read import Rolled
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import Row
from dashboard.data import EVERY, DeployRow, Only, TimeRange, records, select
from dashboard.data_figures import component_series, component_totals, versions
from dashboard.data_incident import IncidentRow, as_mapping
from dashboard.data_overview import Health, health_of
from dashboard.data_versions import version_grades

# Fewer buckets than this say little of what is usual.
_FEWEST = 20
# Points of one monitor: a chart has no room for more.
_MOST_POINTS = 200


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
class QualityPoint:
    """Mean grade of one criterion in one bucket."""

    bucket: datetime
    criterion: str
    judge_kind: str
    judge: str
    mean: float | None
    spread: float | None
    scored: int

    @property
    def half_width(self) -> float | None:
        """Half of the 95 % interval of the mean; None with fewer than two grades."""
        return None if self.spread is None else 1.96 * self.spread / self.scored**0.5


@dataclass(frozen=True, kw_only=True)
class DriftPoint:
    """What one check said of one window of the component."""

    monitor: str
    check_name: str
    field: str
    reference_kind: str
    concern: str
    window_end: datetime
    status: str
    value: float | None
    threshold: float | None
    unit: str | None


@dataclass(frozen=True, kw_only=True)
class ExplanationRow:
    """What explained the latest breach that was explained. Its texts are hostile."""

    monitor: str
    field: str
    last_breach_at: datetime
    evidence: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """One version of a component beside the others."""

    version: str
    first_at: datetime
    last_at: datetime
    requests: int
    errors: int
    p50_s: float | None
    p95_s: float | None
    output_tokens: float | None
    cost_usd: float | None


@dataclass(frozen=True, kw_only=True)
class SampleRow:
    """One span's input and output, newest first. The texts are hostile."""

    trace_id: str
    span_id: str
    started_at: datetime
    status: str
    error_type: str | None
    duration_s: float | None
    input_text: str | None
    output_text: str | None
    documents: int | None
    component_version: str | None
    model: str | None


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
    """Everything the component page draws.

    `usual` is, by figure, between which values 90 % of the buckets of the range before lay; a figure with
    too few of them is absent. `incidents` are the open ones that blame it or that its alerts are part of.
    """

    span: TimeRange
    total: TotalRow | None
    usual: Mapping[str, tuple[float, float]]
    series: tuple[SeriesPoint, ...]
    quality: tuple[QualityPoint, ...]
    drift: tuple[DriftPoint, ...]
    versions: tuple[VersionRow, ...]
    version_quality: Mapping[str, Mapping[str, float]]
    deploys: tuple[DeployRow, ...]
    samples: tuple[SampleRow, ...]
    explanation: ExplanationRow | None
    health: Health
    health_reason: str
    incidents: tuple[IncidentRow, ...]


def component_view(
    warehouse: Warehouse, chain: str, component: str, span: TimeRange, only: Only = EVERY
) -> ComponentView:
    """Everything about one component, in one connection.

    only: which spans `series`, `total`, `usual`, `versions` and `samples` are of.
    """
    scope = {"chain": chain, "component": component, "limit": 50, **span.parameters, **only.parameters}
    earlier = replace(span, start=scope["previous_start"], end=span.start)
    with warehouse.read() as con:
        rolled = Rolled(con)
        series = component_series(con, rolled, chain, component, span, only)
        before = component_series(con, rolled, chain, component, earlier, only)
        totals = component_totals(con, rolled, chain, component, span, only)
        quality = select(con, "quality_series", scope)
        drift = select(con, "drift_series", {**scope, "thin_s": _thin_s(span)})
        found = versions(con, rolled, chain, component, span, only)
        graded = version_grades(con, rolled, chain, component, span)
        deploys = select(con, "deploys", scope)
        samples = select(con, "samples", scope)
        explanations = select(con, "latest_explanation", scope)
        latest = [r for r in select(con, "health_latest", scope) if r["component"] == component]
        firing = [r for r in select(con, "firing_alerts", scope) if r["component"] == component]
        incidents = records(IncidentRow, select(con, "incidents", scope))
    health, reason = health_of(latest[0] if latest else None, firing)
    theirs = {row["incident_id"] for row in firing}
    return ComponentView(
        span=span,
        total=next(
            iter(records(TotalRow, [r for r in totals if r["component"] == component and r["is_current"]])),
            None,
        ),
        usual=_usual(before),
        series=records(SeriesPoint, series),
        quality=records(QualityPoint, quality),
        drift=records(DriftPoint, drift),
        versions=records(VersionRow, found),
        version_quality=graded,
        deploys=tuple(d for d in records(DeployRow, deploys) if d.component == component),
        samples=records(SampleRow, samples),
        explanation=next(
            iter(
                records(
                    ExplanationRow,
                    [{**row, "evidence": as_mapping(row["evidence"])} for row in explanations],
                )
            ),
            None,
        ),
        health=health,
        health_reason=reason,
        incidents=tuple(
            i
            for i in incidents
            if i.state != "resolved" and (i.component == component or i.incident_id in theirs)
        ),
    )


def _thin_s(span: TimeRange) -> int:
    """Seconds that one point of a monitor stands for; less than a window wherever all windows have room."""
    return max(1, -(-int((span.end - span.start).total_seconds()) // _MOST_POINTS))


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
