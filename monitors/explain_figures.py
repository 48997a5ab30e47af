"""Why numbers or names have changed: figures, failures, and what accounts for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collectors.warehouse.connection import Warehouse
from collectors.warehouse.store import fetch
from monitors.checks.base import WindowSample
from monitors.explain_causes import account, candidates
from monitors.explain_read import Said, read_spans, texts_of
from monitors.explain_texts import thin
from monitors.features_numbers import shape_features
from monitors.sql import query
from monitors.streams import FEEDBACK_FIELDS, Stream
from monitors.summaries import Sample

Floats = NDArray[np.float64]
_EXAMPLES = 10
_EXAMPLE_CHARACTERS = 2000
_READ = 400
_MOST_NAMES = 20
# Users speak of answers of earlier windows.
_SAID_LATER = timedelta(days=7)
# What a field says itself accounts for nothing.
_SAME: Mapping[str, str] = {
    "model": "model",
    "provider": "provider",
    "prompt_version": "prompt version",
    "input_tokens": "length of the input",
    "input_characters": "length of the input",
}


def explain_figures(
    warehouse: Warehouse,
    stream: Stream,
    evidence: Mapping[str, Any],
    *,
    current: Sequence[WindowSample],
    reference: Sequence[Sample],
    seed: int,
) -> dict[str, Any]:
    """Evidence of a breach on numbers or names; empty where no window has rows."""
    now = [w for w in current if len(w.rows)]
    before = [w for s in reference if len((w := s.as_window_sample()).rows)]
    if not now:
        return {}
    found: dict[str, Any] = {}
    if not stream.has_objects:
        found |= {"current": _figures(_numbers(now), stream.field)}
        found |= {"reference": _figures(_numbers(before), stream.field)}
    if before and stream.data != "text":
        found["explains"] = _accounted(warehouse, stream, now, before, seed)
    if stream.field == "status":
        return found | _failures(warehouse, stream, current)
    return found | _with_texts(warehouse, stream, evidence, current)


def _accounted(
    warehouse: Warehouse,
    stream: Stream,
    now: Sequence[WindowSample],
    before: Sequence[WindowSample],
    seed: int,
) -> list[dict[str, Any]]:
    values, told = [], []
    for side in (now, before):
        rows = np.concatenate([s.rows[:, 0] for s in side])
        keys = [key for s in side for key in s.keys]
        chosen = thin(len(keys), _READ)
        said = read_spans(
            warehouse,
            stream,
            [keys[i] for i in chosen],
            _since(stream, side),
            side[-1].window.end,
            side="input_text",
            max_characters=0,
        )
        there = [int(i) for i in chosen if keys[i] in said]
        values.append(rows[there])
        told.append([said[keys[i]] for i in there])
    if min(len(t) for t in told) < 2:
        return []
    tried = candidates(told[0], told[1], languages=False, length="length of the input")
    same = _SAME.get(stream.field)
    features = _features(stream, values)
    return account(features[0], features[1], [c for c in tried if c.name != same], seed=seed)


def _features(stream: Stream, values: Sequence[NDArray[Any]]) -> list[Floats]:
    """What of the values is compared: of numbers their ranks in the reference, of names their shares."""
    if stream.has_objects:
        names, counts = np.unique(np.concatenate(values).astype(str), return_counts=True)
        kept = names[np.argsort(-counts, kind="stable")[:_MOST_NAMES]]
        return [(v.astype(str)[:, None] == kept[None, :]).astype(np.float64) for v in values]
    if _is_share(stream.field):
        return [v.astype(np.float64)[:, None] for v in values]
    features = shape_features(values[1].astype(np.float64))
    return [features.of(v.astype(np.float64)) for v in values]


def _failures(warehouse: Warehouse, stream: Stream, current: Sequence[WindowSample]) -> dict[str, Any]:
    place: dict[str, Any] = {
        "start": current[0].window.start,
        "end": current[-1].window.end,
        "chain": stream.chain,
        "component": stream.component,
    }
    bounds = place | {"most": _EXAMPLES, "max_characters": _EXAMPLE_CHARACTERS}
    with warehouse.read() as con:
        failed = fetch(con, query("failed_spans"), bounds)
        kinds = fetch(con, query("error_types"), place)
    return {
        "examples": [_failure(row) for row in failed],
        "errors": {row["error_type"]: row["spans"] for row in kinds},
    }


def _failure(row: Mapping[str, Any]) -> dict[str, Any]:
    why = f"failed: {row['error_type'] or 'no error type was sent'}"
    ids = {"trace_id": row["trace_id"], "span_id": row["span_id"]}
    return {**ids, "text": row["text"] or "", "why": why, "score": None}


def _with_texts(
    warehouse: Warehouse, stream: Stream, evidence: Mapping[str, Any], current: Sequence[WindowSample]
) -> dict[str, Any]:
    """The check's own examples with their texts."""
    examples = [dict(e) for e in evidence.get("examples", ())]
    keys = [f"{e['trace_id']}/{e['span_id']}" for e in examples]
    said: dict[str, Said] = read_spans(
        warehouse,
        stream,
        keys,
        _since(stream, current),
        current[-1].window.end,
        side="input_text" if stream.field.startswith("input") else "output_text",
        max_characters=_EXAMPLE_CHARACTERS,
    )
    texts = texts_of(said)
    return {"examples": [{**e, "text": texts.get(k, "")} for e, k in zip(examples, keys, strict=True)]}


def _since(stream: Stream, samples: Sequence[WindowSample]) -> datetime:
    """How far back the spans of these samples lie."""
    start = samples[0].window.start
    return start - _SAID_LATER if stream.field in FEEDBACK_FIELDS else start


def _is_share(field: str) -> bool:
    """Whether its numbers are zeros and ones."""
    return field == "status" or field in FEEDBACK_FIELDS


def _numbers(samples: Sequence[WindowSample]) -> Floats:
    rows = [s.rows[:, 0] for s in samples]
    return np.concatenate(rows).astype(np.float64) if rows else np.zeros(0)


def _figures(values: Floats, field: str) -> dict[str, float]:
    """What people ask for first: counts, the mean, and for what has a tail its quantiles."""
    if not len(values):
        return {}
    figures = {"rows": float(len(values)), "mean": float(values.mean())}
    if _is_share(field):
        of = " of errors" if field == "status" else ""
        return {"rows": figures["rows"], f"share{of}": figures["mean"]}
    quantiles = np.quantile(values, [0.5, 0.95, 0.99])
    return figures | dict(zip(("p50", "p95", "p99"), map(float, quantiles), strict=True))
