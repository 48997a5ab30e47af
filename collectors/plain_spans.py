"""Lines of JSON in our own names straight into the table that is stored: DuckDB reads them, Python looks on.

Only lines of which plain_lines.py says that they can be read so; the others are told by their places.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from importlib import resources
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from collectors import cleaning
from collectors.blocks import Block, nameless, newlines
from collectors.columns import OBJECTS
from collectors.plain_lines import plain_lines
from collectors.tables import SPAN_SCHEMA, json_text
from collectors.warehouse.connection import in_memory

_SELECT = (resources.files("collectors") / "plain_spans.sql").read_text("utf-8")
_IDS = ("trace_id", "span_id", "parent_span_id", "user_id", "session_id")
_HEXADECIMAL = "^(?:[0-9a-fA-F]{16}){1,2}$"
_mine = threading.local()


@dataclass(frozen=True, kw_only=True)
class Plain:
    """`table` of the plain spans in `SPAN_SCHEMA`; `rest` are the places of the other lines, in order."""

    table: pa.Table
    rest: Sequence[int]


def read_plain(block: Block, *, source: str) -> Plain:
    """The lines of a block that are plainly spans. Every line is taken or is in `rest`."""
    lines, rest = plain_lines(block.lines)
    every = newlines(block.lines)
    places = sorted(set(range(every)).difference(rest)) if rest else range(every)
    if not places:
        return Plain(table=SPAN_SCHEMA.empty_table(), rest=rest)
    try:
        found = read_lines(lines if rest else block.file or lines, source)
    except duckdb.Error:
        # Looks like JSON and is none, or a day that no calendar has: each line is looked at by itself.
        return Plain(table=SPAN_SCHEMA.empty_table(), rest=range(every))
    if found.num_rows != len(places):
        return Plain(table=SPAN_SCHEMA.empty_table(), rest=range(every))
    odd = reduce(pc.or_, (_in_capitals(found[name]) for name in _IDS), found["odd"])
    if pc.any(odd).as_py():
        more = pc.indices_nonzero(odd).to_pylist()
        rest = sorted([*rest, *(places[row] for row in more)])
        found = found.filter(pc.invert(odd))
    return Plain(table=_in_schema(found), rest=rest)


def read_lines(lines: bytes | memoryview | str, source: str) -> pa.Table:
    """Plain lines as rows of plain_spans.sql; duckdb.Error when one is no JSON after all.

    They are a file, by its path, or become one for as long as it takes, which nobody else sees."""
    if isinstance(lines, str):
        con = _connection()
        con.execute("SET VARIABLE plain_lines = $path", {"path": lines})
        return con.sql(_SELECT, params={"source": source}).to_arrow_table()
    with nameless() as file:
        file.write(lines)
        file.flush()
        return read_lines(f"/dev/fd/{file.fileno()}", source)


def _connection() -> duckdb.DuckDBPyConnection:
    """One database in memory a thread, which uses that thread."""
    found: duckdb.DuckDBPyConnection | None = getattr(_mine, "connection", None)
    if found is None:
        found = in_memory()
        found.execute("SET threads = 1")
        _mine.connection = found
    return found


def _in_capitals(ids: pa.ChunkedArray) -> pa.ChunkedArray:
    """Which are hexadecimal, of OpenTelemetry's lengths, and not in lower case, as they are to be."""
    odd = pc.not_equal(ids, pc.ascii_lower(ids))
    if pc.any(odd).as_py():
        odd = pc.and_(odd, pc.match_substring_regex(ids, pattern=_HEXADECIMAL))
    return pc.fill_null(odd, False)


def _in_schema(found: pa.Table) -> pa.Table:
    arrays = []
    for name, kind in zip(SPAN_SCHEMA.names, SPAN_SCHEMA.types, strict=True):
        column = found[name]
        if name in OBJECTS:
            column = _objects(column)
        arrays.append(column if column.type == kind else column.cast(kind))
    return pa.Table.from_arrays(arrays, schema=SPAN_SCHEMA)


def _objects(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """JSON objects as they are stored; rows often hold the same few, each of which is looked at once."""
    if column.null_count == len(column):
        return column
    coded = column.combine_chunks().dictionary_encode()
    stored = pa.array(list(_stored(coded.dictionary.to_pylist())), pa.string())
    return pa.chunked_array([stored.take(coded.indices)])


def _stored(texts: Iterable[str]) -> Iterable[str | None]:
    for text in texts:
        value: dict[str, Any] = cleaning.mapping("", json.loads(text))
        yield json_text(value) if value else None
