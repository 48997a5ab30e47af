"""Samples that only some checks want: texts, names of categories, lengths in characters.

They are read and kept when a check that is switched on asks for them, and cost nothing otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch
from monitors.sql import query
from monitors.statistics.languages import language_of
from monitors.statistics.refusals import is_refusal
from monitors.streams import (
    CHARACTER_FIELDS,
    ESTIMATED_TOKENS,
    LANGUAGE_FIELDS,
    NAME_FIELDS,
    REFUSAL,
    TOOL,
    UNITS,
    VERDICT,
    WORD_FIELDS,
    verdict_row,
)

Place = tuple[Any, ...]
# A name is a word or two; what is longer is log text that strayed into it.
LONGEST_NAME = 80
# A week of texts of a stream is in memory and in the warehouse: the words of their beginnings will do.
WORD_CHARACTERS = 2000
_PLACE = ("chain", "component", "bucket")
_VERDICT = ("judge", "against", "said", "right")
_CHARACTERS_A_TOKEN = int(ESTIMATED_TOKENS.rpartition("/")[2])


@dataclass(frozen=True, kw_only=True)
class Extra:
    """One more sample of a component in a window.

    Attributes:
        n: rows with a value in the window, sampled or not. rows: (k,) strings or numbers.
    """

    place: Place
    field: str
    basis: str
    n: int
    rows: NDArray[Any]
    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RawNames:
    """What was read for them; empty where nobody asked."""

    names: list[Row] = field(default_factory=list)
    tools: list[Row] = field(default_factory=list)
    verdicts: list[Row] = field(default_factory=list)


def read_names(con: Connection, wanted: frozenset[str], parameters: Mapping[str, Any]) -> RawNames:
    """Read what the wanted fields need; no query for what nobody wants."""
    bounds = {**parameters, "longest": LONGEST_NAME}
    return RawNames(
        names=fetch(con, query("names"), bounds) if wanted.intersection(NAME_FIELDS) else [],
        tools=fetch(con, query("tools"), bounds) if TOOL in wanted else [],
        verdicts=fetch(con, query("verdicts"), parameters) if VERDICT in wanted else [],
    )


def extras(
    wanted: frozenset[str],
    raw: RawNames,
    *,
    numbers: Mapping[Place, Sequence[Row]],
    texts: Mapping[Place, Sequence[Row]],
    counts: Mapping[Place, Row],
) -> Iterator[Extra]:
    """The samples of the wanted fields.

    numbers, texts: the rows that the other samples are made of, by place; counts: of all spans.
    """
    names = {place: {key_of(row): row for row in rows} for place, rows in grouped(raw.names).items()}
    for place, rows in numbers.items():
        yield from _of_numbers(wanted, place, rows, names.get(place, {}))
    for place, rows in texts.items():
        yield from _of_texts(wanted, place, rows, counts[place])
    for place, rows in grouped(raw.tools).items():
        yield Extra(
            place=place,
            field=TOOL,
            basis="names of tools",
            n=rows[0]["n_tool"],
            rows=_objects([row["tool"] for row in rows]),
            keys=tuple(key_of(row) for row in rows),
        )
    for place, rows in grouped(raw.verdicts).items():
        yield Extra(
            place=place,
            field=VERDICT,
            basis="verdicts",
            n=rows[0]["n_verdicts"],
            rows=_objects([verdict_row(*(row[k] for k in _VERDICT)) for row in rows]),
            keys=tuple(key_of(row) for row in rows),
        )


def _of_numbers(
    wanted: frozenset[str], place: Place, rows: Sequence[Row], names: Mapping[str, Row]
) -> Iterator[Extra]:
    """What has a row for each span that the numbers have one of."""
    keys = tuple(key_of(row) for row in rows)
    for name in NAME_FIELDS:
        if name not in wanted:
            continue
        values = [names[key][name] if key in names else None for key in keys]
        if any(v is not None for v in values):
            n = next(iter(names.values()))[f"n_{name}"]
            yield Extra(place=place, field=name, basis="names", n=n, rows=_objects(values), keys=keys)
    for name, column in CHARACTER_FIELDS.items():
        if name not in wanted:
            continue
        lengths = np.array([row[column] for row in rows], dtype=np.float64) * _CHARACTERS_A_TOKEN
        there = int(np.count_nonzero(~np.isnan(lengths)))
        if there:
            yield Extra(place=place, field=name, basis=UNITS[name], n=there, rows=lengths, keys=keys)


def _of_texts(wanted: frozenset[str], place: Place, rows: Sequence[Row], count: Row) -> Iterator[Extra]:
    """What is told from the texts that are sampled."""
    for name, side in (WORD_FIELDS | LANGUAGE_FIELDS | {REFUSAL: "output_text"}).items():
        if name not in wanted:
            continue
        said = [(key_of(row), text) for row in rows if (text := _said(row, side))]
        if not said:
            continue
        values: list[str] = [text[:WORD_CHARACTERS] for _, text in said]
        basis = "texts"
        if name in LANGUAGE_FIELDS:
            values, basis = [language_of(text) for text in values], "languages"
        elif name == REFUSAL:
            values, basis = ["refused" if is_refusal(text) else "answered" for text in values], "refusals"
        yield Extra(
            place=place,
            field=name,
            basis=basis,
            n=max(count[side], len(said)),
            rows=_objects(values),
            keys=tuple(key for key, _ in said),
        )


def _said(row: Row, side: str) -> str | None:
    """The text of one side; what a retriever says is its documents."""
    if side == "output_text" and row["documents"]:
        return "\n".join(row["documents"])
    text: str | None = row[side]
    return text if text and text.strip() else None


def _objects(values: Sequence[str | None]) -> NDArray[Any]:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def key_of(row: Row) -> str:
    """The key of a span: trace_id/span_id."""
    return f"{row['trace_id']}/{row['span_id']}"


def grouped(rows: Sequence[Row]) -> dict[Place, list[Row]]:
    """Rows by chain, component and window, in their order."""
    groups: dict[Place, list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in _PLACE), []).append(row)
    return groups
