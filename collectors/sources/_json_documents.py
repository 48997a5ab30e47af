"""JSON files that hold one document, one a line, or several one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from collectors.errors import SourceError
from collectors.files import BOM, WHOLE_LIMIT, read_all, read_lines
from collectors.json_text import loads
from collectors.sources.base import Bad, not_json, shorten

_JSON_ERRORS = (ValueError, RecursionError)
_SHOWN = 4_000


@dataclass(frozen=True, kw_only=True)
class Document:
    """One JSON value, and the line that it is when it has a line of its own."""

    line: int | None
    value: Any


def documents(path: Path) -> Iterator[Document | Bad]:
    """Every JSON document of a file, in order.

    A file whose first line is a whole document is read line by line, in bounded memory; any other at once.
    SourceError when that one document is larger than 256 MiB or no JSON at all; a broken line is a `Bad`.
    """
    if first_is_line(path):
        yield from line_documents(read_lines(path))
    else:
        yield from _whole(path)


def first_is_line(path: Path) -> bool:
    """Whether a file's lines are documents of their own; a single line is one of them."""
    lines = (line.removeprefix(BOM).strip() for _, line in read_lines(path))
    start = list(islice((line for line in lines if line), 2))
    return bool(start) and _by_line(start)


def line_documents(lines: Iterable[tuple[int, bytes]]) -> Iterator[Document | Bad]:
    """The documents of (line number, bytes) pairs; blank lines hold none."""
    for number, line in lines:
        text = line.removeprefix(BOM).strip()
        if text:
            yield _line(number, text)


def _by_line(start: list[bytes]) -> bool:
    """Whether every line is a document: the first one is, or it is broken and the second one is."""
    if _container(start[0]):
        return True
    return len(start) == 2 and len(start[0]) > 1 and _container(start[1])


def _container(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), (dict, list))
    except _JSON_ERRORS:
        return False


def _line(number: int, line: bytes) -> Document | Bad:
    try:
        return Document(line=number, value=loads(line))
    except _JSON_ERRORS as error:
        return not_json(number, line, error)


def _whole(path: Path) -> Iterator[Document | Bad]:
    text = read_all(path, WHOLE_LIMIT).removeprefix(BOM).decode("utf-8", "surrogateescape").strip()
    decoder = json.JSONDecoder()
    position = 0
    while position < len(text):
        try:
            value, end = decoder.raw_decode(text, position)
        except _JSON_ERRORS as error:
            if position == 0:
                raise SourceError(f"{path}: not JSON: {error}") from error
            shown = shorten(text[position : position + _SHOWN])
            yield Bad(line=None, reason=f"not JSON: {error}", raw=shown, problem="not JSON")
            return
        yield Document(line=None, value=value)
        while end < len(text) and text[end] in " \t\r\n,":
            end += 1
        position = end
