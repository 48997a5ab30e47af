"""The overview's reads: health and figures of every component, open incidents, deploys, the last run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from collectors.rollups.read import Rolled
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import Row
from dashboard.data import (
    EVERY,
    ComponentRow,
    DeployRow,
    Only,
    Run,
    TimeRange,
    chain_components,
    records,
    select,
)
from dashboard.data_figures import component_series, component_totals
from dashboard.data_incident import IncidentRow
from dashboard.data_overview_quality import Quality, chosen_quality, quality_course, within_scale
from monitors.judges.config import JudgeConfig
from monitors.judges.scales import scales_of

Health = Literal["ok", "breach", "no_data", "error"]

_RUBRIC = JudgeConfig().rubric


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One component in one range of time; None is unknown, not zero."""

    requests: int
    errors: int
    p50_s: float | None
    p95_s: float | None
    cost_usd: float | None

    @property
    def error_rate(self) -> float:
        return self.errors / self.requests


@dataclass(frozen=True, kw_only=True)
class Points:
    """One figure per bucket of the range; None where there was nothing."""

    requests: tuple[float | None, ...]
    error_rate: tuple[float | None, ...]
    p95_s: tuple[float | None, ...]
    cost_usd: tuple[float | None, ...]
    quality: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class ComponentHealth:
    """One component: what the monitors say of it, and its figures now, before and over time.

    `cost_is_of_all`: an application whose own spans carry no cost shows that of all its components.
    """

    row: ComponentRow
    health: Health
    health_reason: str
    monitors: Mapping[str, int]
    is_cause: bool
    now: Figures | None
    before: Figures | None
    quality: Quality | None
    points: Points
    cost_is_of_all: bool = False


@dataclass(frozen=True, kw_only=True)
class StripCell:
    """What the monitors of one component said in one bucket."""

    component: str
    bucket: datetime
    health: Health
    ok: int
    breach: int
    no_data: int
    error: int


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Everything the overview draws."""

    span: TimeRange
    components: tuple[ComponentHealth, ...]
    strip: tuple[StripCell, ...]
    strip_span: TimeRange
    incidents: tuple[IncidentRow, ...]
    deploys: tuple[DeployRow, ...]
    last_runs: tuple[Run, ...]


def overview(
    warehouse: Warehouse, chain: str, span: TimeRange, rubric: str = _RUBRIC, only: Only = EVERY
) -> Overview:
    """Read the overview of one chain in one connection. rubric: the configured one, which has the scale.

    only: which spans the figures `now`, `before` and `points` are of, but for quality.
    """
    parameters = {"chain": chain, "component": None, **span.parameters}
    with warehouse.read() as con:
        rows = chain_components(con, chain, span)
        rolled = Rolled(con)
        totals = component_totals(con, rolled, chain, None, span, only)
        series = component_series(con, rolled, chain, None, span, only)
        quality = select(con, "quality_totals", parameters)
        quality_series = select(con, "quality_series", parameters)
        estimates = within_scale(select(con, "overview_estimates", parameters), scales_of(rubric))
        latest = {row["component"]: row for row in select(con, "health_latest", parameters)}
        firing = select(con, "firing_alerts", parameters)
        strip_span = _strip_span(span, select(con, "window_length", parameters)[0]["window_s"])
        strip = select(con, "health_strip", {**parameters, **strip_span.parameters})
        incidents = records(IncidentRow, select(con, "incidents", parameters))
        deploys = records(DeployRow, select(con, "deploys", parameters))
        last_runs = records(Run, select(con, "runs", {"limit": 5}))
    blamed = {i.component for i in incidents if i.state != "resolved"}
    buckets = span.buckets()
    found = []
    for row in rows:
        name = row.component
        mine = [e for e in estimates if e["component"] == name]
        chosen = chosen_quality(name, mine, quality)
        health, reason = health_of(latest.get(name), [a for a in firing if a["component"] == name])
        found.append(
            ComponentHealth(
                row=row,
                health=health,
                health_reason=reason,
                monitors={k: int(v) for k, v in (latest.get(name) or {}).items() if k != "component"},
                is_cause=name in blamed,
                now=_figures(name, totals, current=True),
                before=_figures(name, totals, current=False),
                quality=chosen,
                points=_points(
                    name, buckets, series, quality_course(name, mine, quality_series, span, chosen)
                ),
            )
        )
    return Overview(
        span=span,
        components=tuple(_with_cost_of_all(c, found) for c in found),
        strip=tuple(_strip_cell(row) for row in strip),
        strip_span=strip_span,
        incidents=incidents,
        deploys=deploys,
        last_runs=last_runs,
    )


def _with_cost_of_all(part: ComponentHealth, parts: Sequence[ComponentHealth]) -> ComponentHealth:
    others = [p for p in parts if p is not part]
    if not part.row.is_application or part.now is None or part.now.cost_usd is not None:
        return part
    return replace(
        part,
        now=replace(part.now, cost_usd=_total(p.now.cost_usd if p.now else None for p in others)),
        before=part.before
        and replace(part.before, cost_usd=_total(p.before.cost_usd if p.before else None for p in others)),
        points=replace(
            part.points,
            cost_usd=tuple(map(_total, zip(*(p.points.cost_usd for p in others), strict=True)))
            if others
            else (),
        ),
        cost_is_of_all=True,
    )


def _total(values: Iterable[float | None]) -> float | None:
    """The sum of what is known; None when nothing is."""
    known = [v for v in values if v is not None]
    return sum(known) if known else None


def health_of(latest: Row | None, firing: Sequence[Row]) -> tuple[Health, str]:
    """An alert decides, not one window in breach: monitors are allowed their share of chance."""
    if firing:
        concerns = sorted({a["concern"] for a in firing})
        return "breach", f"{len(firing)} alert{'s' if len(firing) > 1 else ''} firing: {', '.join(concerns)}"
    if latest is None:
        return "no_data", "no monitor has looked yet"
    if latest["error"]:
        return "error", f"{latest['error']} of its monitors failed"
    judged = latest["ok"] + latest["breach"]
    if not judged:
        return "no_data", "no monitor had enough data in its latest window"
    if latest["breach"]:
        return "ok", f"no alert; {latest['breach']} of {judged} monitors out of band in the latest window"
    return "ok", f"{judged} monitor{'s' if judged > 1 else ''} within their bands"


def _figures(component: str, totals: Sequence[Row], *, current: bool) -> Figures | None:
    for row in totals:
        if row["component"] == component and row["is_current"] is current:
            return records(Figures, [row])[0]
    return None


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


def _strip_span(span: TimeRange, window_s: float | None) -> TimeRange:
    """The range in buckets that are no shorter than a window, and whole multiples of the range's own."""
    times = max(1, -(-int(window_s or 0) // span.bucket_s))
    return replace(span, bucket_s=span.bucket_s * times)


def _strip_cell(row: Row) -> StripCell:
    health: Health
    if row["firing"] and row["breach"]:
        health = "breach"
    elif row["error"]:
        health = "error"
    elif row["ok"] or row["breach"]:
        health = "ok"
    else:
        health = "no_data"
    counts = {name: int(row[name]) for name in ("ok", "breach", "no_data", "error")}
    return StripCell(component=row["component"], bucket=row["bucket"], health=health, **counts)
