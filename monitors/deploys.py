"""Deploys inferred from the spans: the window in which a component began to run another version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from collectors.model import Deploy, content_hash
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch, insert, to_row

# A new version has taken over when it answers two thirds of a window: two versions that share the
# traffic half and half, as in an A/B test, are no stream of deploys.
_TAKEN_OVER = 2 / 3
_LEAST_SPANS = 3
# Windows before the first one to decide that dating a deploy looks at.
LOOK_BACK = 2

Place = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class Running:
    """The version that a component runs, and since when it was seen to."""

    value: str
    since: datetime


def infer(
    rows: Iterable[Row], running: Mapping[Place, Running], *, first_bucket: int = 0
) -> tuple[list[Deploy], dict[Place, Running]]:
    """Deploys in a stretch of time, and what runs at its end.

    rows: as `versions.sql` gives them: spans per component, version field, window and value. Windows before
    `first_bucket` were decided by earlier runs; `LOOK_BACK` of them are needed to date a deploy.

    The first version ever seen is not a deploy. A deploy's time is the first span that ran the new version
    in the window in which it took over; or in the window before, if it began there. Windows with fewer than
    three spans decide nothing.
    """
    state = dict(running)
    deploys: list[Deploy] = []
    windows: dict[tuple[Place, int], list[Row]] = {}
    for row in rows:
        windows.setdefault(((row["chain"], row["component"], row["field"]), row["bucket"]), []).append(row)
    for (place, bucket), values in sorted(windows.items(), key=lambda item: (item[0][0], item[0][1])):
        if bucket < first_bucket:
            continue
        total = sum(row["spans"] for row in values)
        top = max(values, key=lambda row: (row["spans"], row["value"]))
        if place not in state:
            state[place] = Running(value=top["value"], since=top["first_at"])
        elif (
            top["value"] != state[place].value
            and total >= _LEAST_SPANS
            and top["spans"] >= _TAKEN_OVER * total
            and top["first_at"] > state[place].since
        ):
            first_at = _began(windows, place, bucket, top)
            deploys.append(_deploy(place, top["value"], first_at, previous=state[place].value))
            state[place] = Running(value=top["value"], since=first_at)
    return sorted(deploys, key=lambda d: (d.deployed_at, d.deploy_id)), state


def read_running(con: Connection) -> dict[Place, Running]:
    """What every component was last seen to run."""
    rows = fetch(con, "SELECT chain, component, field, value, since FROM component_versions")
    return {
        (row["chain"], row["component"], row["field"]): Running(value=row["value"], since=row["since"])
        for row in rows
    }


def write_running(con: Connection, running: Mapping[Place, Running]) -> None:
    """Store what every component runs."""
    con.execute("DELETE FROM component_versions")
    rows = [
        {"chain": place[0], "component": place[1], "field": place[2], "value": now.value, "since": now.since}
        for place, now in sorted(running.items())
    ]
    insert(con, "component_versions", rows)


def read_deploys(con: Connection, since: datetime) -> list[Deploy]:
    """Deploys since a time, recorded and inferred, in time order."""
    sql = "SELECT * FROM deploys WHERE deployed_at >= ? ORDER BY deployed_at, deploy_id"
    return [Deploy(**row) for row in fetch(con, sql, [since])]


def write_deploys(con: Connection, deploys: Sequence[Deploy]) -> None:
    """Store inferred deploys; one that is known already stays."""
    known = {row["deploy_id"] for row in fetch(con, "SELECT deploy_id FROM deploys")}
    insert(con, "deploys", [to_row(d) for d in deploys if d.deploy_id not in known])


def _began(
    windows: Mapping[tuple[Place, int], Sequence[Row]], place: Place, bucket: int, top: Row
) -> datetime:
    """When a version that takes over in a window began: there, or late in the window before.

    A version that was there in two windows before is a trial that had its share for long; what counts
    then is when it was given the rest.
    """
    before, earlier = (
        next((r for r in windows.get((place, bucket - k), ()) if r["value"] == top["value"]), None)
        for k in (1, 2)
    )
    began: datetime = before["first_at"] if before is not None and earlier is None else top["first_at"]
    return began


def _deploy(place: Place, value: str, at: datetime, *, previous: str) -> Deploy:
    chain, component, field = place
    return Deploy(
        deploy_id=content_hash(*place, value, at.isoformat()),
        chain=chain,
        component=component,
        field=field,
        value=value,
        previous_value=previous,
        deployed_at=at,
    )
