"""The records that every source maps to, and that the warehouse stores.

Frozen and keyword-only. Units are in the names; times are aware and in UTC; what is
unknown is None, never zero and never an empty string.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

PRODUCTION = "production"

KINDS: tuple[str, ...] = (
    "chain",
    "agent",
    "router",
    "llm",
    "retriever",
    "reranker",
    "embedding",
    "guardrail",
    "tool",
    "evaluator",
    "other",
)
STATUSES: tuple[str, ...] = ("ok", "error", "unset")


@dataclass(frozen=True, kw_only=True)
class Document:
    """One retrieved document as a retriever or reranker returned it."""

    id: str | None = None
    score: float | None = None
    text: str | None = None
    relevant: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Span:
    """One step of a chain: the unit of everything that Chainwatch stores."""

    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    chain: str = "default"
    component: str
    kind: str = "other"
    name: str
    started_at: datetime
    ended_at: datetime | None = None
    duration_s: float | None = None
    time_to_first_token_s: float | None = None
    status: str = "unset"
    error_type: str | None = None
    input_text: str | None = None
    output_text: str | None = None
    documents: tuple[Document, ...] = ()
    reference_text: str | None = None
    model: str | None = None
    provider: str | None = None
    environment: str | None = None
    chain_version: str | None = None
    component_version: str | None = None
    prompt_template: str | None = None
    prompt_version: str | None = None
    index_version: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cost_usd: float | None = None
    user_id: str | None = None
    session_id: str | None = None
    dataset: str = PRODUCTION
    resource_use: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    source: str = "unknown"
    exporter: str | None = None
    ingested_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """What an end user said of an answer: a thumb, a rating, a correction."""

    feedback_id: str
    trace_id: str
    span_id: str | None = None
    name: str = "thumbs"
    score: float | None = None
    label: str | None = None
    comment: str | None = None
    user_id: str | None = None
    created_at: datetime
    source: str = "unknown"
    ingested_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A note on a span by a person or by another tool's judge."""

    annotation_id: str
    trace_id: str
    span_id: str | None = None
    author: str
    author_kind: Literal["human", "judge"]
    name: str
    score: float | None = None
    label: str | None = None
    comment: str | None = None
    created_at: datetime
    source: str = "unknown"
    ingested_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Deploy:
    """A version marker: recorded by a person or a pipeline, or inferred from the spans."""

    deploy_id: str
    chain: str
    component: str
    field: str
    value: str
    previous_value: str | None = None
    deployed_at: datetime
    source: Literal["inferred", "recorded"] = "inferred"
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class QuarantinedRecord:
    """A record that could not be taken, with where it stood and why."""

    file: str
    line: int | None
    source: str
    reason: str
    raw: str
    quarantined_at: datetime


def utc(value: datetime) -> datetime:
    """The same instant, aware and in UTC; a naive time is taken as UTC.

    >>> utc(datetime(2026, 1, 2, 3, 4)).isoformat()
    '2026-01-02T03:04:00+00:00'
    """
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def content_hash(*parts: str) -> str:
    """A stable 32-digit hex digest of texts, for identities that must survive a re-ingest.

    >>> content_hash("a", "b") == content_hash("ab")
    False
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()
