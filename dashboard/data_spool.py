"""The spool as a viewer sees it: what was acknowledged and is not stored yet.

The folder is only looked at. No lock is taken: a receiver that starts meanwhile must not find it held.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from collectors.home import Home
from collectors.spool_frame import HEADER_BYTES, entries, foreign_layout
from collectors.spool_segments import OPEN, Segment, list_segments, unreadable
from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import fetch

_HEAD_BYTES = 8


@dataclass(frozen=True, kw_only=True)
class SpoolView:
    """The spool section.

    Attributes:
        exists: whether a receiver ever wrote here. bytes_on_disk: of all segments, stored or not.
        bytes_waiting: not stored yet. oldest_at: when the oldest of those was received; None when nothing
            waits, or what waits cannot be read. problem: segments that this version cannot read.
    """

    exists: bool
    segments: int
    bytes_on_disk: int
    bytes_waiting: int
    oldest_at: datetime | None
    problem: str | None


def spool_view(warehouse: Warehouse) -> SpoolView:
    """What waits in the spool beside this warehouse; reads one record, and no more, to know since when."""
    folder = Home(root=warehouse.path.parent).spool
    # The segments first: one that is stored and deleted in between is not missed, it is done.
    segments = list_segments(folder)
    with warehouse.read() as con:
        stored = {
            row["segment"]: int(row["position"])
            for row in fetch(con, "SELECT segment, position FROM spool_cursors")
        }
    waiting = [
        (s, stored.get(s.name, HEADER_BYTES)) for s in segments if s.size > stored.get(s.name, HEADER_BYTES)
    ]
    return SpoolView(
        exists=folder.is_dir(),
        segments=len(segments),
        bytes_on_disk=sum(s.size for s in segments),
        bytes_waiting=sum(s.size - position for s, position in waiting),
        oldest_at=next((at for s, position in waiting if (at := _received(s, position)) is not None), None),
        problem=unreadable(folder) if segments else None,
    )


def _received(segment: Segment, position: int) -> datetime | None:
    """When the record at `position` was received; None for damage, another layout, or a file that is gone."""
    try:
        with segment.path.open("rb") as file:
            if foreign_layout(file.read(_HEAD_BYTES)) is not None:
                return None
            is_final = segment.path.suffix != OPEN
            for entry in entries(file, position, segment.segment_id, final=is_final):
                if entry.record is not None:
                    return entry.record.received_at
    except FileNotFoundError:
        return None
    return None
