"""Opening what people point at: plain or gzipped files, line by line, in bounded memory."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from collectors.errors import SourceError

STDIN = Path("-")
# A longer line is no log record; reading on in pieces keeps memory bounded.
LINE_LIMIT = 64 * 1024 * 1024
_GZIP = b"\x1f\x8b"


def open_binary(path: Path) -> BinaryIO:
    """The file's bytes, unpacked when they are gzip (told by content, not by name). `-` is standard input."""
    try:
        stream: BinaryIO = sys.stdin.buffer if path == STDIN else path.open("rb")
    except OSError as error:
        raise SourceError(f"cannot open {path}: {error.strerror or error}") from error
    buffered = cast(io.BufferedReader, stream) if hasattr(stream, "peek") else io.BufferedReader(stream)  # type: ignore[type-var]
    if buffered.peek(2)[:2] == _GZIP:
        return cast(BinaryIO, gzip.GzipFile(fileobj=buffered))
    return cast(BinaryIO, buffered)


def head(path: Path, size: int) -> bytes:
    """The first bytes, unpacked; for telling formats apart. Empty for standard input, which is read once."""
    if path == STDIN:
        return b""
    with open_binary(path) as stream:
        try:
            return stream.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise SourceError(f"cannot read {path}: {error}") from error


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(line number from 1, bytes with their newline). SourceError when the file breaks off or cannot be read."""
    with open_binary(path) as stream:
        number = 0
        while True:
            try:
                line = stream.readline(LINE_LIMIT)
            except (OSError, EOFError, zlib.error) as error:
                raise SourceError(f"{path}: cannot read past line {number}: {error}") from error
            if not line:
                return
            number += 1
            yield number, line
