"""What a JSON object of a Langfuse export is, and its keys in one spelling."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

Record = dict[str, Any]
Shape = Literal["bundle", "page", "observation", "score", "trace", "unknown"]

# Langfuse's observation types, as our kinds; SPAN and EVENT say nothing of what they are.
KINDS: Mapping[str, str] = {
    "GENERATION": "llm",
    "AGENT": "agent",
    "TOOL": "tool",
    "CHAIN": "chain",
    "RETRIEVER": "retriever",
    "EVALUATOR": "evaluator",
    "EMBEDDING": "embedding",
    "GUARDRAIL": "guardrail",
}
TYPES = frozenset({*KINDS, "SPAN", "EVENT"})
SCORE_SOURCES = frozenset({"API", "EVAL", "ANNOTATION"})
_OBSERVATION_KEYS = frozenset(
    {
        "parent_observation_id",
        "usage_details",
        "cost_details",
        "completion_start_time",
        "internal_model_id",
        "model_parameters",
        "provided_model_name",
        "calculated_total_cost",
        "prompt_version",
        "status_message",
        "level",
        "trace_name",
    }
)
_TRACE_KEYS = frozenset(
    {
        "bookmarked",
        "public",
        "release",
        "html_path",
        "project_id",
        "session_id",
        "user_id",
        "observations",
        "scores",
        "latency",
        "tags",
    }
)
_LISTS = ("traces", "observations", "scores")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@lru_cache(maxsize=1024)
def snake(key: str) -> str:
    """`parentObservationId` as `parent_observation_id`: the API writes the one, blob exports the other."""
    return _HUMP.sub("_", key).lower()


def record_of(value: Mapping[str, Any]) -> Record:
    """The object with its own keys in snake case; what is inside stays as it is."""
    return {snake(key): item for key, item in value.items()}


def shape_of(keys: Mapping[str, Any]) -> Shape:  # noqa: PLR0911 - one a shape
    """What an object with these (snake-case) keys is; the values may be no more than their text."""
    if "trace" in keys and "id" not in keys:
        return "bundle"
    if "data" in keys and "id" not in keys:
        return "page"
    if "id" not in keys or "traces" in keys:  # a session has an id and its traces
        return "bundle" if any(name in keys for name in _LISTS) else "unknown"
    if "start_time" in keys and (str(keys.get("type")).upper() in TYPES or _OBSERVATION_KEYS & keys.keys()):
        return "observation" if "run_type" not in keys else "unknown"
    scored = "data_type" in keys or str(keys.get("source")).upper() in SCORE_SOURCES
    if scored and "name" in keys and ("value" in keys or "string_value" in keys):
        return "score"
    if "timestamp" in keys and len(_TRACE_KEYS & keys.keys()) >= 2:
        return "trace"
    return "unknown"
