"""The order of a chain, when components come, go and are silent for a while."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from collectors.warehouse import Warehouse
from monitors.topology import ComponentInfo, Sighting, Topology, merged, read_topology, write_sightings

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def seen(*names: str) -> list[Sighting]:
    """A stretch of time in which these work one after the other; the first is the application."""
    return [
        Sighting(
            info=ComponentInfo(
                chain="support",
                component=name,
                kind="llm",
                is_application=place == 0,
                parent_component=None if place == 0 else names[0],
                position=place,
            ),
            first_seen_at=NOON,
            last_seen_at=NOON,
        )
        for place, name in enumerate(names)
    ]


ORDERS = {
    "one that is silent keeps its place": ("a b c", "a c", "a b c"),
    "a new one stands where it was seen": ("a b c", "a b n c", "a b n c"),
    "a new one beside one that is silent": ("a b c", "a n c", "a b n c"),
    "the last one that is silent": ("a b c", "a n b", "a n b c"),
    "the application itself": ("a b c", "b c", "a b c"),
    "an order that changed": ("a b c", "a c b", "a c b"),
    "two that are silent": ("a b c d", "a d", "a b c d"),
}


@pytest.mark.parametrize(("before", "now", "after"), ORDERS.values(), ids=ORDERS.keys())
def test_who_is_silent_moves_nobody(warehouse: Warehouse, before: str, now: str, after: str) -> None:
    topology = merged(Topology(()), seen(*before.split()))
    with warehouse.write() as con:
        write_sightings(con, topology, seen(*before.split()))
    sightings = seen(*now.split())
    if not now.startswith("a"):
        sightings = [s for s in seen("a", *now.split()) if s.info.component != "a"]
    merged_now = merged(topology, sightings)
    assert [c.component for c in merged_now.order("support")] == after.split()
    assert [c.position for c in merged_now.order("support")] == list(range(len(after.split())))
    with warehouse.write() as con:
        write_sightings(con, merged_now, sightings)
    with warehouse.read() as con:
        assert read_topology(con).order("support") == merged_now.order("support")
