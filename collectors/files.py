"""Opening what people point at: plain or gzipped files, line by line, in bounded memory."""

from __future__ import annotations

import glob
import gzip
import io
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from collectors.errors import ConfigError, SourceError

# A longer line is no log record; reading on in pieces keeps memory bounded.
LINE_LIMIT = 64 * 1024 * 1024
# One document is read at once.
WHOLE_LIMIT = 256 * 1024 * 1024
BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_NEWLINE = ord("\n")
_PART = 1 << 18
_READ_ERRORS = (OSError, EOFError, zlib.error)


@contextmanager
def open_binary(path: Path) -> Iterator[io.BufferedReader]:
    """The file's bytes, unpacked when they are gzip (told by content, not by name)."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise SourceError(f"cannot open {path}: {error.strerror or error}") from error
    with stream:
        if stream.peek(2)[:2] == _GZIP:
            with gzip.GzipFile(fileobj=stream) as unpacked:
                yield io.BufferedReader(unpacked)
        else:
            yield stream


def head(path: Path, size: int) -> bytes:
    """The first bytes, unpacked; for telling formats apart."""
    with open_binary(path) as stream:
        try:
            return stream.read(size)
        except _READ_ERRORS as error:
            raise SourceError(f"{path}: cannot be read: {error}") from error


def read_all(path: Path, limit: int) -> bytes:
    """The whole file; SourceError when it is larger than `limit` bytes or cannot be read."""
    with open_binary(path) as stream:
        try:
            found = stream.read(limit + 1)
        except _READ_ERRORS as error:
            raise SourceError(f"{path}: cannot be read: {error}") from error
    if len(found) > limit:
        raise SourceError(f"{path}: one document of more than {limit:,} bytes; write one record a line")
    return found


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(line number from 1, bytes with their newline). SourceError when the file breaks off."""
    with open_binary(path) as stream:
        number = 0
        while True:
            try:
                line = stream.readline(LINE_LIMIT)
            except _READ_ERRORS as error:
                raise SourceError(f"{path}: cannot be read past line {number}: {error}") from error
            if not line:
                return
            number += 1
            yield number, line


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Some whole lines of a plain file, by place and size in bytes."""

    start: int
    size: int

    def read(self, path: Path) -> bytes:
        """The lines; fewer when the file has become shorter."""
        with path.open("rb") as stream:
            stream.seek(self.start)
            return stream.read(self.size)


def read_blocks(path: Path, size: Callable[[], int]) -> Iterator[tuple[int, bytes | Stretch]]:
    """(number of its first line, whole lines of about `size()` bytes together).

    Of a plain file only where they stand, so that whoever takes them apart reads them. SourceError when the
    file breaks off, after what could be read of it.
    """
    with open_binary(path) as stream:
        packed = isinstance(stream.raw, gzip.GzipFile)
    yield from _packed_blocks(path, size) if packed else _stretches(path, size)


def _stretches(path: Path, size: Callable[[], int]) -> Iterator[tuple[int, Stretch]]:
    number, start = 1, 0
    # One for all blocks: fresh memory costs more than what is read into it.
    space = bytearray()
    try:
        with path.open("rb") as stream:
            while True:
                if len(space) != size():
                    space = bytearray(size())
                read = stream.readinto(space)
                if not read:
                    return
                # Up to the end of the line that the last byte is in.
                more = b"" if space[read - 1] == _NEWLINE else stream.readline(LINE_LIMIT)
                yield number, Stretch(start=start, size=read + len(more))
                number += max(1, newlines(memoryview(space)[:read]) + more.count(b"\n"))
                start += read + len(more)
    except _READ_ERRORS as error:
        raise SourceError(f"{path}: cannot be read past line {number - 1}: {error}") from error


def _packed_blocks(path: Path, size: Callable[[], int]) -> Iterator[tuple[int, bytes]]:
    number, held = 1, bytearray()
    failure: Exception | None = None
    with open_binary(path) as stream:
        while True:
            try:
                # A file that breaks off raises in the middle of a read, and what that read had is lost.
                more = stream.read1(io.DEFAULT_BUFFER_SIZE)
            except _READ_ERRORS as error:
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
            yield number, block
            number += max(1, newlines(block))
    if held:
        yield number, bytes(held)
        number += held.count(b"\n")
    if failure is not None:
        raise SourceError(f"{path}: cannot be read past line {number - 1}: {failure}") from failure


def newlines(block: bytes | memoryview) -> int:
    """How many there are; `bytes.count` takes ten times as long."""
    seen = np.frombuffer(block, np.uint8)
    # In parts that the processor's cache holds.
    parts = (seen[start : start + _PART] for start in range(0, len(seen), _PART))
    return sum(int(np.count_nonzero(part == _NEWLINE)) for part in parts)


def lines_of(block: bytes, first: int) -> Iterator[tuple[int, bytes]]:
    """(line number, bytes without their newline) of a block that starts at line `first`."""
    yield from enumerate(block.removesuffix(b"\n").split(b"\n"), start=first)


def expand(arguments: Sequence[str]) -> list[tuple[Path, bool]]:
    """Files named by paths, folders (with everything below) and patterns: (file, named itself).

    Raises ConfigError for an argument that leads to no file. Hidden files in folders are left out.
    """
    found: dict[Path, bool] = {}
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            below = sorted(p for p in path.rglob("*") if p.is_file())
            files = [p for p in below if not any(part.startswith(".") for part in p.relative_to(path).parts)]
            if not files:
                raise ConfigError(f"there is no file in the folder {argument}")
            for file in files:
                found.setdefault(file, False)
        elif path.exists():
            found[path] = True
        else:
            matches = sorted(Path(name) for name in glob.glob(argument, recursive=True))
            if not any(match.is_file() for match in matches):
                raise ConfigError(f"there is no file {argument}")
            for match in matches:
                if match.is_file():
                    found.setdefault(match, False)
    return list(found.items())


@contextmanager
def standard_input(stream: BinaryIO) -> Iterator[Path]:
    """Standard input as a file: formats are told by their first bytes, and Parquet is read from its end."""
    with tempfile.TemporaryDirectory(prefix="chainwatch-") as folder:
        path = Path(folder) / "stdin"
        with path.open("wb") as copy:
            shutil.copyfileobj(stream, copy)
        yield path
