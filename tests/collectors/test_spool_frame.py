"""The frames of the spool: any prefix of a file gives a prefix of its records; damage costs what it hit."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.spool_frame import HEADER_BYTES, Entry, SpoolRecord, encode, entries, segment_header

ID = bytes.fromhex("a1b2c3d4e5f60718")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def record(body: bytes, number: int = 0) -> SpoolRecord:
    return SpoolRecord(
        signal="traces",
        content_type="application/x-protobuf",
        encoding="gzip",
        received_at=AT + timedelta(microseconds=number),
        items=number,
        body=body,
    )


def read(data: bytes, *, final: bool, position: int = 0) -> list[Entry]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return list(entries(file, position, ID, final=final))


# Bodies that hold the marker, a whole record, and nothing at all.
BODIES = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.just(ID),
        st.just(ID * 3),
        st.builds(lambda b: encode(record(b), b"\x00" * 8), st.binary(max_size=9)),
    ),
    max_size=6,
)


@given(bodies=BODIES, cut=st.integers(min_value=0, max_value=800), final=st.booleans())
def test_a_prefix_of_a_segment_yields_a_prefix_of_its_records(
    bodies: list[bytes], cut: int, final: bool
) -> None:
    records = [record(body, number) for number, body in enumerate(bodies)]
    data = segment_header(ID) + b"".join(encode(r, ID) for r in records)
    found = read(data[:cut], final=final)
    assert [e.record for e in found] == records[: len(found)]
    whole = HEADER_BYTES
    expected = 0
    for one in records:
        whole += len(encode(one, ID))
        expected += whole <= cut
    assert len(found) == expected


@given(
    bodies=st.lists(st.binary(max_size=40), min_size=2, max_size=5),
    at=st.integers(min_value=0, max_value=10_000),
    flip=st.integers(min_value=1, max_value=255),
)
def test_a_damaged_byte_costs_one_record_and_is_reported(bodies: list[bytes], at: int, flip: int) -> None:
    records = [record(body, number) for number, body in enumerate(bodies)]
    frames = [encode(r, ID) for r in records]
    data = bytearray(segment_header(ID) + b"".join(frames))
    # The last record stays whole: a damaged length at the very end looks like a torn write.
    at = HEADER_BYTES + at % sum(map(len, frames[:-1]))
    data[at] ^= flip
    found = read(bytes(data), final=True)
    sound = [e.record for e in found if e.record is not None]
    assert len(sound) == len(records) - 1
    assert all(r in records for r in sound)
    damaged = [e for e in found if e.record is None]
    assert len(damaged) == 1
    assert damaged[0].start <= at < damaged[0].end
    assert damaged[0].damage


def test_reading_goes_on_at_a_position() -> None:
    frames = [encode(record(b"x" * n, n), ID) for n in range(4)]
    data = segment_header(ID) + b"".join(frames)
    first = read(data, final=False)
    assert [e.record for e in read(data, final=False, position=first[1].end)] == [
        first[2].record,
        first[3].record,
    ]


def test_an_unfinished_end_is_waited_for_while_somebody_writes() -> None:
    frame = encode(record(b"abc"), ID)
    broken = bytearray(frame)
    broken[-1] ^= 1
    data = segment_header(ID) + frame + bytes(broken)
    assert [e.damage for e in read(data, final=False)] == [""]
    assert [e.damage for e in read(data, final=True)] == ["", "the end of the segment is damaged"]


def test_blocks_that_a_power_cut_left_empty_are_a_torn_end() -> None:
    data = segment_header(ID) + encode(record(b"abc"), ID) + bytes(5000)
    assert [e.record for e in read(data, final=True)] == [record(b"abc")]


def test_a_marker_across_two_search_windows_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.spool_frame._SEARCH_BYTES", 16)
    broken = bytearray(encode(record(b"a" * 45), ID))
    broken[30] ^= 1
    last = record(b"found", 7)
    assert [e.record for e in read(segment_header(ID) + bytes(broken) + encode(last, ID), final=True)] == [
        None,
        last,
    ]


def test_a_body_cannot_forge_a_record() -> None:
    forged = encode(record(b"forged", 9), bytes(8))
    broken = bytearray(encode(record(forged), ID))
    broken[20] ^= 1
    found = read(segment_header(ID) + bytes(broken), final=True)
    assert [e.record for e in found] == [None]
