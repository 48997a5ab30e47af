"""Labels: what rules, routes, silences and inhibitions can match.

An alert and an incident have labels of their own; a rule that counts `by` a column of the spans adds it.
"""

from __future__ import annotations

from collections.abc import Mapping

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
