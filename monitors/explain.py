"""Why a monitor is in breach: the texts, words, figures, errors and versions that tell the difference.

Explaining reads texts, so it is done for breaches only: when one begins, and every few windows while it
lasts; the windows between carry the explanation of before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from collectors.model import Deploy
from collectors.warehouse.connection import Connection
from collectors.warehouse.store import fetch
from monitors.checks.base import WindowSample
from monitors.explain_terms import contrast, count_words
from monitors.explain_texts import rank, thinned
from monitors.plan import Monitor
from monitors.result import Result
from monitors.sql import query
from monitors.summaries import Sample

EXPLAINED = ("examples", "terms", "errors", "versions", "explained_at")
AGAIN_AFTER = 6
_EXAMPLES = 10
_EXAMPLE_CHARACTERS = 2000
_TERM_TEXTS = 400
_VERSIONS_WITHIN = timedelta(days=2)


def explain(
    con: Connection,
    result: Result,
    monitor: Monitor,
    *,
    current: Sequence[WindowSample],
    reference: Sequence[Sample],
    deploys: Sequence[Deploy],
) -> Result:
    """The result with what explains it in its evidence; what the check itself said is kept.

    current: the windows that the check took together, oldest first; reference: what it learnt from.
    """
    if monitor.stream.data == "embedding":
        found = _of_texts(con, monitor, current, reference)
    elif monitor.stream.has_objects:
        found = _of_names(con, result, monitor, current)
    else:
        found = _of_numbers(con, result, monitor, current, reference)
    versions = _versions(monitor, deploys, result.window.end)
    if versions:
        found["versions"] = versions
    found["explained_at"] = result.window.end.isoformat()
    # The check's own figures stand; examples are the same ones, with their texts.
    examples = {"examples": found["examples"]} if "examples" in found else {}
    return replace(result, evidence={**found, **result.evidence, **examples})


def taken_together(result: Result, recent: Sequence[WindowSample]) -> list[WindowSample]:
    """The windows of `recent` that the check took together: its evidence says how many."""
    count = int(result.evidence.get("scale_windows") or 1)
    return list(recent[-count:])


def is_fresh(earlier: Mapping[str, Any], at: datetime, length: timedelta) -> bool:
    """Whether an explanation of the same breach still serves the window that ends `at`."""
    told = earlier.get("explained_at")
    return told is not None and at - datetime.fromisoformat(told) < AGAIN_AFTER * length


def carried(result: Result, earlier: Mapping[str, Any]) -> Result:
    """The result with the explanation of an earlier window of the same breach."""
    kept = {key: earlier[key] for key in EXPLAINED if key in earlier}
    return replace(result, evidence={**result.evidence, **kept})


def _of_texts(
    con: Connection, monitor: Monitor, current: Sequence[WindowSample], reference: Sequence[Sample]
) -> dict[str, Any]:
    now = [w for w in current if len(w.rows)]
    before = [s for s in reference if len(s.rows)]
    if not now or not before:
        return {}
    keys = [key for w in now for key in w.keys]
    earlier_keys = [key for s in before for key in s.keys]
    telling = rank(
        np.concatenate([w.rows for w in now]),
        keys,
        np.concatenate([s.rows for s in before]).astype(np.float32),
        most=_EXAMPLES,
    )
    some, some_earlier = thinned(keys, _TERM_TEXTS), thinned(earlier_keys, _TERM_TEXTS)
    side = monitor.stream.field
    wanted = [*some, *(t.key for t in telling)]
    texts = _texts(con, monitor, wanted, now[0].window.start, now[-1].window.end, side=side)
    earlier = _texts(con, monitor, some_earlier, before[0].window.start, before[-1].window.end, side=side)
    new, lost = contrast(count_words(texts[k] for k in some if k in texts), count_words(earlier.values()))
    examples = [
        {**_ids(t.key), "text": texts[t.key], "why": t.why, "score": round(t.score, 4)}
        for t in telling
        if t.key in texts
    ]
    return {
        "examples": examples,
        "terms": {"new": [asdict(t) for t in new], "lost": [asdict(t) for t in lost]},
        "current": {
            "texts": float(sum(w.n for w in now)),
            **_lengths([texts[k] for k in some if k in texts]),
        },
        "reference": {"texts": float(sum(s.n for s in before)), **_lengths(list(earlier.values()))},
    }


def _of_numbers(
    con: Connection,
    result: Result,
    monitor: Monitor,
    current: Sequence[WindowSample],
    reference: Sequence[Sample],
) -> dict[str, Any]:
    now, before = _numbers(current), _numbers([s.as_window_sample() for s in reference])
    if not len(now):
        return {}
    field = monitor.stream.field
    found: dict[str, Any] = {"current": _figures(now, field), "reference": _figures(before, field)}
    if field == "status":
        place: dict[str, Any] = {
            "start": current[0].window.start,
            "end": current[-1].window.end,
            "chain": monitor.stream.chain,
            "component": monitor.stream.component,
        }
        bounds = {"most": _EXAMPLES, "max_characters": _EXAMPLE_CHARACTERS}
        failed = fetch(con, query("failed_spans"), place | bounds)
        found["examples"] = [_failure(row) for row in failed]
        kinds = fetch(con, query("error_types"), place)
        found["errors"] = {row["error_type"]: row["spans"] for row in kinds}
        return found
    return found | _of_names(con, result, monitor, current)


def _of_names(
    con: Connection, result: Result, monitor: Monitor, current: Sequence[WindowSample]
) -> dict[str, Any]:
    """The check's own examples with their texts."""
    examples = [dict(e) for e in result.evidence.get("examples", ())]
    keys = [f"{e['trace_id']}/{e['span_id']}" for e in examples]
    side = "input_text" if monitor.stream.field.startswith("input") else "output_text"
    texts = _texts(con, monitor, keys, current[0].window.start, current[-1].window.end, side=side)
    return {"examples": [{**e, "text": texts.get(k, "")} for e, k in zip(examples, keys, strict=True)]}


def _failure(row: Mapping[str, Any]) -> dict[str, Any]:
    why = f"failed: {row['error_type'] or 'no error type was sent'}"
    ids = {"trace_id": row["trace_id"], "span_id": row["span_id"]}
    return {**ids, "text": row["text"] or "", "why": why, "score": None}


def _texts(
    con: Connection, monitor: Monitor, keys: Sequence[str], start: datetime, end: datetime, *, side: str
) -> dict[str, str]:
    if not keys:
        return {}
    rows = fetch(
        con,
        query("texts_of"),
        {
            "field": side,
            "chain": monitor.stream.chain,
            "component": monitor.stream.component,
            "start": start,
            "end": end,
            "keys": sorted(set(keys)),
            "max_characters": _EXAMPLE_CHARACTERS,
        },
    )
    return {row["key"]: row["text"] for row in rows if row["text"]}


def _ids(key: str) -> dict[str, str]:
    trace_id, _, span_id = key.rpartition("/")
    return {"trace_id": trace_id, "span_id": span_id}


def _lengths(texts: Sequence[str]) -> dict[str, float]:
    return {"median characters": float(np.median([len(t) for t in texts]))} if texts else {}


def _numbers(samples: Sequence[WindowSample]) -> np.ndarray[Any, np.dtype[np.float64]]:
    rows = [s.rows[:, 0] for s in samples if len(s.rows)]
    return np.concatenate(rows).astype(np.float64) if rows else np.zeros(0)


def _figures(values: np.ndarray[Any, np.dtype[np.float64]], field: str) -> dict[str, float]:
    """What people ask for first: counts, the mean, and for what has a tail its quantiles."""
    if not len(values):
        return {}
    figures = {"rows": float(len(values)), "mean": float(values.mean())}
    if field == "status":
        return {"rows": figures["rows"], "share of errors": figures["mean"]}
    quantiles = np.quantile(values, [0.5, 0.95, 0.99])
    return figures | dict(zip(("p50", "p95", "p99"), map(float, quantiles), strict=True))


def _versions(monitor: Monitor, deploys: Sequence[Deploy], at: datetime) -> dict[str, Any]:
    """What the component was changed to in the two days before, by version field."""
    mine = [
        d
        for d in deploys
        if d.chain == monitor.stream.chain
        and d.component == monitor.stream.component
        and at - _VERSIONS_WITHIN <= d.deployed_at < at
    ]
    return {
        d.field: {"before": d.previous_value, "after": d.value, "at": d.deployed_at.isoformat()}
        for d in sorted(mine, key=lambda d: d.deployed_at)
    }
