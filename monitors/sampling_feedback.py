"""Samples of what users said and did: one row for each answer, request or session, 1 where it is a bad sign.

All are by the time when the sign was given and not by that of the answer: an answer of this morning that is
called bad now is bad news of now, and a window that is evaluated is not short of feedback still to come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np

from collectors.model import content_hash
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import Row, fetch
from monitors.judges.feedback import FeedbackConfig, ScaleConfig, Signal, is_unhappy, scale_of_values
from monitors.sampling_names import Extra, grouped, key_of
from monitors.sql import query
from monitors.statistics.refusals import is_refusal
from monitors.streams import ABANDONED, FEEDBACK_FIELDS, RETRIED, UNHAPPY


@dataclass(frozen=True, kw_only=True)
class RawFeedback:
    """What was read, rows with `value` and `n_rows`; empty where nobody asked."""

    unhappy: list[Row] = field(default_factory=list)
    retried: list[Row] = field(default_factory=list)
    abandoned: list[Row] = field(default_factory=list)


def read_feedback(
    con: Connection, wanted: frozenset[str], parameters: Mapping[str, Any], config: FeedbackConfig
) -> RawFeedback:
    """Read the wanted signals of a stretch of time; no query for what nobody wants.

    parameters: start, end, dataset, length_us (of a window), seed and cap (rows of a window, at most).
    """
    if not wanted.intersection(FEEDBACK_FIELDS):
        return RawFeedback()
    bounds = {name: parameters[name] for name in ("start", "end", "dataset", "length_us", "seed", "cap")}
    retries = {"within": config.retry_within, "likeness": config.retry_likeness}
    sessions = {"idle": config.idle, "slow_s": config.slow.total_seconds()}
    return RawFeedback(
        unhappy=_unhappy(con, bounds, config) if UNHAPPY in wanted else [],
        retried=fetch(con, query("retries"), bounds | retries) if RETRIED in wanted else [],
        abandoned=_abandoned(fetch(con, query("abandoned"), bounds | sessions))
        if ABANDONED in wanted
        else [],
    )


def feedback_extras(raw: RawFeedback, config: FeedbackConfig) -> Iterator[Extra]:
    """The samples. What they rest on is their basis: another likeness or scale begins another series."""
    bases = {
        UNHAPPY: f"signals{_chosen(config)}",
        RETRIED: f"within {config.retry_within.total_seconds():g} s, {config.retry_likeness:g} alike",
        ABANDONED: f"idle {config.idle.total_seconds():g} s, slow {config.slow.total_seconds():g} s",
    }
    for name, rows in ((UNHAPPY, raw.unhappy), (RETRIED, raw.retried), (ABANDONED, raw.abandoned)):
        for place, mine in grouped(rows).items():
            yield Extra(
                place=place,
                field=name,
                basis=bases[name],
                n=mine[0]["n_rows"],
                rows=np.array([row["value"] for row in mine], dtype=np.float64),
                keys=tuple(key_of(row) for row in mine),
            )


def _unhappy(con: Connection, bounds: Mapping[str, Any], config: FeedbackConfig) -> list[Row]:
    """One row for each answer of which a user said something that can be read."""
    stretch = {"start": bounds["start"], "end": bounds["end"]}
    ends = fetch(con, query("feedback_scales"), stretch)
    if not ends:
        return []
    scales = scales_by_name(ends, config)
    place = {name: bounds[name] for name in ("dataset", "length_us")}
    said = fetch(con, query("feedback"), stretch | place | {"reach": config.reach})
    said = [row for row in said if config.counts(row["name"])]
    found: dict[tuple[Any, ...], list[Row]] = {}
    for about, mine in groupby(said, key=lambda r: (r["chain"], r["component"], r["bucket"], key_of(r))):
        rows = list(mine)
        unhappy = is_unhappy(signals_of(rows), scales)
        if unhappy is not None:
            ids = {name: rows[0][name] for name in ("trace_id", "span_id", "chain", "component", "bucket")}
            found.setdefault(about[:3], []).append(ids | {"value": float(unhappy)})
    return [
        row | {"n_rows": len(rows)}
        for rows in found.values()
        for row in sorted(rows, key=lambda r: _lot(bounds["seed"], r["trace_id"]))[: bounds["cap"]]
    ]


def scales_by_name(ends: Sequence[Row], config: FeedbackConfig) -> dict[str, ScaleConfig]:
    """The scale of each kind of feedback: as configured, else as its values have it."""
    told = {
        row["name"]: scale
        for row in ends
        if row["low"] is not None and (scale := scale_of_values(row["low"], row["high"])) is not None
    }
    return {**told, **config.scales}


def signals_of(rows: Sequence[Row]) -> list[Signal]:
    """Rows of the table `feedback` as signals."""
    names = ("name", "score", "label", "user_id", "created_at")
    return [Signal(**{name: row[name] for name in names}) for row in rows]


def _chosen(config: FeedbackConfig) -> str:
    """A mark of what people set of how signals are read; nothing where they set nothing."""
    if not config.names and not config.scales:
        return ""
    scales = sorted((name, scale.worst, scale.best) for name, scale in config.scales.items())
    return f" {content_hash(repr(sorted(config.names)), repr(scales))[:8]}"


def _abandoned(rows: Sequence[Row]) -> list[Row]:
    """Whether a session's last answer failed, was a refusal, or was slow."""
    return [
        row | {"value": float(row["failed"] or row["slow"] or _refused(row["output_text"]))} for row in rows
    ]


def _refused(text: str | None) -> bool:
    return text is not None and is_refusal(text)


def _lot(seed: int, trace_id: str) -> str:
    return hashlib.md5(f"{seed}{trace_id}".encode(), usedforsecurity=False).hexdigest()
