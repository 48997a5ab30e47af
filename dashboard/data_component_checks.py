"""The component page's read of what its judges and checks said over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.warehouse.connection import Warehouse
from dashboard.data import TimeRange, half_width, records, select
from dashboard.data_incident import as_mapping

# Points of one monitor: a chart has no room for more.
_MOST_POINTS = 200


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
        return half_width(self.spread, self.scored)


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
class ComponentChecks:
    """What was said of one component. `explanation` is None where no breach of the range has one."""

    quality: tuple[QualityPoint, ...]
    drift: tuple[DriftPoint, ...]
    explanation: ExplanationRow | None


def component_checks(warehouse: Warehouse, chain: str, component: str, span: TimeRange) -> ComponentChecks:
    """Grades and results of one component, of all its versions and environments, in one connection."""
    scope = {"chain": chain, "component": component, **span.parameters}
    with warehouse.read() as con:
        quality = select(con, "quality_series", scope)
        drift = select(con, "drift_series", {**scope, "thin_s": _thin_s(span)})
        explained = select(con, "latest_explanation", scope)
    explanations = [{**row, "evidence": as_mapping(row["evidence"])} for row in explained]
    return ComponentChecks(
        quality=records(QualityPoint, quality),
        drift=records(DriftPoint, drift),
        explanation=next(iter(records(ExplanationRow, explanations)), None),
    )


def _thin_s(span: TimeRange) -> int:
    """Seconds that one point of a monitor stands for; less than a window wherever all windows have room."""
    return max(1, -(-int((span.end - span.start).total_seconds()) // _MOST_POINTS))
