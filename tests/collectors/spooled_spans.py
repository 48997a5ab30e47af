"""Requests in a spool, and what the warehouse holds of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from collectors.home import Home
from collectors.spool import Spool
from collectors.spool_frame import SpoolRecord
from collectors.warehouse import Warehouse

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
NS = int(AT.timestamp()) * 10**9
Clock = Callable[[], datetime]


def span(number: int, **more: Any) -> dict[str, Any]:
    return {
        "traceId": f"{number + 1:032x}",
        "spanId": f"{number + 1:016x}",
        "name": "chat",
        "startTimeUnixNano": str(NS + number * 1000),
        "endTimeUnixNano": str(NS + number * 1000 + 10**9),
        **more,
    }


def body(spans: Sequence[dict[str, Any]]) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}).encode()


def spooled(home: Home, *bodies: bytes, encoding: str = "") -> None:
    spool = Spool(home.spool, max_bytes=64 << 20)
    for content in bodies:
        spool.append(
            SpoolRecord(
                signal="traces",
                content_type="application/json",
                encoding=encoding,
                received_at=AT,
                items=1,
                body=content,
            )
        ).result(timeout=10)
    spool.close()


def ids(warehouse: Warehouse) -> list[int]:
    with warehouse.read() as con:
        return [
            int(row[0], 16) - 1
            for row in con.execute("SELECT span_id FROM spans ORDER BY span_id").fetchall()
        ]


def reasons(warehouse: Warehouse) -> list[str]:
    with warehouse.read() as con:
        return [row[0] for row in con.execute("SELECT reason FROM quarantine ORDER BY reason").fetchall()]
