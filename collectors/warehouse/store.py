"""Typed writes and plain reads. Every insert goes through Arrow in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from collectors.model import Span, utc

Row = dict[str, Any]


def to_row(record: Any) -> Row:
    """A frozen record as a row: nested records become dicts, mappings become JSON."""
    if not is_dataclass(record) or isinstance(record, type):
        raise TypeError(f"not a record: {record!r}")
    return {f.name: _cell(getattr(record, f.name)) for f in fields(record)}


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, default=str) if value else None
    if isinstance(value, tuple):
        return [to_row(item) if is_dataclass(item) else item for item in value]
    return value


def insert(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row]) -> int:
    """Append rows to `table` by column name; unknown columns are an error. Returns how many."""
    if not rows:
        return 0
    con.register("incoming", _arrow(con, table, rows))
    con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")  # noqa: S608 - table names are ours
    con.unregister("incoming")
    return len(rows)


def replace(con: duckdb.DuckDBPyConnection, table: str, key: str, rows: Sequence[Row]) -> int:
    """Insert rows, replacing those with the same `key` (a primary key): what makes runs idempotent."""
    if not rows:
        return 0
    latest = list({row[key]: row for row in rows}.values())
    con.register("incoming", _arrow(con, table, latest))
    con.execute(f"INSERT OR REPLACE INTO {table} BY NAME SELECT * FROM incoming")  # noqa: S608
    con.unregister("incoming")
    return len(latest)


def insert_new(
    con: duckdb.DuckDBPyConnection, table: str, keys: Sequence[str], rows: Sequence[Row], *, time_column: str
) -> int:
    """Append the rows whose keys are not stored yet; returns how many were new.

    The look-up is bounded by the batch's own time range, so its cost follows the batch and not the
    table: a record that is sent twice has the same time both times.
    """
    if not rows:
        return 0
    con.register("incoming", _arrow(con, table, rows))
    same = " AND ".join(f"old.{key} IS NOT DISTINCT FROM new.{key}" for key in keys)
    low, high = min(row[time_column] for row in rows), max(row[time_column] for row in rows)
    sql = f"""
        INSERT INTO {table} BY NAME
        SELECT new.* FROM (
            SELECT * FROM incoming
            QUALIFY row_number() OVER (PARTITION BY {", ".join(keys)} ORDER BY {time_column}) = 1
        ) new
        ANTI JOIN (SELECT * FROM {table} WHERE {time_column} BETWEEN ? AND ?) old ON {same}
    """  # noqa: S608 - table and column names are ours, values are bound
    before = _count(con, table)
    con.execute(sql, [low, high])
    con.unregister("incoming")
    return _count(con, table) - before


def insert_spans(con: duckdb.DuckDBPyConnection, spans: Iterable[Span]) -> int:
    """Append the spans that are not stored yet; returns how many were new."""
    return insert_new(con, "spans", ["trace_id", "span_id"], [to_row(s) for s in spans], time_column="started_at")


def fetch(con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
    """All rows of a query as dicts. Times come back aware and in UTC."""
    result = con.execute(sql, parameters if isinstance(parameters, Mapping) else list(parameters))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    return int(row[0]) if row else 0


def _arrow(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row]) -> pa.Table:
    schema = con.sql(f"SELECT * FROM {table} LIMIT 0").to_arrow_table().schema  # noqa: S608
    unknown = {name for row in rows for name in row} - set(schema.names)
    if unknown:
        raise KeyError(f"{table} has no column {', '.join(sorted(unknown))}")
    used = {name for row in rows for name in row}
    narrowed = pa.schema([_plain(f) for f in schema if f.name in used])
    return pa.Table.from_pylist([dict(row) for row in rows], schema=narrowed)


def _plain(field: pa.Field) -> pa.Field:
    """The field without extension types: JSON travels as text and DuckDB casts it."""
    kind = field.type
    return pa.field(field.name, kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind)
