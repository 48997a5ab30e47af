"""Blocks of a file are its lines, each once and in order, and know which line they begin with."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.blocks import Block, Blocks, Stretch, read_blocks
from collectors.errors import SourceError

_anywhere = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def taken(path: Path, size: int) -> list[tuple[int, bytes]]:
    """(number of the first line, lines) of each block, asked for from the last to the first."""
    blocks, found = Blocks(path), []
    for where in read_blocks(path, lambda: size):
        block = blocks.take(where)
        if block.file is not None:
            assert Path(block.file).read_bytes() == bytes(block.lines)
        found.append((block.first_line, bytes(block.lines)))
    return [(first(), lines) for first, lines in reversed(found)][::-1]


@_anywhere
@given(
    st.lists(st.binary(max_size=40).map(lambda b: b.translate(None, b"\n\x1f")), max_size=30),
    st.integers(1, 90),
)
@pytest.mark.parametrize("packed", [False, True])
def test_every_line_comes_once_and_with_its_number(
    tmp_path: Path, packed: bool, lines: list[bytes], size: int
) -> None:
    text = b"\n".join(lines)
    path = tmp_path / "lines"
    path.write_bytes(gzip.compress(text) if packed else text)
    found = taken(path, size)
    whole = text.removeprefix(b"\xef\xbb\xbf")
    assert b"".join(lines for _, lines in found) == (whole if whole[-1:] in (b"\n", b"") else whole + b"\n")
    number = 1
    for first, some in found:
        assert (first, some[-1:]) == (number, b"\n")
        number += some.count(b"\n")


def test_what_a_file_lost_meanwhile_is_no_line(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntwo\nthree\nfour\n")
    places = list(read_blocks(path, lambda: 4))
    os.truncate(path, 9)
    blocks = Blocks(path)
    assert [bytes(blocks.take(where).lines) for where in places] == [b"one\n", b"two\n", b"t\n", b""]


def test_a_block_that_is_longer_than_those_before_finds_room(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"a\nb\n" + b"c" * 1000 + b"\nd\n")
    blocks = Blocks(path)
    sizes = [len(blocks.take(where).lines) for where in read_blocks(path, lambda: 2)]
    assert sizes == [2, 2, 1001, 2]


def test_a_file_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        list(read_blocks(tmp_path / "none", lambda: 4))
    with pytest.raises(OSError, match="No such file"):
        Blocks(tmp_path / "none").take(Stretch(start=4, size=4))


def test_without_files_in_memory_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntwo\nthree\n")
    there = taken(path, 4)
    monkeypatch.delattr(os, "memfd_create")
    assert taken(path, 4) == there


def test_the_memory_of_a_block_is_that_of_the_next(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\ntwo\nsix\n")
    blocks = Blocks(path)
    _, second, third = (blocks.take(where) for where in read_blocks(path, lambda: 4))
    assert isinstance(second, Block)
    assert second.file == third.file
    assert bytes(second.lines) == b"six\n"
