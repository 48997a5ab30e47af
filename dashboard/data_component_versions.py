"""The component page's reads of its versions side by side, and of its newest inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from collectors.rollups.read import Rolled
from collectors.warehouse.connection import Warehouse
from dashboard.data import EVERY, Only, TimeRange, records, select
from dashboard.data_figures import versions

_SAMPLES = 50


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
class ComponentVersions:
    """The versions of one component, the newest first, and the mean grade of each by criterion."""

    rows: tuple[VersionRow, ...]
    quality: Mapping[str, Mapping[str, float]]


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


def component_versions(
    warehouse: Warehouse, chain: str, component: str, span: TimeRange, only: Only = EVERY
) -> ComponentVersions:
    """Every version of one component in the range. only: which spans the figures, not the grades, are of."""
    with warehouse.read() as con:
        rolled = Rolled(con)
        rows = versions(con, rolled, chain, component, span, only)
        graded = select(con, "version_quality", {"chain": chain, "component": component, **span.parameters})
    quality: dict[str, dict[str, float]] = {}
    for row in graded:
        quality.setdefault(row["version"], {})[row["criterion"]] = row["mean"]
    return ComponentVersions(rows=records(VersionRow, rows), quality=quality)


def component_samples(
    warehouse: Warehouse, chain: str, component: str, span: TimeRange, only: Only = EVERY
) -> tuple[SampleRow, ...]:
    """The newest inputs and outputs of one component."""
    scope = {"chain": chain, "component": component, "limit": _SAMPLES, **span.parameters, **only.parameters}
    with warehouse.read() as con:
        return records(SampleRow, select(con, "samples", scope))
