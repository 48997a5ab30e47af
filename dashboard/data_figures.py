"""Requests, errors, latency, tokens and cost over time: off the rollups if there are any, else off the spans.

Steps of whole hours are read off the rollups, whose quantiles are within 1 %. Shorter steps belong to short
ranges, which are read off the spans, as is everything before the first hour is rolled up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from collectors.rollups.read import QUANTILES, Counts, Cut, Number, Rolled
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row
from dashboard.data import EVERY, Only, TimeRange, select

_HOUR_S = 3600
# What a figure is called: its field, and which of QUANTILES.
_FIGURES: Mapping[str, tuple[str, float]] = {
    "p50_s": ("duration_s", 0.5),
    "p95_s": ("duration_s", 0.95),
    "p99_s": ("duration_s", 0.99),
    "ttft_p50_s": ("time_to_first_token_s", 0.5),
    "ttft_p95_s": ("time_to_first_token_s", 0.95),
    "input_tokens_p50": ("input_tokens", 0.5),
    "input_tokens_p95": ("input_tokens", 0.95),
    "output_tokens_p50": ("output_tokens", 0.5),
    "output_tokens_p95": ("output_tokens", 0.95),
}
_LATENCY = ("duration_s", "cost_usd")
_MOST_VERSIONS = 30
_EVERY = ("duration_s", "time_to_first_token_s", "cost_usd", "input_tokens", "output_tokens")
# Between the markers of a version, as versions.sql writes it.
BETWEEN = " · "


@dataclass(frozen=True, kw_only=True)
class Said:
    """What some spans say of themselves. markers: chain, component, prompt, index version and model."""

    component: str
    environment: str | None
    markers: tuple[str | None, ...]

    @property
    def own_version(self) -> str | None:
        """The component's version, else the chain's: what estimates and comparisons call a version."""
        chain, component = self.markers[:2]
        return chain if component is None else component


def component_series(
    con: Connection, rolled: Rolled, chain: str, component: str | None, span: TimeRange, only: Only = EVERY
) -> list[Row]:
    """Figures per component and time bucket. A bucket without spans has no row: a gap, not a zero.

    component: None for each of the chain, with durations and costs only.
    """
    scope = {"chain": chain, "component": component, **span.parameters, **only.parameters}
    if span.bucket_s % _HOUR_S or not rolled.exists:
        return select(con, "component_series", scope)
    cut = replace(_whole(chain, component, span, only), step_s=span.bucket_s)
    fields = _LATENCY if component is None else _EVERY
    counts = rolled.counts(cut, _place)
    numbers = rolled.numbers(cut, fields, _place)
    step = timedelta(seconds=span.bucket_s)
    return [
        {
            "component": name,
            "bucket": span.start + place * step,
            **_row(counts[name, place], numbers, (name, place)),
        }
        for name, place in sorted(counts)
    ]


def component_course(
    con: Connection, rolled: Rolled, chain: str, component: str, span: TimeRange, only: Only = EVERY
) -> tuple[list[Row], list[Row], Row | None]:
    """One component: per bucket of the range, per bucket of the one before, and of the range as a whole."""
    previous = span.parameters["previous_start"]
    if span.bucket_s % _HOUR_S or not rolled.exists:
        earlier = replace(span, start=previous, end=span.start)
        series, before = (component_series(con, rolled, chain, component, s, only) for s in (span, earlier))
        totals = component_totals(con, rolled, chain, component, span, only)
        return series, before, next((row for row in totals if row["is_current"]), None)
    cut = replace(_whole(chain, component, span, only), start=previous, step_s=span.bucket_s)
    counts = rolled.counts(cut, _bucket)
    numbers, whole = rolled.numbers_by(cut, _EVERY, _bucket, _is_current)
    step = timedelta(seconds=span.bucket_s)
    rows = [
        {"bucket": span.start + place * step, **_row(counts[place], numbers, place)}
        for place in sorted(counts)
    ]
    series = [row for row in rows if row["bucket"] >= span.start]
    if not series:
        return series, rows, None
    total = _row(counts[max(counts)], whole, True)
    total |= {name: sum(row[name] for row in series) for name in ("requests", "errors")}
    return series, [row for row in rows if row["bucket"] < span.start], total


def component_totals(
    con: Connection, rolled: Rolled, chain: str, component: str | None, span: TimeRange, only: Only = EVERY
) -> list[Row]:
    """Figures per component: the range, and the equally long one before it. component: None for each."""
    scope = {"chain": chain, "component": component, **span.parameters, **only.parameters}
    if not rolled.exists:
        return select(con, "component_totals", scope)
    cut = replace(_whole(chain, component, span, only), start=scope["previous_start"])
    counts = rolled.counts(cut, _place)
    numbers = rolled.numbers(cut, _LATENCY if component is None else _EVERY, _place)
    return [
        {"component": name, "is_current": place >= 0, **_row(counts[name, place], numbers, (name, place))}
        for name, place in sorted(counts)
    ]


def hourly(con: Connection, rolled: Rolled, chain: str, start: datetime, hours: int, only: Only) -> list[Row]:
    """Requests and costs per component and whole hour; an hour without spans has no row."""
    step = timedelta(hours=1)
    span = TimeRange(start=start, end=start + hours * step, bucket_s=_HOUR_S)
    if not rolled.exists:
        return select(
            con,
            "component_series",
            {"chain": chain, "component": None, **span.parameters, **only.parameters},
        )
    cut = replace(_whole(chain, None, span, only), step_s=_HOUR_S)
    cost = rolled.numbers(cut, ("cost_usd",), _place, quantiles=())["cost_usd"]
    return [
        {
            "component": place[0],
            "bucket": start + place[1] * step,
            "requests": one.spans,
            "cost_usd": cost[place].total if place in cost else None,
        }
        for place, one in rolled.counts(cut, _place).items()
    ]


def duration_quantiles(
    con: Connection,
    rolled: Rolled,
    chain: str,
    component: str,
    span: TimeRange,
    only: Only,
    levels: Sequence[float],
) -> tuple[list[float], list[float]]:
    """Durations of one component at some levels, in the equally long range before and in the range.

    None of a range in which no span has a duration.
    """
    scope = {"chain": chain, "component": component, **span.parameters, **only.parameters}
    if not rolled.exists:
        rows = select(con, "duration_quantiles", {**scope, "levels": list(levels)})
        found = {row["is_current"]: list(row["found"] or ()) for row in rows}
        return found.get(False, []), found.get(True, [])
    cut = replace(_whole(chain, component, span, only), start=scope["previous_start"])
    numbers = rolled.numbers(cut, ("duration_s",), lambda row: row["place"], quantiles=levels)["duration_s"]
    before, now = (list(numbers[place].quantiles) if place in numbers else [] for place in (-1, 0))
    return before, now


def versions(
    con: Connection, rolled: Rolled, chain: str, component: str, span: TimeRange, only: Only = EVERY
) -> list[Row]:
    """The versions of one component side by side, the newest first. A version is all its markers together."""
    scope = {"chain": chain, "component": component, **span.parameters, **only.parameters}
    if not rolled.exists:
        return select(con, "versions", scope)
    cut = _whole(chain, component, span, only)
    counts = rolled.counts(cut, version_text)
    numbers = rolled.numbers(cut, ("duration_s", "cost_usd", "output_tokens"), version_text)
    newest = sorted(counts, key=lambda version: (counts[version].first_at, version), reverse=True)
    rows = []
    for version in newest[:_MOST_VERSIONS]:
        tokens = numbers["output_tokens"].get(version)
        rows.append(
            {
                "version": version,
                "first_at": counts[version].first_at,
                "last_at": counts[version].last_at,
                **_row(counts[version], numbers, version),
                "output_tokens": tokens.mean if tokens else None,
            }
        )
    return rows


def told(con: Connection, rolled: Rolled, chain: str, span: TimeRange) -> set[Said]:
    """What spans of the range say of themselves, each set once."""
    if not rolled.exists:
        return {_said(row) for row in select(con, "markers", {"chain": chain, **span.parameters})}
    return set(rolled.counts(_whole(chain, None, span), _said))


def _whole(chain: str, component: str | None, span: TimeRange, only: Only = EVERY) -> Cut:
    """The range in one piece."""
    length_s = (span.end - span.start).total_seconds()
    return Cut(
        chain=chain,
        component=component,
        start=span.start,
        end=span.end,
        origin=span.start,
        step_s=length_s,
        environment=only.environment,
        marker=only.version,
    )


def _place(row: Row) -> tuple[str, int]:
    return row["component"], row["place"]


def _bucket(row: Row) -> int:
    place: int = row["place"]
    return place


def _is_current(row: Row) -> bool:
    """Whether it is of the range, and not of the one before it."""
    return _bucket(row) >= 0


def _markers(row: Row) -> tuple[str | None, ...]:
    return (
        row["chain_version"],
        row["component_version"],
        row["prompt_version"],
        row["index_version"],
        row["model"],
    )


def _said(row: Row) -> Said:
    return Said(component=row["component"], environment=row["environment"], markers=_markers(row))


def version_text(row: Row) -> str:
    """All markers of a version in one line, as versions.sql writes it."""
    chain, component, prompt, index, model = _markers(row)
    said = (chain, component, prompt and f"prompt {prompt}", index and f"index {index}", model)
    return BETWEEN.join(part for part in said if part is not None)


def _row(counts: Counts, numbers: Mapping[str, Mapping[Any, Number]], group: Any) -> Row:
    row: Row = {"requests": counts.spans, "errors": counts.errors}
    for name, (field, q) in _FIGURES.items():
        one = numbers[field].get(group) if field in numbers else None
        row[name] = one.quantiles[QUANTILES.index(q)] if one else None
    cost = numbers["cost_usd"].get(group)
    return {**row, "cost_usd": cost.total if cost else None}
