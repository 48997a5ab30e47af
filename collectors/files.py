"""Opening what people point at: plain or gzipped files, line by line, in bounded memory."""

from __future__ import annotations

import glob
import gzip
import io
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from collectors.errors import ConfigError, SourceError

# A longer line is no log record; reading on in pieces keeps memory bounded.
LINE_LIMIT = 64 * 1024 * 1024
# One document is read at once.
WHOLE_LIMIT = 256 * 1024 * 1024
BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
READ_ERRORS = (OSError, EOFError, zlib.error)


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
        except READ_ERRORS as error:
            raise SourceError(f"{path}: cannot be read: {error}") from error


def read_all(path: Path, limit: int) -> bytes:
    """The whole file; SourceError when it is larger than `limit` bytes or cannot be read."""
    with open_binary(path) as stream:
        try:
            found = stream.read(limit + 1)
        except READ_ERRORS as error:
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
            except READ_ERRORS as error:
                raise SourceError(f"{path}: cannot be read past line {number}: {error}") from error
            if not line:
                return
            number += 1
            yield number, line


def lines_of(block: bytes | memoryview, first: int) -> Iterator[tuple[int, bytes]]:
    """(line number, bytes without their newline) of a block that starts at line `first`."""
    yield from enumerate(bytes(block).removesuffix(b"\n").split(b"\n"), start=first)


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
