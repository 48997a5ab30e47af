"""Typed writes and plain reads. Every insert goes through Arrow in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from importlib import resources
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from collectors.merging import merge_parts
from collectors.model import Span, utc
from collectors.tables import json_text, span_table

Row = dict[str, Any]
_INSERT_SPANS = (resources.files("collectors.warehouse") / "insert_spans.sql").read_text("utf-8")


def to_row(record: Any) -> Row:
    """A frozen record as a row: nested records become dicts, mappings become JSON."""
    if not is_dataclass(record) or isinstance(record, type):
        raise TypeError(f"not a record: {record!r}")
    return {f.name: _cell(getattr(record, f.name)) for f in fields(record)}


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, Mapping):
        return json_text(value) if value else None
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
    first: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        if key not in first or row[time_column] < first[key][time_column]:
            first[key] = row
    unique = list(first.values())
    times = [row[time_column] for row in unique]
    bounds = min(times), max(times)
    return _append_new(con, table, keys, _arrow(con, table, unique), time_column=time_column, bounds=bounds)


def insert_missing(con: duckdb.DuckDBPyConnection, table: str, key: str, rows: Sequence[Row]) -> int:
    """Append the rows whose `key` (a primary key) is not stored yet, without touching those that are."""
    if not rows:
        return 0
    con.register("incoming", _arrow(con, table, list({row[key]: row for row in rows}.values())))
    new = _changed(con.execute(f"INSERT OR IGNORE INTO {table} BY NAME SELECT * FROM incoming"))  # noqa: S608
    con.unregister("incoming")
    return new


def insert_spans(
    con: duckdb.DuckDBPyConnection, spans: Iterable[Span], *, ingested_at: datetime | None = None
) -> int:
    """Append the spans that are not stored yet; returns how many were new.

    `ingested_at` is for spans that have none yet.
    """
    return insert_span_table(con, span_table(merge_parts(spans)), ingested_at=ingested_at)


def insert_span_table(
    con: duckdb.DuckDBPyConnection, spans: pa.Table, *, ingested_at: datetime | None = None
) -> int:
    """Append the rows of a table in `SPAN_SCHEMA`, keys unique in it, that are not stored yet."""
    if spans.num_rows == 0:
        return 0
    range_ = pc.min_max(spans["started_at"]).as_py()
    con.register("incoming", spans)
    new = _changed(
        con.execute(_INSERT_SPANS, {"now": ingested_at, "low": range_["min"], "high": range_["max"]})
    )
    con.unregister("incoming")
    return new


def _append_new(
    con: duckdb.DuckDBPyConnection,
    table: str,
    keys: Sequence[str],
    columns: pa.Table,
    *,
    time_column: str,
    bounds: tuple[datetime, datetime],
) -> int:
    same = " AND ".join(f"old.{key} IS NOT DISTINCT FROM new.{key}" for key in keys)
    wanted = ", ".join(keys)
    con.register("incoming", columns)
    sql = f"""
        INSERT INTO {table} BY NAME
        SELECT new.* FROM incoming new
        ANTI JOIN (SELECT {wanted} FROM {table} WHERE {time_column} BETWEEN ? AND ?) old ON {same}
    """  # noqa: S608 - table and column names are ours, values are bound
    new = _changed(con.execute(sql, list(bounds)))
    con.unregister("incoming")
    return new


def fetch(
    con: duckdb.DuckDBPyConnection, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
) -> list[Row]:
    """All rows of a query as dicts. Times come back aware and in UTC."""
    result = con.execute(sql, parameters if isinstance(parameters, Mapping) else list(parameters))
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _changed(result: duckdb.DuckDBPyConnection) -> int:
    rows = result.fetchall()
    return int(rows[0][0]) if rows else 0


def _arrow(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row]) -> pa.Table:
    schema = _schema(con, table)
    used = {name for row in rows for name in row}
    unknown = used - set(schema.names)
    if unknown:
        raise KeyError(f"{table} has no column {', '.join(sorted(unknown))}")
    return pa.Table.from_pylist(
        [dict(row) for row in rows], schema=pa.schema([f for f in schema if f.name in used])
    )


def _schema(con: duckdb.DuckDBPyConnection, table: str) -> pa.Schema:
    described = con.sql(f"SELECT * FROM {table} LIMIT 0").to_arrow_table().schema  # noqa: S608
    return pa.schema([_plain(column) for column in described])


def _plain(field: pa.Field) -> pa.Field:
    """The field without extension types: JSON travels as text and DuckDB casts it."""
    kind = field.type
    return pa.field(field.name, kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind)
