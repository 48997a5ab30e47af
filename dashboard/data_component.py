"""The component page's reads: its figures over time, what its monitors said, versions, samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from collectors.warehouse.connection import Warehouse
from dashboard.data import DeployRow, TimeRange, records, select


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
class ComponentView:
    """Everything the component page draws."""

    span: TimeRange
    series: tuple[SeriesPoint, ...]
    quality: tuple[QualityPoint, ...]
    drift: tuple[DriftPoint, ...]
    versions: tuple[VersionRow, ...]
    version_quality: Mapping[str, Mapping[str, float]]
    deploys: tuple[DeployRow, ...]
    samples: tuple[SampleRow, ...]


def component_view(warehouse: Warehouse, chain: str, component: str, span: TimeRange) -> ComponentView:
    """Everything about one component, in one connection."""
    scope = {"chain": chain, "component": component, "limit": 50, **span.parameters}
    with warehouse.read() as con:
        series = select(con, "component_series", scope)
        quality = select(con, "quality_series", scope)
        drift = select(con, "drift_series", scope)
        versions = select(con, "versions", scope)
        graded = select(con, "version_quality", scope)
        deploys = select(con, "deploys", scope)
        samples = select(con, "samples", scope)
    by_version: dict[str, dict[str, float]] = {}
    for row in graded:
        if row["mean"] is not None:
            by_version.setdefault(row["version"], {})[row["criterion"]] = row["mean"]
    return ComponentView(
        span=span,
        series=records(SeriesPoint, series),
        quality=records(QualityPoint, quality),
        drift=records(DriftPoint, drift),
        versions=records(VersionRow, versions),
        version_quality=by_version,
        deploys=tuple(d for d in records(DeployRow, deploys) if d.component == component),
        samples=records(SampleRow, samples),
    )
