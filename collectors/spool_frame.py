"""How a request is laid out on disk, so that whatever was damaged around it can still be told from it.

A segment starts with `MAGIC` and its own random 8-byte id. Each record is

    marker (the segment's id, 8 bytes) | length (4) | CRC-32 of length and payload (4) | payload

and the payload is a length-prefixed JSON head (signal, content type, encoding, when it was received)
followed by the body as it came. The random marker lets a reader find the next record after damage, and
no sender can forge one inside a body. Integers are little-endian.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

# The last digit is the layout's number.
MAGIC = b"CWSPOOL1"
_NAME_BYTES = len(MAGIC) - 1
ID_BYTES = 8
HEADER_BYTES = len(MAGIC) + ID_BYTES
_FRAME = struct.Struct(f"<{ID_BYTES}sII")
_HEAD = struct.Struct("<H")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SEARCH_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class SpoolRecord:
    """One request as it was received.

    `encoding` is '', 'gzip' or 'deflate'; `items` is the number of spans or log records in the body.
    """

    signal: str
    content_type: str
    encoding: str = ""
    received_at: datetime
    items: int = 0
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What stands at [start, end) of a segment: a record, or damage with the reason."""

    start: int
    end: int
    record: SpoolRecord | None
    damage: str = ""


def segment_header(segment_id: bytes) -> bytes:
    """The first bytes of a segment."""
    return MAGIC + segment_id


def foreign_layout(start: bytes) -> str | None:
    """The number of the layout when a segment that begins with `start` is of another one than this.

    None for this layout, and for a header that is not whole or is damaged: the segment's name has its id, so
    its records can be told from the damage.
    """
    magic = start[: len(MAGIC)]
    if len(magic) < len(MAGIC) or magic == MAGIC or magic[:_NAME_BYTES] != MAGIC[:_NAME_BYTES]:
        return None
    number = magic[_NAME_BYTES:].decode("latin-1")
    return number if number.isdigit() else None


def encode(record: SpoolRecord, segment_id: bytes) -> bytes:
    """The record framed for the segment `segment_id`."""
    head = json.dumps(
        {
            "signal": record.signal,
            "type": record.content_type,
            "encoding": record.encoding,
            "at_us": (record.received_at - _EPOCH) // timedelta(microseconds=1),
            "items": record.items,
        },
        separators=(",", ":"),
    ).encode()
    payload = b"".join((_HEAD.pack(len(head)), head, record.body))
    return _FRAME.pack(segment_id, len(payload), _checksum(payload)) + payload


def entries(file: BinaryIO, position: int, segment_id: bytes, *, final: bool) -> Iterator[Entry]:
    """The records of a segment from `position` on, and the damage between them.

    `final` says that nobody appends any more. Until then an incomplete end is a record on its way, and the
    reading stops before it; in a final segment it is the torn last record of a process that died before
    it could acknowledge it, and is left out silently.
    """
    size = os.fstat(file.fileno()).st_size
    position = max(position, HEADER_BYTES)
    while position < size:
        entry = _read(file, position, size, segment_id)
        if entry is None:
            found = _resume(file, position + 1, size, segment_id)
            if found is None:
                if final and not _torn(file, position, size, segment_id):
                    yield Entry(
                        start=position, end=size, record=None, damage="the end of the segment is damaged"
                    )
                return
            entry = Entry(start=position, end=found, record=None, damage="a record is damaged on disk")
        yield entry
        position = entry.end


def _read(file: BinaryIO, position: int, size: int, segment_id: bytes) -> Entry | None:
    """The record at `position`, or None when no whole and sound record stands there."""
    file.seek(position)
    frame = file.read(_FRAME.size)
    if len(frame) < _FRAME.size:
        return None
    marker, length, checksum = _FRAME.unpack(frame)
    end = position + _FRAME.size + length
    if marker != segment_id or end > size or length < _HEAD.size:
        return None
    payload = file.read(length)
    if len(payload) < length or _checksum(payload) != checksum:
        return None
    (head_length,) = _HEAD.unpack_from(payload)
    body_at = _HEAD.size + head_length
    try:
        head = json.loads(payload[_HEAD.size : body_at])
        record = SpoolRecord(
            signal=head["signal"],
            content_type=head["type"],
            encoding=head["encoding"],
            received_at=_EPOCH + timedelta(microseconds=head["at_us"]),
            items=head["items"],
            body=payload[body_at:],
        )
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        # Whole, by its checksum, and yet not ours: it must not hold up what comes after it.
        damage = f"a record has a head that cannot be read: {type(error).__name__}: {error}"
        return Entry(start=position, end=end, record=None, damage=damage)
    return Entry(start=position, end=end, record=record)


def _resume(file: BinaryIO, position: int, size: int, segment_id: bytes) -> int | None:
    """Where the next sound record starts at or after `position`, or None."""
    while position < size:
        file.seek(position)
        window = file.read(_SEARCH_BYTES)
        at = window.find(segment_id)
        while at >= 0:
            if _read(file, position + at, size, segment_id) is not None:
                return position + at
            at = window.find(segment_id, at + 1)
        if len(window) < _SEARCH_BYTES:
            return None
        # A marker may lie across two windows.
        position += len(window) - ID_BYTES + 1
    return None


def _torn(file: BinaryIO, position: int, size: int, segment_id: bytes) -> bool:
    """Whether what follows `position` is a record cut short, or blocks that were never written."""
    file.seek(position)
    frame = file.read(_FRAME.size)
    if len(frame) < _FRAME.size:
        return True
    marker, length, _ = _FRAME.unpack(frame)
    if marker == segment_id:
        return bool(position + _FRAME.size + length > size)
    file.seek(position)
    return all(not any(chunk) for chunk in iter(lambda: file.read(_SEARCH_BYTES), b""))


def _checksum(payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(len(payload).to_bytes(4, "little")))
