"""Large files in blocks of whole lines: where they stand, and each in memory for whoever takes it apart."""

from __future__ import annotations

import io
import mmap
import os
import tempfile
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from gzip import GzipFile
from pathlib import Path
from typing import IO

import numpy as np

from collectors.errors import SourceError
from collectors.files import BOM, LINE_LIMIT, READ_ERRORS, open_binary

_NEWLINE = ord("\n")
_PART = 1 << 18


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Some whole lines of a plain file, by place and size in bytes."""

    start: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Unpacked:
    """Some whole lines of a packed file, of which the first has that number."""

    first_line: int
    lines: bytes


@dataclass(frozen=True, kw_only=True)
class Block:
    """Whole lines, each with its newline. `first_line()` is the number of the first, from 1.

    `file` is the path of a file that holds the same, where there is one; both hold something else as soon as
    the next block is taken.
    """

    lines: bytes | memoryview
    first_line: Callable[[], int]
    file: str | None = None


def read_blocks(path: Path, size: Callable[[], int]) -> Iterator[Stretch | Unpacked]:
    """Whole lines of about `size()` bytes together.

    Of a plain file only where they stand, so that whoever takes them apart reads them. SourceError when the
    file breaks off, after what could be read of it.
    """
    with open_binary(path) as stream:
        packed = isinstance(stream.raw, GzipFile)
    yield from _unpacked(path, size) if packed else _stretches(path, size)


class Blocks:
    """The blocks of one file, for one thread: each is taken into the memory of the one before it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._space: Space | None = None
        self._counted = (0, 1)

    def take(self, where: Stretch | Unpacked) -> Block:
        """The lines in memory; fewer when the file has become shorter. OSError when it cannot be read."""
        if isinstance(where, Unpacked):
            unpacked = where.lines.removeprefix(BOM) if where.first_line == 1 else where.lines
            return Block(lines=_ended(unpacked), first_line=lambda: where.first_line)
        if where.start == 0:
            with self._path.open("rb") as stream:
                return Block(lines=_ended(stream.read(where.size).removeprefix(BOM)), first_line=lambda: 1)
        if self._space is None or self._space.size <= where.size:
            # Lines end where they end: blocks differ by a line, and there is a newline more at the end.
            self._space = Space(where.size + where.size // 8 + 1)
        with self._path.open("rb", buffering=0) as stream:
            stream.seek(where.start)
            lines = self._space.fill(stream, where.size)
        return Block(lines=lines, first_line=lambda: self._line_at(where.start), file=self._space.path)

    def _line_at(self, start: int) -> int:
        """The number of the line that begins there: counted only when somebody asks, and from the last on."""
        place, number = self._counted if self._counted[0] <= start else (0, 1)
        with self._path.open("rb", buffering=0) as stream:
            stream.seek(place)
            while place < start and (part := stream.read(min(_PART, start - place))):
                number += newlines(part)
                place += len(part)
        self._counted = (place, number)
        return number


class Space:
    """Memory that is a file as well, and is filled again and again: fresh memory costs more than reading."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._file = nameless()
        weakref.finalize(self, self._file.close)
        os.ftruncate(self._file.fileno(), size)
        self._memory = memoryview(mmap.mmap(self._file.fileno(), size))

    @property
    def path(self) -> str:
        """Where it is a file."""
        return f"/dev/fd/{self._file.fileno()}"

    def fill(self, stream: io.FileIO, size: int) -> memoryview:
        """The next `size` bytes, or those that are left, and a newline where the last line has none."""
        # The file ends where the block ends; what lies behind the end of a file is no memory.
        os.ftruncate(self._file.fileno(), size + 1)
        end = 0
        while end < size and (read := stream.readinto(self._memory[end:size])):
            end += read
        if end and self._memory[end - 1] != _NEWLINE:
            self._memory[end] = _NEWLINE
            end += 1
        os.ftruncate(self._file.fileno(), end)
        return self._memory[:end]


def nameless() -> IO[bytes]:
    """A file without a name, in memory where the system has such: texts are not redacted yet."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("chainwatch-lines"), "wb+")
    return tempfile.TemporaryFile()


def newlines(block: bytes | memoryview) -> int:
    """How many there are; `bytes.count` takes twice to ten times as long."""
    seen = np.frombuffer(block, np.uint8)
    # In parts that the processor's cache holds.
    parts = (seen[start : start + _PART] for start in range(0, len(seen), _PART))
    return sum(int(np.count_nonzero(part == _NEWLINE)) for part in parts)


def _ended(lines: bytes) -> bytes:
    return lines if lines[-1:] in (b"\n", b"") else lines + b"\n"


def _stretches(path: Path, size: Callable[[], int]) -> Iterator[Stretch]:
    start = 0
    try:
        with path.open("rb") as stream:
            while True:
                stream.seek(start + size() - 1)
                last = stream.read(1)
                # Up to the end of the line that the last byte is in.
                end = stream.tell() if last else stream.seek(0, io.SEEK_END)
                if last and last != b"\n":
                    end += len(stream.readline(LINE_LIMIT))
                if end <= start:
                    return
                yield Stretch(start=start, size=end - start)
                start = end
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error}") from error


def _unpacked(path: Path, size: Callable[[], int]) -> Iterator[Unpacked]:
    number, held = 1, bytearray()
    failure: Exception | None = None
    with open_binary(path) as stream:
        while True:
            try:
                # A file that breaks off raises in the middle of a read, and what that read had is lost.
                more = stream.read1(io.DEFAULT_BUFFER_SIZE)
            except READ_ERRORS as error:
                failure = error
                break
            if not more:
                break
            held += more
            if len(held) < size():
                continue
            end = held.rfind(b"\n") + 1
            if end == 0 and len(held) < LINE_LIMIT:
                continue
            block = bytes(held[: end or LINE_LIMIT])
            del held[: len(block)]
            yield Unpacked(first_line=number, lines=block)
            number += max(1, newlines(block))
    if held:
        yield Unpacked(first_line=number, lines=bytes(held))
        number += held.count(b"\n")
    if failure is not None:
        raise SourceError(f"{path}: cannot be read past line {number - 1}: {failure}") from failure
