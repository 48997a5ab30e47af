"""The chain as it was seen: its components, and the order in which they work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from collectors.warehouse.connection import Connection
from collectors.warehouse.store import fetch
from monitors.result import Window
from monitors.sql import query


@dataclass(frozen=True, kw_only=True)
class ComponentInfo:
    """One component: a row of table `components`.

    `position` is the order of its start inside a trace, the application is 0; `parent_component` is who
    calls it, None for the application.
    """

    chain: str
    component: str
    kind: str
    is_application: bool
    parent_component: str | None
    position: int


_COLUMNS = tuple(f.name for f in fields(ComponentInfo))


@dataclass(frozen=True)
class Topology:
    """Every component of every chain."""

    components: tuple[ComponentInfo, ...] = ()

    def __iter__(self) -> Iterator[ComponentInfo]:
        return iter(self.components)

    def __len__(self) -> int:
        return len(self.components)

    def order(self, chain: str) -> Sequence[ComponentInfo]:
        """The components of `chain`, the application first, then as they start inside a trace."""
        mine = [c for c in self.components if c.chain == chain]
        return sorted(mine, key=lambda c: (not c.is_application, c.position, c.component))

    def upstream_of(self, chain: str, component: str) -> Sequence[ComponentInfo]:
        """What stands before `component` in the order of its chain; empty for one that is not known."""
        order = self.order(chain)
        names = [c.component for c in order]
        return order[: names.index(component)] if component in names else ()


def read_topology(con: Connection) -> Topology:
    """Every component that was ever seen."""
    rows = fetch(con, f"SELECT {', '.join(_COLUMNS)} FROM components ORDER BY chain, position, component")  # noqa: S608
    return Topology(tuple(ComponentInfo(**row) for row in rows))


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A component as one stretch of time shows it, with the times of its first and last span in it."""

    info: ComponentInfo
    first_seen_at: datetime
    last_seen_at: datetime


def observe(con: Connection, period: Window) -> list[Sighting]:
    """The components of the spans of a stretch of time, in the order of each chain."""
    sightings: list[Sighting] = []
    places: dict[str, int] = {}
    for row in fetch(con, query("topology"), {"start": period.start, "end": period.end}):
        # The application is 0; what it calls counts from 1.
        position = 0 if row["is_application"] else places.setdefault(row["chain"], 0) + 1
        places[row["chain"]] = position
        info = ComponentInfo(
            chain=row["chain"],
            component=row["component"],
            kind=row["kind"],
            is_application=row["is_application"],
            parent_component=None if row["is_application"] else row["parent_component"],
            position=position,
        )
        sightings.append(
            Sighting(info=info, first_seen_at=row["first_seen_at"], last_seen_at=row["last_seen_at"])
        )
    return sightings


def merged(topology: Topology, sightings: Iterable[Sighting]) -> Topology:
    """The topology with the newest sight of each component.

    Those not seen now stay behind the one that they stood behind: who is silent for an hour moves nobody.
    """
    seen = {(s.info.chain, s.info.component): s.info for s in sightings}
    found = {(c.chain, c.component): c for c in topology} | seen
    for chain in {chain for chain, _ in seen}:
        order = [c.component for c in Topology(tuple(seen.values())).order(chain)]
        behind = -1
        for known in topology.order(chain):
            if known.component not in order:
                order.insert(behind + 1, known.component)
            behind = order.index(known.component)
        steps = [name for name in order if not found[chain, name].is_application]
        for position, name in enumerate(steps, start=1):
            found[chain, name] = replace(found[chain, name], position=position)
    return Topology(tuple(found[key] for key in sorted(found)))


def write_sightings(con: Connection, topology: Topology, sightings: Iterable[Sighting]) -> None:
    """Bring the table `components` up to date with `topology`, which the sightings were merged into.

    The first time of each component is kept.
    """
    sightings = list(sightings)
    infos = {(c.chain, c.component): c for c in topology}
    chains = {s.info.chain for s in sightings}
    for info in topology:
        if info.chain in chains:
            sql = "UPDATE components SET position = ? WHERE chain = ? AND component = ? AND position <> ?"
            con.execute(sql, [info.position, info.chain, info.component, info.position])
    for seen in sightings:
        info = infos[seen.info.chain, seen.info.component]
        con.execute(
            query("upsert_component"),
            [
                *(info.chain, info.component, info.kind, info.is_application, info.parent_component),
                *(info.position, seen.first_seen_at, seen.last_seen_at),
            ],
        )
