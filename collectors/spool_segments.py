"""The spool's folder as a reader sees it: which segments there are and which are complete."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

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
    """
    segments = list_segments(folder)
    dead = any(s.path.suffix == OPEN for s in segments) and not _writer_lives(folder)
    return [(s, dead or s.path.suffix == SEALED) for s in segments]


def sync_folder(folder: Path) -> None:
    """Make the names in the folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _writer_lives(folder: Path) -> bool:
    lock = FileLock(folder / WRITER_LOCK, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False
