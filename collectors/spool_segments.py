"""The spool's folder as a reader sees it: which segments there are and which are complete."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from collectors.spool_frame import MAGIC, foreign_layout

OPEN = ".open"
SEALED = ".spool"
WRITER_LOCK = "writer.lock"
DRAIN_LOCK = "drain.lock"
_NAME = re.compile(r"(\d{10,})-([0-9a-f]{16})")


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One file of the spool. `name` identifies it for ever: its number and its random id."""

    path: Path
    name: str
    number: int
    segment_id: bytes
    size: int


def list_segments(folder: Path) -> list[Segment]:
    """The segments in the order they were written; empty when there is no folder."""
    found: list[Segment] = []
    try:
        with os.scandir(folder) as listing:
            for item in listing:
                path = Path(item.path)
                match = _NAME.fullmatch(path.stem)
                if match is None or path.suffix not in (OPEN, SEALED):
                    continue
                try:
                    size = item.stat().st_size
                except FileNotFoundError:
                    # Sealed or deleted between the listing and the look.
                    continue
                found.append(
                    Segment(
                        path=path,
                        name=path.stem,
                        number=int(match[1]),
                        segment_id=bytes.fromhex(match[2]),
                        size=size,
                    )
                )
    except FileNotFoundError:
        return []
    return sorted(found, key=lambda s: (s.number, s.name))


def readable(folder: Path) -> list[tuple[Segment, bool]]:
    """The segments, each with whether it is final: nobody will append to it any more.

    The listing comes before the look at the writer's lock. A segment that is listed as open while nobody
    holds the lock belongs to a writer that died; one made by a later writer is not in the listing.
    Segments of another layout are left out: they wait for the version that can read them.
    """
    segments = [s for s in list_segments(folder) if _layout(s) is None]
    dead = any(s.path.suffix == OPEN for s in segments) and not _writer_lives(folder)
    return [(s, dead or s.path.suffix == SEALED) for s in segments]


def unreadable(folder: Path) -> str | None:
    """What to tell people about segments of another layout; None when there are none."""
    found = [(s, layout) for s in list_segments(folder) if (layout := _layout(s)) is not None]
    if not found:
        return None
    segment, layout = found[0]
    return (
        f"{len(found)} spool segments, {segment.path} the first, are of layout {layout}: another version of "
        f"Chainwatch wrote them, and this one reads layout {MAGIC[-1:].decode()}. They are kept, and the "
        "rest is stored; start the version that wrote them, or a newer one, to store them too"
    )


def sync_folder(folder: Path) -> None:
    """Make the names in the folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _layout(segment: Segment) -> str | None:
    try:
        with segment.path.open("rb") as file:
            return foreign_layout(file.read(len(MAGIC)))
    except FileNotFoundError:
        # Sealed or deleted since it was listed.
        return None


def _writer_lives(folder: Path) -> bool:
    lock = FileLock(folder / WRITER_LOCK, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False
