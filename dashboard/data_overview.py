"""The overview's first read: health of every component, open incidents, deploys, the last run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

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
from dashboard.data_figures import component_totals
from dashboard.data_incident import IncidentRow

Health = Literal["ok", "breach", "no_data", "error"]


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
class ComponentHealth:
    """One component: what the monitors say of it, and its figures now and before.

    `cost_is_of_all`: an application whose own spans carry no cost shows that of all its components.
    """

    row: ComponentRow
    health: Health
    health_reason: str
    monitors: Mapping[str, int]
    is_cause: bool
    now: Figures | None
    before: Figures | None
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
    """What the overview draws first."""

    span: TimeRange
    components: tuple[ComponentHealth, ...]
    strip: tuple[StripCell, ...]
    strip_span: TimeRange
    incidents: tuple[IncidentRow, ...]
    deploys: tuple[DeployRow, ...]
    last_runs: tuple[Run, ...]


def overview(warehouse: Warehouse, chain: str, span: TimeRange, only: Only = EVERY) -> Overview:
    """How one chain is. only: which spans the figures `now` and `before` are of."""
    parameters = {"chain": chain, "component": None, **span.parameters}
    with warehouse.read() as con:
        rows = chain_components(con, chain, span)
        totals = component_totals(con, Rolled(con), chain, None, span, only)
        latest = {row["component"]: row for row in select(con, "health_latest", parameters)}
        firing = select(con, "firing_alerts", parameters)
        strip_span = _strip_span(span, select(con, "window_length", parameters)[0]["window_s"])
        strip = select(con, "health_strip", {**parameters, **strip_span.parameters})
        incidents = records(IncidentRow, select(con, "incidents", parameters))
        deploys = records(DeployRow, select(con, "deploys", parameters))
        last_runs = records(Run, select(con, "runs", {"limit": 5}))
    blamed = {i.component for i in incidents if i.state != "resolved"}
    found = []
    for row in rows:
        name = row.component
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
        now=replace(part.now, cost_usd=total(p.now.cost_usd if p.now else None for p in others)),
        before=part.before
        and replace(part.before, cost_usd=total(p.before.cost_usd if p.before else None for p in others)),
        cost_is_of_all=True,
    )


def total(values: Iterable[float | None]) -> float | None:
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
