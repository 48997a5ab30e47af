"""Read-only SQL for people and scripts."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import duckdb

from collectors.errors import ConfigError
from collectors.warehouse.connection import Warehouse

_CELL = 120
_WIDE = 240


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Columns and rows of a query; JSON columns are parsed, times are aware and in UTC."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def execute(warehouse: Warehouse, sql: str) -> Answer:
    """Run one statement; ConfigError with DuckDB's explanation when it is wrong, missing or would write."""
    with warehouse.read() as con:
        try:
            result: duckdb.DuckDBPyConnection | None = con.execute(sql)
            if result is None:
                raise ConfigError("SQL: there is none; write a statement such as SELECT count(*) FROM spans")
            described = result.description or []
            rows = result.fetchall() if described else []
        except duckdb.Error as error:
            raise ConfigError(f"SQL: {_explained(error)}") from error
    parsers = [_from_json if str(column[1]) == "JSON" else _same for column in described]
    return Answer(
        columns=tuple(column[0] for column in described),
        rows=tuple(tuple(parse(v) for parse, v in zip(parsers, row, strict=True)) for row in rows),
    )


def as_json(answer: Answer) -> str:
    """A JSON list of objects, one a row."""
    rows = [dict(zip(answer.columns, map(plain, row), strict=True)) for row in answer.rows]
    return json.dumps(rows, ensure_ascii=False, indent=2, allow_nan=False)


def as_csv(answer: Answer) -> str:
    """CSV with a header; NULL is an empty cell, structured values are JSON."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(answer.columns)
    for row in answer.rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def print_table(answer: Answer, *, limit: int) -> None:
    """A table on standard output; log text in it is shown as it is, never as markup."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for index, name in enumerate(answer.columns):
        numbers = all(isinstance(row[index], (int, float)) for row in answer.rows if row[index] is not None)
        table.add_column(Text(name), justify="right" if numbers and answer.rows else "left")
    for row in answer.rows[:limit]:
        table.add_row(*(Text(_shown(value)) for value in row))
    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    console.print(table)
    hidden = len(answer.rows) - limit
    more = f", {hidden:,} not shown (--limit, --json and --csv show more)" if hidden > 0 else ""
    console.print(Text(f"{len(answer.rows):,} rows{more}"), style="dim")


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line a type
    """A value as strict JSON: times ISO 8601 in UTC, bytes in hex, no NaN."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return str(value)


def _cell(value: Any) -> str:
    found = plain(value)
    if found is None:
        return ""
    if isinstance(found, bool):
        return str(found).lower()
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _shown(value: Any) -> str:
    """One line of at most 120 characters, without control characters: log text must not drive a terminal."""
    text = "".join(c if c.isprintable() else "⏎" if c == "\n" else " " for c in _cell(value)[: _CELL + 1])
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"


def _same(value: Any) -> Any:
    return value


def _from_json(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _explained(error: duckdb.Error) -> str:
    text = str(error).strip()
    if "read-only" in text:
        return f"{text.splitlines()[0]} (query reads; it cannot change the warehouse)"
    return text
