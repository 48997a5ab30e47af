"""One side of a comparison in numbers: off the rollups where there are any, else off the spans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from collectors.model import PRODUCTION
from collectors.rollups.read import Cut, Rolled
from collectors.rollups.refresh import OTHER
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row
from dashboard.data import TimeRange, select

_FIELDS = (
    "duration_s",
    "time_to_first_token_s",
    "cost_usd",
    "input_tokens",
    "output_tokens",
    "input_characters",
    "output_characters",
    "documents",
)
# What a version is told by; what changes with each release of a part comes first.
_VERSIONS = ("component_version", "prompt_version", "index_version", "chain_version")
# Of a token, where none are sent.
_CHARACTERS = 4.0
_MIDDLE, _HIGH = 0.5, 0.95


def numbers(con: Connection, rolled: Rolled, side: Mapping[str, Any]) -> tuple[list[Row], list[Row]]:
    """Every number of one side, and about `limit` of its durations and output lengths for their shapes.

    Of a number: how many spans have it, its mean, spread, middle and 95th percentile. Off the rollups the
    shapes are evenly spaced quantiles, each within 1 %.
    """
    most: int = side["limit"]
    if not rolled.exists:
        rows = select(con, "compare_measures", side)
        spans = next((row["n"] for row in rows if row["measure"] == "error_rate"), 0)
        return rows, select(con, "compare_values", {**side, "one_in": one_in(spans, most)})
    cut = _cut(side)
    counts = rolled.counts(cut, _one)
    if None not in counts:
        return [], []
    spans, errors = counts[None].spans, counts[None].errors
    share = errors / spans
    spread = (share * (1 - share) * spans / (spans - 1)) ** 0.5 if spans > 1 else None
    rows = [_row("error_rate", spans, share, spread, float(share >= 0.5), float(share > 0.05))]
    taken = min(most, spans)
    places = [(i + 0.5) / taken for i in range(taken)]
    shapes: dict[str, list[float]] = {}
    for field, found in rolled.numbers(cut, _FIELDS, _one, quantiles=[_MIDDLE, _HIGH, *places]).items():
        if None in found:
            one = found[None]
            middle, high, *shapes[field] = one.quantiles
            rows.append(_row(field, one.n, one.mean, one.spread, middle, high))
    lengths = shapes.get("output_tokens")
    if lengths is None:
        lengths = [length / _CHARACTERS for length in shapes.get("output_characters", ())]
    return rows, [
        {"duration_s": duration, "output_tokens": length}
        for duration, length in zip_longest(shapes.get("duration_s", ()), lengths)
    ]


def one_in(spans: int, most: int) -> int:
    """Of how many spans one is taken, for about `most` of them."""
    return max(1, spans // most)


def choices(con: Connection, rolled: Rolled, chain: str, component: str, span: TimeRange) -> list[Row]:
    """What one component can be split by: versions, models and data sets, with their spans in the range.

    Evaluation sets count whenever they were run. A version is the value of a version marker that differs
    within the range; those of one marker stand together, the newest first.
    """
    if rolled.exists:
        rows = _rolled_choices(con, rolled, chain, component, span)
    else:
        rows = select(con, "compare_sides", {"chain": chain, "component": component, **span.parameters})
    values = Counter(row["marker"] for row in rows)
    found: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=_place):
        if row["way"] != "version" or values[row["marker"]] > 1:
            # One name may be that of a component and of its chain.
            found.setdefault(
                (row["way"], row["name"]), {k: row[k] for k in ("way", "name", "spans", "last_at")}
            )
    return [row for row in found.values() if row["name"] != OTHER]


def _rolled_choices(
    con: Connection, rolled: Rolled, chain: str, component: str, span: TimeRange
) -> list[Row]:
    """The same rows as compare_sides.sql, off the rollups."""
    cut = Cut(
        chain=chain,
        component=component,
        start=span.start,
        end=span.end,
        origin=span.start,
        step_s=(span.end - span.start).total_seconds(),
    )
    markers = (*_VERSIONS, "model")
    by_name: dict[tuple[str, str], Row] = {}
    for told, one in rolled.counts(cut, lambda row: tuple(row[marker] for marker in markers)).items():
        for marker, name in (*zip(markers, told, strict=True), ("dataset", PRODUCTION)):
            if name is None:
                continue
            way = "version" if marker in _VERSIONS else marker
            known = by_name.setdefault(
                (marker, name),
                {"way": way, "marker": marker, "name": name, "spans": 0, "last_at": one.last_at},
            )
            known["spans"] += one.spans
            known["last_at"] = max(known["last_at"], one.last_at)
    sets = select(con, "compare_sets", {"chain": chain, "component": component})
    return [*by_name.values(), *({**row, "marker": "dataset"} for row in sets)]


def _place(row: Row) -> tuple[str, int, float, str]:
    marker = row["marker"]
    place = _VERSIONS.index(marker) if marker in _VERSIONS else 0
    return row["way"], place, -row["last_at"].timestamp(), row["name"]


def _row(measure: str, n: int, mean: float, spread: float | None, p50: float, p95: float) -> Row:
    return {"measure": measure, "n": n, "mean": mean, "spread": spread, "p50": p50, "p95": p95}


def _cut(side: Mapping[str, Any]) -> Cut:
    """One side in one piece."""
    return Cut(
        chain=side["chain"],
        component=side["component"],
        start=side["start"],
        end=side["end"],
        origin=side["start"],
        step_s=(side["end"] - side["start"]).total_seconds(),
        dataset=side["dataset"],
        marker=side["version"],
        model=side["model"],
        environment=side["environment"],
    )


def _one(row: Row) -> None:
    return None
