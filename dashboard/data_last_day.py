"""The overview's read of what changed since yesterday: what happened, and the application in both days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from collectors.rollups.read import Rolled
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import Row
from dashboard.data import EVERY, DeployRow, Only, chain_components, range_until, records, select
from dashboard.data_figures import component_totals
from dashboard.data_incident import IncidentRow
from dashboard.data_last_day_change import Change, DayFigures, Figure, changes, of_quality
from dashboard.data_overview import total
from dashboard.data_overview_quality import Quality, chosen_quality


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One thing that happened. text: what it was of, hostile; by: whoever did it, where somebody did."""

    at: datetime
    kind: Literal["opened", "over", "taken", "deployed"]
    text: str
    by: str | None = None


@dataclass(frozen=True, kw_only=True)
class LastDay:
    """The 24 hours up to the newest span beside those before.

    Attributes:
        happened: the newest first. changes: of the figures that both days have enough of.
    """

    happened: tuple[Happening, ...]
    now: DayFigures | None
    before: DayFigures | None
    quality: Quality | None
    changes: Mapping[Figure, Change]


def last_day(warehouse: Warehouse, chain: str, newest: datetime, only: Only = EVERY) -> LastDay:
    """What changed in one chain. only: which spans the figures, but not quality, are of."""
    day = range_until(newest, "24h")
    parameters = {"chain": chain, "component": None, **day.parameters}
    with warehouse.read() as con:
        rows = chain_components(con, chain, day)
        rolled = Rolled(con)
        totals = component_totals(con, rolled, chain, None, day, only)
        grades = select(con, "quality_totals", parameters)
        incidents = records(IncidentRow, select(con, "incidents", parameters))
        deploys = records(DeployRow, select(con, "deploys", parameters))
        application = next((row.component for row in rows if row.is_application), None)
        now = _figures(application, [t for t in totals if t["is_current"]])
        before = _figures(application, [t for t in totals if not t["is_current"]])
        found: dict[Figure, Change] = {}
        if application is not None and now is not None and before is not None:
            found = changes(
                con, rolled, chain=chain, application=application, day=day, only=only, now=now, before=before
            )
    quality = chosen_quality(application, [], grades) if application else None
    graded = of_quality(quality, grades, application) if application else None
    happened = [h for h in (*_of_incidents(incidents), *_of_deploys(deploys)) if h.at >= day.start]
    return LastDay(
        happened=tuple(sorted(happened, key=lambda h: h.at, reverse=True)),
        now=now,
        before=before,
        quality=quality,
        changes=found if graded is None else {**found, "quality": graded},
    )


def _of_incidents(incidents: Sequence[IncidentRow]) -> Iterator[Happening]:
    for incident in incidents:
        yield Happening(at=incident.detected_at, kind="opened", text=incident.title)
        if incident.acknowledged_at is not None:
            yield Happening(
                at=incident.acknowledged_at, kind="taken", text=incident.title, by=incident.acknowledged_by
            )
        if incident.resolved_at is not None:
            yield Happening(at=incident.resolved_at, kind="over", text=incident.title, by=incident.closed_by)


def _of_deploys(deploys: Sequence[DeployRow]) -> Iterator[Happening]:
    for deploy in deploys:
        yield Happening(at=deploy.deployed_at, kind="deployed", text=f"{deploy.component} {deploy.change}")


def _figures(application: str | None, totals: Sequence[Row]) -> DayFigures | None:
    own = next((t for t in totals if t["component"] == application), None)
    if own is None:
        return None
    cost = own["cost_usd"]
    return DayFigures(
        requests=own["requests"],
        errors=own["errors"],
        p95_s=own["p95_s"],
        cost_usd=total(t["cost_usd"] for t in totals) if cost is None else cost,
    )
