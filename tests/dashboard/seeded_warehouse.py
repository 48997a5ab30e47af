"""A warehouse filled by hand from a seed: what a page needs, without running ingest or monitors.

One chain of an application and five components; the retriever degrades in the last fifth of the time
after an index deploy. Texts include hostile ones on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from empty_warehouse import empty_warehouse
from seeded_decisions import components, deploys, results, runs
from seeded_incident import incident
from seeded_traffic import PARTS, START, traffic

from collectors.model import content_hash
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import insert


@dataclass(frozen=True, kw_only=True)
class Seeded:
    """What was written, for the assertions."""

    home: Path
    start: datetime
    end: datetime
    change: datetime
    incident_id: str
    resolved_incident_id: str
    trace_id: str
    components: tuple[str, ...]

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.home / "warehouse.duckdb")


def build(
    home: Path,
    *,
    days: int = 4,
    traces_per_day: int = 60,
    parts: tuple[tuple[str, str, float, float, float | None], ...] = PARTS,
    with_run: bool = True,
    with_incident: bool = True,
    seed: int = 7,
) -> Seeded:
    """Fill `home`/warehouse.duckdb; `with_run=False` leaves spans only, as before the first run."""
    warehouse = empty_warehouse(home / "warehouse.duckdb")
    rng = np.random.default_rng(seed)
    end = START + timedelta(days=days)
    change = START + timedelta(days=days * 0.8)
    spans, grades, feedback = traffic(rng, parts, days, traces_per_day, change)
    names = ("assistant", *(p[0] for p in parts)) if parts else ("assistant",)
    incident_id = content_hash("incident", "retriever")[:16]
    resolved_id = content_hash("incident", "generator")[:16]
    with warehouse.write() as con:
        insert(con, "spans", spans)
        insert(con, "feedback", feedback)
        if with_run:
            insert(con, "grades", grades)
            insert(con, "components", components(parts, end))
            insert(con, "deploys", deploys(change))
            insert(con, "monitor_runs", runs(end))
            insert(
                con,
                "results",
                results(rng, names=names, parts=parts, days=days, change=change, with_incident=with_incident),
            )
        if with_run and with_incident:
            for table, rows in incident(incident_id, resolved_id, change, end, spans).items():
                insert(con, table, rows)
    return Seeded(
        home=home,
        start=START,
        end=end,
        change=change,
        incident_id=incident_id,
        resolved_incident_id=resolved_id,
        trace_id=spans[-1]["trace_id"],
        components=names,
    )
