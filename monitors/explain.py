"""Why a monitor is in breach: the texts, words, topics, figures, errors and versions that tell the
difference, and what accounts for it.

Explaining reads texts, so it is done for breaches only: when one begins, and now and then while it lasts;
the windows between carry the explanation of before, all but the map, which is large.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from numpy.typing import NDArray

from collectors.model import Deploy
from collectors.warehouse.connection import Warehouse
from monitors.checks.base import WindowSample
from monitors.explain_figures import explain_figures
from monitors.explain_meaning import explain_meaning
from monitors.plan import Monitor
from monitors.result import Result, Window
from monitors.summaries import Sample

EXPLAINED = (
    "examples",
    "ranking",
    "vanished",
    "terms",
    "topics",
    "explains",
    "errors",
    "versions",
    "explained_at",
    "explained_since",
)
_SOON, AGAIN_AFTER = 2, 12  # windows
_VERSIONS_WITHIN = timedelta(days=2)
# What explains a change of meaning, by the stream, windows and reference that were asked about.
Told = dict[tuple[Any, ...], dict[str, Any]]
# Row numbers in the evidence of a check on topics: for the explanation only.
_ROWS = ("rows", "reference_rows")


def explain(
    warehouse: Warehouse,
    result: Result,
    monitor: Monitor,
    *,
    current: Sequence[WindowSample],
    reference: Sequence[Sample],
    given: Mapping[str, NDArray[Any]],
    earlier: Mapping[str, Any],
    deploys: Sequence[Deploy],
    told: Told,
    refines: bool = False,
) -> Result:
    """The result with what explains it in its evidence; what the check itself said is kept.

    current: the windows that the check took together, oldest first; reference: what it learnt from. given:
    embeddings of what the component was given, by key, where the field is what it said. earlier: evidence of
    the window before of the same breach. `told`: what other checks of this window were told; two that ask the
    same of one field are told the same. refines: as of `explain_meaning`.
    """
    meaning = monitor.stream.data == "embedding"
    shared = meaning and "topic" not in result.evidence
    asked = (monitor.stream, len(current), result.reference_kind, result.reference, result.reference_name)
    if shared and asked in told:
        # The same explanation, and its texts are read for the one that has it first.
        found = {key: value for key, value in told[asked].items() if key != "to_read"}
    else:
        seed, stream, own = result.seed or 0, monitor.stream, result.evidence
        if meaning:
            found = explain_meaning(
                warehouse,
                stream,
                own,
                current=current,
                reference=reference,
                given=given,
                refines=refines,
                seed=seed,
            )
        else:
            found = explain_figures(warehouse, stream, own, current=current, reference=reference, seed=seed)
        if "ranking" in found:
            found["ranking"]["of"] = result.result_id
        if shared:
            told[asked] = dict(found)
    versions = _versions(monitor, deploys, result.window.end)
    if versions:
        found["versions"] = versions
    found["explained_at"] = result.window.end.isoformat()
    found["explained_since"] = earlier.get("explained_since", found["explained_at"])
    # The check's own figures stand; examples and the topic are the same ones, with their texts and its name.
    ours: dict[str, Any] = {key: found[key] for key in ("examples", "topic") if key in found}
    return replace(result, evidence=_without_rows({**found, **result.evidence, **ours}))


def taken_together(result: Result, recent: Sequence[WindowSample]) -> list[WindowSample]:
    """The windows of `recent` that the check took together: its evidence says how many."""
    count = int(result.evidence.get("scale_windows") or 1)
    return list(recent[-count:])


def is_fresh(earlier: Mapping[str, Any], window: Window) -> bool:
    """Whether an explanation of the same breach still serves `window`.

    A breach has few rows when it begins and is told better with more: it is explained again after two
    windows, then whenever it has lasted twice as long, and later on every twelve windows.
    """
    told = earlier.get("explained_at")
    if told is None:
        return False
    at = datetime.fromisoformat(told)
    lasted = at - datetime.fromisoformat(earlier.get("explained_since", told))
    length = window.end - window.start
    return window.end - at < min(max(lasted, _SOON * length), AGAIN_AFTER * length)


def carried(result: Result, earlier: Mapping[str, Any]) -> Result:
    """The result with the explanation of an earlier window of the same breach."""
    kept = {key: earlier[key] for key in EXPLAINED if key in earlier}
    evidence = {**result.evidence, **kept}
    topic, known = evidence.get("topic"), earlier.get("topic")
    if isinstance(topic, Mapping) and isinstance(known, Mapping) and topic["number"] == known.get("number"):
        evidence["topic"] = {**topic, "name": known.get("name")}
    return replace(result, evidence=_without_rows(evidence))


def _without_rows(evidence: Mapping[str, Any]) -> dict[str, Any]:
    topic = evidence.get("topic")
    if not isinstance(topic, Mapping):
        return dict(evidence)
    return {**evidence, "topic": {key: value for key, value in topic.items() if key not in _ROWS}}


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
