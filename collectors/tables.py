"""Spans as one Arrow table, column by column, in the shape of the warehouse's table `spans`.

Made where records are decoded, in a process of its own if need be: what is left for the one that holds the
warehouse is a single insert.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import pyarrow as pa

from collectors.columns import DEFAULTS, OBJECTS, SPAN_COLUMNS, SpanColumns
from collectors.model import Document, Span

_TIME = pa.timestamp("us", tz="UTC")
_DOCUMENTS = pa.list_(
    pa.struct([("id", pa.string()), ("score", pa.float64()), ("text", pa.string()), ("relevant", pa.bool_())])
)
_TYPES: Mapping[str, pa.DataType] = {
    **dict.fromkeys(("started_at", "ended_at", "ingested_at"), _TIME),
    **dict.fromkeys(("duration_s", "time_to_first_token_s", "cost_usd"), pa.float64()),
    **dict.fromkeys(("input_tokens", "output_tokens", "cached_tokens"), pa.int64()),
    "documents": _DOCUMENTS,
}
SPAN_SCHEMA = pa.schema([(name, _TYPES.get(name, pa.string())) for name in SPAN_COLUMNS])
_encode = msgspec.json.Encoder().encode


def span_table(spans: Sequence[Span]) -> pa.Table:
    """The spans in `SPAN_SCHEMA`, in their order; an Arrow error when a value does not fit its column."""
    return column_table(SpanColumns.of(spans))


def column_table(columns: SpanColumns) -> pa.Table:
    """The rows in `SPAN_SCHEMA`; an Arrow error when a value does not fit its column."""
    if not columns.rows:
        return SPAN_SCHEMA.empty_table()
    arrays = [
        _column(name, columns.values.get(name), kind, columns.rows)
        for name, kind in zip(SPAN_COLUMNS, SPAN_SCHEMA.types, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=SPAN_SCHEMA)


def table_columns(table: pa.Table) -> SpanColumns:
    """The rows of a table in `SPAN_SCHEMA` as columns: the way back from `column_table`."""
    values: dict[str, Sequence[Any]] = {}
    for name in SPAN_COLUMNS:
        column = table[name]
        if column.null_count == table.num_rows:
            continue
        said = column.to_pylist()
        if name in OBJECTS:
            known = {text: {} if text is None else json.loads(text) for text in set(said)}
            said = [known[text] for text in said]
        elif name == "documents":
            said = [tuple(Document(**document) for document in each) for each in said]
        values[name] = said
    return SpanColumns(rows=table.num_rows, values=values)


def _column(name: str, values: Sequence[Any] | None, kind: pa.DataType, rows: int) -> pa.Array:
    if values is None:
        default = DEFAULTS[name]
        if name == "documents":
            return pa.array([()] * rows, type=kind)
        return pa.nulls(rows, kind) if not default else pa.repeat(pa.scalar(default, kind), rows)
    if name in OBJECTS:
        return pa.array(_json_texts(values), type=kind)
    if name == "documents":
        return pa.array([[_document(d) for d in value] if value else () for value in values], type=kind)
    return pa.array(values, type=kind)


def _json_texts(values: Sequence[Any]) -> list[str | None]:
    """The JSON text of each; rows may share one object."""
    keys = list(map(id, values))
    known = {
        key: json_text(value) if value else None
        for key, value in dict(zip(keys, values, strict=True)).items()
    }
    return [known[key] for key in keys]


def _document(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "score": document.score,
        "text": document.text,
        "relevant": document.relevant,
    }


def json_text(value: Any) -> str:
    """JSON text of a value that sources have made plain; what is not becomes its `str`."""
    try:
        return _encode(value).decode()
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        # Whole numbers beyond 64 bits, and records that never went through a source.
        return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
