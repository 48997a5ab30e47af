"""Protobuf requests and Parquet files that are still such files, with values in them that nobody sends."""

from __future__ import annotations

import io
from collections.abc import Iterator
from random import Random
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from benchmarks._mutations import LARGE, mutated

_NUMBERS = (0, 1, -1, 2**31 - 1, 2**63 - 1, 2**64 - 1, 1_772_359_200_000_000_000)
_TEXTS = ("", "\x00", "NaN", "\u202ex", "x" * 5_000, "[" * 500, '{"a": 1}', "chainwatch.kind")
_DOUBLES = (float("nan"), float("inf"), -0.0, 1e308)
_BYTES = (b"", b"\x00" * 16, b"\x01", b"\xff" * 64)
_CELLS: tuple[Any, ...] = (
    None, "", "\x00", "x" * 5_000, -1, 2**63 - 1, float("nan"), float("inf"), True, [], [None],
    {"a": [1]}, b"\xff",
)  # fmt: skip


def mutated_protobuf(content: bytes, random: Random) -> bytes:
    """The request with some fields set to odd values; as bytes when it is no request."""
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(content)
        if not request.ListFields():
            raise DecodeError("no traces")
    except DecodeError:
        request = ExportLogsServiceRequest()
        try:
            request.ParseFromString(content)
        except DecodeError:
            return mutated(content, random)
    for _ in range(random.choice((1, 1, 2, 8))):
        _change(random.choice(list(_messages(request))), random)
    return bytes(request.SerializeToString())


def _messages(message: Any) -> Iterator[Any]:
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in value if field.is_repeated else [value]:
                yield from _messages(inner)


def _change(message: Any, random: Random) -> None:
    field = random.choice(list(message.DESCRIPTOR.fields))
    if isinstance(message, AnyValue) and random.random() < 0.2:
        try:
            for _ in range(random.choice((3, 30, 60))):
                message.CopyFrom(AnyValue(array_value={"values": [message]}))
        except DecodeError:
            return  # as deep as the library goes
    elif random.random() < 0.2:
        message.ClearField(field.name)
    elif field.is_repeated:
        holder = getattr(message, field.name)
        if len(holder) and field.message_type is not None:
            holder.add().CopyFrom(random.choice(list(holder)))
    elif field.message_type is not None:
        getattr(message, field.name).SetInParent()
    else:
        _set(message, field, random)


def _set(message: Any, field: Any, random: Random) -> None:
    values: dict[int, tuple[Any, ...]] = {
        field.CPPTYPE_STRING: _BYTES if field.type == field.TYPE_BYTES else _TEXTS,
        field.CPPTYPE_DOUBLE: _DOUBLES,
        field.CPPTYPE_BOOL: (True, False),
    }
    value = random.choice(values.get(field.cpp_type, _NUMBERS))
    if value == "NaN" and random.random() < 0.05:
        value = "é" * LARGE
    try:
        setattr(message, field.name, value)
    except (ValueError, TypeError):
        message.ClearField(field.name)  # the number is too large for this field


def mutated_parquet(content: bytes, random: Random) -> bytes:
    """The table with some cells and columns changed; as bytes when its values cannot stand in one table."""
    import pyarrow as pa
    from pyarrow import parquet

    rows = parquet.read_table(io.BytesIO(content)).to_pylist()
    for _ in range(random.choice((1, 2, 5))):
        column, value = random.choice(list(rows[0])), random.choice(_CELLS)
        for row in rows if random.random() < 0.7 else rows[:1]:
            row[column] = value
        if random.random() < 0.1:
            rows = [{("é" if key == column else key): cell for key, cell in row.items()} for row in rows]
    out = io.BytesIO()
    try:
        parquet.write_table(pa.Table.from_pylist(rows), out)
    except (pa.ArrowException, TypeError, OverflowError):
        return mutated(content, random)
    return out.getvalue()
