"""What an explanation reads of the warehouse: texts of some spans, and what these spans say of themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import fetch
from monitors.sql import query
from monitors.streams import Stream

# What a span may say of itself, in the words of people.
FACTS: Mapping[str, str] = {
    "source": "source",
    "provider": "provider",
    "model": "model",
    "prompt_version": "prompt version",
    "component_version": "component version",
    "chain_version": "chain version",
    "index_version": "index version",
    "user_id": "user",
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """One span: one of its texts (cut), that text's length, and its facts by column; None is not told."""

    text: str | None
    characters: int | None
    facts: Mapping[str, str | None]


def read_spans(
    warehouse: Warehouse,
    stream: Stream,
    keys: Sequence[str],
    start: datetime,
    end: datetime,
    *,
    side: str,
    max_characters: int,
) -> dict[str, Said]:
    """The spans with these keys, which started in [start, end); those that are gone are missing.

    The warehouse is open for this one query: whoever explains computes for seconds, and others want to write.
    side: `input_text` or `output_text`.
    """
    if not keys:
        return {}
    bounds = {
        "field": side,
        "chain": stream.chain,
        "component": stream.component,
        "start": start,
        "end": end,
        "keys": sorted(set(keys)),
        "max_characters": max_characters,
    }
    with warehouse.read() as con:
        rows = fetch(con, query("texts_of"), bounds)
    return {
        row["key"]: Said(
            text=row["text"] or None,
            characters=row["characters"],
            facts={name: row[name] for name in FACTS},
        )
        for row in rows
    }


def texts_of(said: Mapping[str, Said]) -> dict[str, str]:
    """The texts that there are, by key."""
    return {key: span.text for key, span in said.items() if span.text}


def ids(key: str) -> dict[str, str]:
    """The ids in a row's key.

    >>> ids("a1/b2")
    {'trace_id': 'a1', 'span_id': 'b2'}
    """
    trace_id, _, span_id = key.rpartition("/")
    return {"trace_id": trace_id, "span_id": span_id}
