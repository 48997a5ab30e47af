"""Labels: what rules, routes, silences and inhibitions can match.

An alert and an incident have labels of their own; a rule that counts `by` a column of the spans adds it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# What stands in a span beside its texts and numbers, by the name of the label.
SPAN_LABELS: Mapping[str, str] = {
    name: name
    for name in (
        "component_version",
        "chain_version",
        "prompt_template",
        "prompt_version",
        "index_version",
        "model",
        "provider",
        "environment",
        "error_type",
        "kind",
        "source",
    )
}
# Anything else that an exporter sends is a label with this before its key.
ATTRIBUTES = "attributes."

STREAM_LABELS = ("chain", "component", "field", "concern", "reference_kind")
SERIES_LABELS = ("chain", "component", *SPAN_LABELS, ATTRIBUTES)
INCIDENT_LABELS = (
    "chain",
    "component",
    "cause",
    "severity",
    "owner",
    "field",
    "rule",
    *SPAN_LABELS,
    ATTRIBUTES,
)
SILENCE_LABELS = ("incident", *INCIDENT_LABELS)

_OWN = ("chain", "component", "cause", "severity", "owner")


def incident_labels(row: Mapping[str, Any]) -> dict[str, str]:
    """The labels of a row of `incidents`, or of one that has its columns and its `labels`.

    >>> incident_labels({"incident_id": "a", "chain": "c", "evidence": '{"labels": {"rule": "r"}}'})["rule"]
    'r'
    """
    more = row.get("labels")
    if more is None and row.get("evidence"):
        evidence = row["evidence"]
        more = (evidence if isinstance(evidence, Mapping) else json.loads(evidence)).get("labels")
    found = more if isinstance(more, Mapping) else json.loads(more) if more else {}
    own = {name: row.get(name) or "" for name in _OWN}
    return {**found, "incident": row["incident_id"], **own}
